"""What is counted about everybody's trading: ``/futures/data``."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.futures.statistics import STATISTICS

PERIOD_MS = 300_000
# A time that is text, and shares that do not add up, are slips of the documentation.
USDM = {"symbol": "BTCUSDT", "pair": "BTCUSDT", "contractType": "PERPETUAL", "period": "5m"}
COINM = {"pair": "BTCUSD", "contractType": "PERPETUAL", "period": "5m"}


@pytest.fixture
def watched():
    """A function: lets some bars of five minutes go by, with trades in them."""

    def watch(client):
        quantity = "0.5" if client.exchange.kind == "usdm" else "1"
        for n in range(6):
            client.place("BUY", quantity=quantity)
            if n % 2:
                client.place("SELL", quantity=quantity)
            client.wait(PERIOD_MS)
        return client.exchange

    return watch


@pytest.fixture
def usdm(trader, watched):
    return watched(trader)


@pytest.fixture
def coinm(coin_trader, watched):
    return watched(coin_trader)


@pytest.mark.parametrize("kind", STATISTICS)
@pytest.mark.parametrize("name", sorted({*STATISTICS["usdm"], *STATISTICS["coinm"]}))
def test_rows_have_the_keys_and_kinds_that_binance_sent(usdm, coinm, known_lines, kind, name):
    if name not in STATISTICS[kind] or name == "delivery-price":
        return
    exchange, params = (usdm, USDM) if kind == "usdm" else (coinm, COINM)
    (ours, *_) = exchange.statistics_of(params, name)
    known = [
        row["body"][0]
        for source in ("usdm", "coinm")
        for row in known_lines(f"rest/responses_{source}.jsonl")
        if row["path"] == f"/futures/data/{name}"
    ]
    alike = [row for row in known if ("pair" in row) == ("pair" in ours)]
    assert alike or kind == "coinm"
    for theirs in alike:
        assert set(theirs) - {"annualizedBasisRate"} <= set(ours)
        for key in theirs.keys() - {"timestamp"}:
            assert type(ours[key]) is type(theirs[key]), key
            assert ("." in str(ours[key])) == ("." in str(theirs[key])) or key.startswith("ann")


def test_takers_are_those_of_the_trades(usdm):
    rows = usdm.statistics_of(USDM, "takerlongshortRatio")
    assert [(row["buyVol"], row["sellVol"]) for row in rows[-2:]] == [
        ("0.5000", "0.0000"),
        ("0.5000", "0.5000"),
    ]
    assert rows[-1]["buySellRatio"] == "1.0000"


def test_rows_are_of_closed_periods_and_of_those_that_are_asked_for(usdm):
    rows = usdm.statistics_of(USDM, "openInterestHist")
    times = [row["timestamp"] for row in rows]
    assert times == sorted(times)
    assert all(time % PERIOD_MS == 0 for time in times)
    asked = USDM | {"startTime": str(times[1]), "endTime": str(times[3])}
    chosen = usdm.statistics_of(asked, "openInterestHist")
    assert [row["timestamp"] for row in chosen] == times[1:4]
    assert len(usdm.statistics_of(USDM | {"limit": "2"}, "openInterestHist")) == 2


def test_shares_are_the_same_each_time_and_add_up(usdm):
    rows = usdm.statistics_of(USDM, "topLongShortAccountRatio")
    assert rows == usdm.statistics_of(USDM, "topLongShortAccountRatio")
    assert rows != usdm.statistics_of(USDM, "globalLongShortAccountRatio")
    for row in rows:
        longs, shorts = Decimal(row["longAccount"]), Decimal(row["shortAccount"])
        assert longs + shorts == 1
        assert Decimal(row["longShortRatio"]) == round(longs / shorts, 4)


def test_the_basis_is_what_futures_cost_above_their_index(usdm):
    for row in usdm.statistics_of(USDM, "basis"):
        difference = Decimal(row["futuresPrice"]) - Decimal(row["indexPrice"])
        assert Decimal(row["basis"]) == difference
    assert usdm.statistics_of(USDM | {"contractType": "CURRENT_QUARTER"}, "basis") == []
    assert usdm.statistics_of(USDM, "delivery-price") == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"period": "1m"}, -1130),
        ({"period": ""}, -1102),
        ({"symbol": "NOPE"}, -1121),
        ({"limit": "501"}, -1130),
    ],
)
def test_nonsense_is_refused(usdm, wrong, code):
    with pytest.raises(ApiError) as e:
        usdm.statistics_of(USDM | wrong, "openInterestHist")
    assert e.value.code == code
