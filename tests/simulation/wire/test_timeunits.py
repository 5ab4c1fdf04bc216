"""Times in microseconds for those who ask: every time, and nothing else."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.wire.timeunits import (
    answer_in_microseconds,
    event_in_microseconds,
    wants_microseconds,
)

MICRO = {"X-MBX-TIME-UNIT": "MICROSECOND", "X-MBX-APIKEY": "sim-key"}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (None, False),
        ("MILLISECOND", False),
        ("millisecond", False),
        ("MICROSECOND", True),
        ("microsecond", True),
    ],
)
def test_the_unit_is_read(said, wanted):
    assert wants_microseconds(said) is wanted


@pytest.mark.parametrize("said", ["", "Microsecond", "SECOND"])
def test_another_unit_is_refused(said):
    with pytest.raises(ApiError) as caught:
        wants_microseconds(said)
    assert (caught.value.status, caught.value.code) == (400, -1194)


def test_an_answer_is_scaled_at_every_depth():
    order = {"orderId": 7, "transactTime": 5, "workingTime": -1, "price": "1.0"}
    body = {"transactionTime": 5, "orderReports": [order], "updateTime": None}
    assert answer_in_microseconds(body) == {
        "transactionTime": 5_000,
        "orderReports": [{"orderId": 7, "transactTime": 5_000, "workingTime": -1, "price": "1.0"}],
        "updateTime": None,
    }


def test_a_bar_closes_in_the_last_microsecond():
    row = [60_000, "1", "1", "1", "1", "1", 119_999, "1", 3, "1", "1", "0"]
    (scaled,) = answer_in_microseconds([row])
    assert (scaled[0], scaled[6], scaled[8]) == (60_000_000, 119_999_999, 3)
    assert answer_in_microseconds([["1.0", "2.0"]]) == [["1.0", "2.0"]]


def test_when_to_come_back_stays_in_milliseconds():
    body = {"code": -1003, "data": {"serverTime": 5, "retryAfter": 9}}
    assert answer_in_microseconds(body) == body


def test_a_list_status_and_a_window_are_scaled():
    assert event_in_microseconds({"e": "listStatus", "E": 1, "T": 2, "g": 3}) == {
        "e": "listStatus",
        "E": 1_000,
        "T": 2_000,
        "g": 3,
    }
    assert event_in_microseconds([{"e": "1hTicker", "O": 1, "C": 2}]) == [
        {"e": "1hTicker", "O": 1_000, "C": 2_000}
    ]


@pytest.mark.parametrize("kind", ["balanceUpdate", "externalLockUpdate"])
def test_moved_funds_are_scaled(kind):
    moved = {"e": kind, "E": 1, "a": "BTC", "d": "1.0", "T": 2}
    assert event_in_microseconds(moved) == moved | {"E": 1_000, "T": 2_000}


async def get(sim, path, headers=MICRO):
    async with sim.session.get(f"{sim.http}/api/v3/{path}", headers=headers) as response:
        return response.status, await response.json()


async def test_rest_answers_in_the_unit_of_the_header(sim):
    await sim.order("BUY", "0.1", "50001")
    millis, micros = (await sim.get("/api/v3/time"))[1], (await get(sim, "time"))[1]
    assert 0 <= micros["serverTime"] - millis["serverTime"] * 1_000 < 5_000_000
    (trade,) = (await get(sim, "trades?symbol=BTCUSDT"))[1]
    assert trade["time"] > 10**15
    assert trade["id"] < 100
    (mine,) = (await get(sim, f"myTrades?{sim.signed(symbol='BTCUSDT')}"))[1]
    assert mine["time"] == trade["time"]
    (bar,) = (await get(sim, "klines?symbol=BTCUSDT&interval=1m"))[1]
    assert bar[6] - bar[0] == 59_999_999
    wrong = await get(sim, "time", {"X-MBX-TIME-UNIT": "DAY"})
    assert (wrong[0], wrong[1]["code"]) == (400, -1194)


async def test_the_websocket_api_answers_in_the_unit_of_its_url(sim):
    api = await sim.connect("/ws-api/v3?timeUnit=MICROSECOND")
    reply = await api.ask({"id": 1, "method": "time"})
    assert reply["result"]["serverTime"] > 10**15
    assert reply["rateLimits"][0]["count"] == 3
    subscribe = {"id": 2, "method": "userDataStream.subscribe.signature"}
    await api.ask(subscribe | {"params": sim.ws_signed()})
    await sim.order("BUY", "0.1", "40000")
    event = (await api.next())["event"]
    assert event["E"] > 10**15
    assert event["T"] > 10**15
    status = await api.until_reply({"id": 3, "method": "session.status"})
    assert status["result"]["connectedSince"] > 10**15
