import asyncio
import json
import re

import pytest

from bot.domain.errors import Throttled
from bot.exchange.allowance import Allowance, Ask, RateLimit
from bot.exchange.throttle import Gate

TEN_S = RateLimit("ORDERS", "SECOND", 10, 20)
DAY = RateLimit("ORDERS", "DAY", 1, 1000)
MINUTE = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 100)
ORDER = Ask(weight=1, orders=1, longest_wait_s=5.0, what="order.place")
REDUCING = Ask(weight=1, orders=1, urgent=True, longest_wait_s=5.0, what="order.place")
CANCEL = Ask(weight=1, urgent=True, what="order.cancel")


class _Clock:
    """The exchange's, as it is set."""

    def __init__(self) -> None:
        self.s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def exchange_clock():
    return _Clock()


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
async def allowance(gate, exchange_clock):
    made = Allowance(gate, now_s=exchange_clock)
    made.limit([TEN_S, DAY, MINUTE, RateLimit("RAW_REQUESTS", "MINUTE", 5, 3)])
    return made


def take(allowance, ask, times):
    for _ in range(times):
        assert allowance.try_pass(ask)


async def test_without_known_limits_everything_passes(gate):
    take(Allowance(gate), ORDER, 1000)


async def test_a_window_lets_through_what_fits_and_keeps_a_part_for_what_is_urgent(allowance):
    take(allowance, ORDER, 18)
    assert not allowance.try_pass(ORDER)
    take(allowance, REDUCING, 2)
    assert not allowance.try_pass(REDUCING)
    # A cancel counts no order.
    take(allowance, CANCEL, 1)


async def test_windows_begin_with_the_exchanges_clock(allowance, exchange_clock):
    exchange_clock.s += 7.0
    take(allowance, ORDER, 18)
    for _ in range(18):
        allowance.settled(ORDER, counted=True)
    exchange_clock.s += 2.9
    assert not allowance.try_pass(ORDER)
    exchange_clock.s += 0.2
    assert allowance.try_pass(ORDER)


async def test_an_order_that_would_wait_too_long_is_turned_away_at_once(allowance):
    take(allowance, ORDER, 18)
    with pytest.raises(Throttled, match=r"order\.place: the exchange's limit is used up"):
        await allowance.passed(ORDER)


async def test_who_may_wait_is_let_through_when_the_window_turns(allowance, exchange_clock):
    exchange_clock.s += 9.95
    take(allowance, ORDER, 18)
    for _ in range(18):
        allowance.settled(ORDER, counted=True)
    waiting = asyncio.create_task(allowance.passed(ORDER))
    await asyncio.sleep(0)
    assert not waiting.done()
    exchange_clock.s += 0.2
    await asyncio.wait_for(waiting, 20)
    assert allowance.waits == 1


async def test_the_urgent_pass_first_and_the_others_in_order(allowance, exchange_clock, gate):
    gate.close_for(0.1)
    order = []

    async def go(name, ask):
        await allowance.passed(ask)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, ask in (("a", ORDER), ("b", ORDER), ("reduce", REDUCING), ("cancel", CANCEL)):
            tasks.create_task(go(name, ask))
    assert order == ["reduce", "cancel", "a", "b"]


async def test_a_gate_that_stays_shut_turns_away_with_the_time(allowance, gate):
    gate.close_for(120.0)
    with pytest.raises(Throttled) as caught:
        await allowance.passed(CANCEL)
    assert 100 < caught.value.retry_after_s <= 120
    assert "asked for silence" in caught.value.reason


async def test_counts_of_answers_are_the_truth(allowance):
    take(allowance, ORDER, 3)
    allowance.read([RateLimit("ORDERS", "SECOND", 10, 20, 17)])
    for _ in range(3):
        allowance.settled(ORDER, counted=False)
    assert allowance.used("ORDERS", 10) == 17
    assert allowance.used("ORDERS", 86_400) == 0
    take(allowance, ORDER, 1)
    assert not allowance.try_pass(ORDER)


async def test_counts_are_read_from_headers_in_any_case(allowance):
    allowance.read_headers(
        {
            "x-mbx-used-weight-1m": "42",
            "X-MBX-ORDER-COUNT-10S": "7",
            "X-MBX-ORDER-COUNT-1D": "70",
            "X-MBX-ORDER-COUNT-XX": "9",
            "X-MBX-USED-WEIGHT": "5",
        }
    )
    assert allowance.used("REQUEST_WEIGHT", 60) == 42
    assert allowance.used("ORDERS", 10) == 7
    assert allowance.used("ORDERS", 86_400) == 70


async def test_a_count_that_falls_lets_the_next_one_through(allowance):
    take(allowance, ORDER, 18)
    patient = Ask(weight=1, orders=1, longest_wait_s=60.0)
    waiting = asyncio.create_task(allowance.passed(patient))
    await asyncio.sleep(0)
    for _ in range(18):
        allowance.settled(ORDER, counted=False)
    allowance.read([RateLimit("ORDERS", "SECOND", 10, 20, 3)])
    await asyncio.wait_for(waiting, 20)


async def test_too_many_orders_hold_up_orders_and_nothing_else(allowance):
    allowance.exhausted(4.0)
    with pytest.raises(Throttled):
        await allowance.passed(msgspec_replace(ORDER, 1.0))
    await allowance.passed(CANCEL)


def msgspec_replace(ask, longest_wait_s):
    return Ask(weight=ask.weight, orders=ask.orders, longest_wait_s=longest_wait_s, what=ask.what)


async def test_a_day_that_is_full_is_told_from_ten_seconds_that_are(allowance, exchange_clock):
    exchange_clock.s = exchange_clock.s // 86_400 * 86_400 + 43_200
    allowance.exhausted(30_000.0)
    assert allowance.used("ORDERS", 10) == 0
    assert allowance.used("ORDERS", 86_400) == 1000


async def test_who_gives_up_waiting_takes_nothing(allowance, exchange_clock):
    exchange_clock.s += 9.0
    take(allowance, ORDER, 18)
    waiting = asyncio.create_task(allowance.passed(ORDER))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert allowance.used("ORDERS", 10) == 18
    exchange_clock.s += 1.2
    # Those under way count in the new window as well, for they may be counted there.
    assert allowance.used("ORDERS", 10) == 18


async def test_what_waits_in_vain_is_turned_away(allowance, exchange_clock):
    exchange_clock.s += 9.99
    take(allowance, ORDER, 18)
    with pytest.raises(Throttled, match="in vain"):
        await allowance.passed(msgspec_replace(ORDER, 0.15))


def _steps(shared_data):
    path = shared_data / "vectors/unfilled_order_count.json"
    return {case["id"]: case["steps"] for case in json.loads(path.read_text())["cases"]}


@pytest.mark.parametrize("case", ["taker", "cancel/expire", "day boundary"])
async def test_the_unfilled_count_of_binances_examples(
    shared_data, allowance, case, exchange_clock
):
    """Ours, made of placements and first fills alone, is what the page says after each step."""
    exchange_clock.s = 1_700_000_000 // 86_400 * 86_400 + 50_000.0
    for step in _steps(shared_data)[case]:
        event, times = step["event"], 1
        if span := re.search(r"x(\d+)", event):
            times = int(span[1])
        elif span := re.search(r"fills of (?:orders )?(\d+)\.\.(\d+)", event):
            times = int(span[2]) - int(span[1]) + 1
        if "reset" in event:
            exchange_clock.s += 86_400
        elif "NEW" in event:
            for _ in range(times):
                allowance.settled(ORDER, counted=allowance.try_pass(REDUCING))
        elif "first fill" in event.lower():
            for _ in range(times):
                allowance.first_fill(is_maker=False)
        assert allowance.used("ORDERS", 86_400) == step["count_after"], step


async def test_a_maker_gives_back_more(allowance):
    for _ in range(7):
        allowance.try_pass(ORDER)
        allowance.settled(ORDER, counted=True)
    allowance.first_fill(is_maker=True)
    assert allowance.used("ORDERS", 10) == 2
    allowance.first_fill(is_maker=True)
    assert allowance.used("ORDERS", 10) == 0
