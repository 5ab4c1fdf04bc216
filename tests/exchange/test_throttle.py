import asyncio

import pytest

from bot.domain.errors import Throttled
from bot.exchange.throttle import ConnectBudget, Gate, Usage


def test_counters_are_read_from_headers_and_stay_where_a_header_is_absent():
    usage = Usage()
    usage.read({"X-MBX-USED-WEIGHT-1M": "120", "X-MBX-ORDER-COUNT-10S": "3"})
    usage.read({"X-MBX-USED-WEIGHT-1M": "140"})
    assert (usage.weight_1m, usage.orders_10s, usage.orders_1d) == (140, 3, -1)


def test_nonsense_in_a_header_changes_nothing():
    usage = Usage(weight_1m=7)
    usage.read({"X-MBX-USED-WEIGHT-1M": "soon"})
    assert usage.weight_1m == 7


async def test_an_open_gate_lets_through_at_once():
    await asyncio.wait_for(Gate().passed(urgent=False), 20)


async def test_when_it_opens_cancels_go_first():
    gate = Gate()
    gate.close_for(0.5)
    order = []

    async def go(name, *, urgent):
        await gate.passed(urgent=urgent)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, urgent in (("order", False), ("query", False), ("cancel", True)):
            tasks.create_task(go(name, urgent=urgent))
    assert order[0] == "cancel"
    assert len(order) == 3


async def test_who_would_wait_too_long_is_turned_away_with_the_time():
    gate = Gate(longest_wait_s=1.0)
    gate.close_for(120.0)
    with pytest.raises(Throttled) as caught:
        await gate.passed(urgent=True)
    assert 100 < caught.value.retry_after_s <= 120
    # The cancel that was turned away does not hold up the others.
    with pytest.raises(Throttled):
        await gate.passed(urgent=False)


async def test_a_shorter_silence_does_not_cut_a_longer_one():
    gate = Gate(longest_wait_s=1.0)
    gate.close_for(120.0)
    gate.close_for(0.0)
    with pytest.raises(Throttled):
        await gate.passed(urgent=False)


async def test_attempts_to_connect_wait_for_the_window():
    loop = asyncio.get_running_loop()
    budget = ConnectBudget(3, 0.3, reserve=0)
    began = loop.time()
    times = []
    for _ in range(7):
        await budget.spent()
        times.append(loop.time() - began)
    # In no window are there more than three.
    assert all(times[n + 3] - times[n] >= 0.29 for n in range(4))


async def test_what_is_urgent_has_a_reserve_of_attempts():
    budget = ConnectBudget(4, 60.0, reserve=2)
    await budget.spent()
    await budget.spent()
    ordinary = asyncio.create_task(budget.spent())
    await budget.spent(urgent=True)
    await budget.spent(urgent=True)
    await asyncio.sleep(0.05)
    assert not ordinary.done()
    ordinary.cancel()
    await asyncio.wait({ordinary})
