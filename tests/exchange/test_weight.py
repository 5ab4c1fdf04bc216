"""Questions keep to their share of the minute's weight; what is spent comes back with the next."""

import asyncio

import pytest

from bot.domain.values import Market
from bot.exchange.weight import LIMITS, WeightBudget, market_of


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 600.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)


@pytest.fixture
def moving() -> Time:
    return Time()


@pytest.fixture
def budget(moving) -> WeightBudget:
    """Half of 100 a minute is for questions."""
    return WeightBudget(100, now=lambda: moving.now_s, sleep=moving.sleep)


async def test_questions_pass_while_the_share_lasts(budget, moving):
    for _ in range(5):
        await budget.spend(10)

    assert (budget.used, moving.slept) == (50, [])


async def test_what_does_not_fit_waits_for_the_next_minute(budget, moving):
    moving.now_s += 45.0
    await budget.spend(45)
    await budget.spend(10)

    assert moving.slept == [pytest.approx(15.1)]
    assert budget.used == 10


async def test_what_the_exchange_counted_goes_before_our_own_count(budget, moving):
    await budget.spend(10)
    budget.read({"X-MBX-USED-WEIGHT-1M": "48"})
    await budget.spend(10)

    assert len(moving.slept) == 1


async def test_an_older_and_lower_count_is_not_believed(budget):
    await budget.spend(40)
    budget.read({"X-MBX-USED-WEIGHT-1M": "5"})
    budget.read({"X-MBX-USED-WEIGHT-1M": "soon"})
    budget.read({})

    assert budget.used == 40


async def test_a_question_heavier_than_the_share_is_asked_in_a_fresh_minute(budget, moving):
    await budget.spend(1)
    await budget.spend(80)

    assert (len(moving.slept), budget.used) == (1, 80)


async def test_patient_questions_leave_a_third_to_the_others(budget, moving):
    await budget.spend(30, patient=True)
    assert moving.slept == []
    await budget.spend(20)
    assert moving.slept == []
    await budget.spend(10, patient=True)
    assert len(moving.slept) == 1


async def test_what_is_urgent_does_not_queue_behind_what_is_patient(budget, moving):
    passed = []

    async def ask(name, weight, *, patient):
        await budget.spend(weight, patient=patient)
        passed.append(name)

    async with asyncio.TaskGroup() as tasks:
        for number in (1, 2, 3):
            tasks.create_task(ask(f"trades {number}", 30, patient=True))
        tasks.create_task(ask("book", 10, patient=False))
    assert passed.index("book") < passed.index("trades 2")


async def test_first_come_first_served(budget):
    passed = []

    async def ask(weight):
        await budget.spend(weight)
        passed.append(weight)

    async with asyncio.TaskGroup() as tasks:
        for weight in (30, 40, 1, 2):
            tasks.create_task(ask(weight))
    assert passed == [30, 40, 1, 2]


@pytest.mark.parametrize(
    ("path", "market"),
    [
        ("/api/v3/depth", Market.SPOT),
        ("/fapi/v1/depth", Market.USDM),
        ("/prefix/dapi/v1/depth", Market.COINM),
    ],
)
def test_the_path_tells_whose_limit_it_is(path, market):
    assert market_of(path) is market
    assert LIMITS[market] >= 2400
