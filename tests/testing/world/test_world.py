"""Whole worlds: whatever the seed, what must hold holds."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.records import RunStarted
from bot.testing.world.choices import ListedChoices, SeededChoices
from bot.testing.world.inspection import Book
from bot.testing.world.world import World

KNOWN = [
    int(line)
    for line in (Path(__file__).parent / "seeds.txt").read_text().splitlines()
    if not line.startswith("#")
]
CHUNK = 20
FIRST = 10_000


def holds(seed):
    world = World(SeededChoices(seed))
    broken = world.run()
    assert broken is None, "\n".join(
        [
            *world.trace.lines[-40:],
            f"seed {seed}: {broken}",
            f"again: python -m bot.testing.world --seed {seed} --trace",
        ]
    )


@pytest.mark.parametrize("seed", KNOWN)
def test_a_seed_that_once_broke_something_does_so_no_more(seed):
    holds(seed)


@pytest.mark.parametrize("first", range(FIRST, FIRST + 300, CHUNK))
def test_everything_holds_in_every_world(first):
    for seed in range(first, first + CHUNK):
        holds(seed)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(st.integers(0, 255), max_size=300))
def test_everything_holds_whatever_hypothesis_chooses(numbers):
    world = World(ListedChoices([number / 256 for number in numbers]), trouble_s=15)
    assert world.run() is None, "\n".join(world.trace.lines[-40:])


def test_a_seed_is_a_world():
    one, other = World(SeededChoices(7)), World(SeededChoices(7))
    one.run()
    other.run()
    assert one.trace.lines == other.trace.lines
    assert len(one.trace.lines) > 100


def test_what_was_drawn_is_the_same_world_again():
    one = World(SeededChoices(8))
    one.run()
    other = World(ListedChoices(one.choices.drawn))
    other.run()
    assert one.trace.lines == other.trace.lines


def test_a_world_without_trouble_has_orders_and_one_process():
    world = World(ListedChoices([]))
    assert world.run() is None
    book = Book(world.disk.records)
    assert len(world.processes) == 1
    assert len(book.orders) > 10
    assert not set(book.incidents) - {"order_refused"}


def test_worlds_together_see_everything_that_may_happen():
    """That so much holds must not come from nothing having happened."""
    incidents, statuses, kinds, lists, starts = set(), set(), set(), set(), 0
    for seed in range(40):
        world = World(SeededChoices(seed))
        world.run()
        book = Book(world.disk.records)
        incidents |= set(book.incidents)
        statuses |= {order.status.value for order in book.orders.values()}
        kinds |= {order.order_type.value for order in book.orders.values()}
        lists |= {order.terms.contingency for order in book.orders.values()}
        starts += sum(isinstance(record, RunStarted) for record in world.disk.records)
    assert starts > 60
    assert incidents >= {
        "external_order",
        "feed_gap",
        "feed_stale",
        "halt",
        "late_fill",
        "order_refused",
        "order_unknown",
        "recovered_fill",
        "sweep_failed",
        "user_blind",
    }
    assert statuses >= {
        "OPEN",
        "FILLED",
        "CANCELED",
        "EXPIRED",
        "REJECTED",
        "REFUSED",
        "NOT_PLACED",
    }
    assert kinds >= {"LIMIT", "MARKET", "LIMIT_MAKER", "STOP_MARKET", "TRAILING_STOP_MARKET"}
    assert {str(one) for one in lists} >= {"None", "OCO", "OTO", "OTOCO"}
