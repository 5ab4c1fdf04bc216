"""Unfilled orders are counted as the documentation counts them."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.ordercount import OrderCounts

DAY_MS = 86_400_000
NOON = 19_000 * DAY_MS + DAY_MS // 2


def day_count(counts, now_ms):
    return counts.body("a", now_ms)[1]["count"]


def test_the_documented_example_of_a_taker(shared_json):
    cases = shared_json("vectors/unfilled_order_count.json")["cases"]
    assert [case["id"] for case in cases] == ["taker", "cancel/expire", "day boundary"]
    case = cases[0]
    counts = OrderCounts()
    for step in case["steps"]:
        if step["event"].startswith("NEW"):
            counts.placed("a", NOON)
        elif step["event"].startswith("FIRST FILL"):
            counts.first_fill("a", NOON, is_maker=False)
        assert day_count(counts, NOON) == step["count_after"], step


def test_the_documented_example_of_cancels_and_expiries(shared_json):
    case = shared_json("vectors/unfilled_order_count.json")["cases"][1]
    counts = OrderCounts()
    for step in case["steps"]:
        if step["event"].startswith("NEW"):
            counts.placed("a", NOON)
        elif step["event"].startswith("FIRST FILL"):
            counts.first_fill("a", NOON, is_maker=False)
        assert day_count(counts, NOON) == step["count_after"], step


def test_the_documented_example_of_a_days_end(shared_json):
    case = shared_json("vectors/unfilled_order_count.json")["cases"][2]
    expected = [step["count_after"] for step in case["steps"]]
    counts = OrderCounts()
    midnight = NOON + DAY_MS // 2
    got = []
    for now, new, filled in (
        (NOON, 5, 0),
        (midnight, 0, 0),
        (midnight, 10, 0),
        (midnight, 0, 5),
        (midnight, 0, 5),
        (midnight, 2, 0),
        (midnight, 0, 5),
    ):
        for _ in range(new):
            counts.placed("a", now)
        for _ in range(filled):
            counts.first_fill("a", now, is_maker=False)
        got.append(day_count(counts, now))
    assert got == expected


def test_the_exchange_counts_first_fills_only(alice):
    def count():
        return alice.call("unfilled_order_count")[1]["count"]

    alice.place(quantity="0.1", price="59000")
    assert count() == 1
    alice.place(kind="MARKET", quantity="1.5")
    assert count() == 1, "a taker's first fill takes its own order off, its second none"
    alice.place(quantity="0.1", price="60001", timeInForce="FOK")
    assert count() == 2, "an expired order stays counted"
    alice.cancel(orderId=alice.call("open_orders")[0]["orderId"])
    assert count() == 2, "so does a cancelled one"


def test_a_makers_first_fill_takes_five_off_and_never_below_zero(alice):
    for _ in range(3):
        alice.place(quantity="0.1", price="60000.50")
    alice.beside("bob").place("SELL", "MARKET", quantity="0.05")
    assert alice.call("unfilled_order_count")[0]["count"] == 0


def test_windows_are_aligned_to_the_clock():
    counts = OrderCounts()
    counts.placed("a", NOON + 9_999)
    assert [row["count"] for row in counts.body("a", NOON + 9_999)] == [1, 1]
    assert [row["count"] for row in counts.body("a", NOON + 10_000)] == [0, 1]
    assert day_count(counts, NOON + DAY_MS // 2) == 0


def test_one_order_too_many_is_refused_with_429():
    counts = OrderCounts((("SECOND", 10, 2),))
    for _ in range(2):
        counts.check("a", NOON)
        counts.placed("a", NOON)
    with pytest.raises(ApiError) as refused:
        counts.check("a", NOON)
    assert (refused.value.status, refused.value.code) == (429, -1015)
    assert refused.value.msg == "Too many new orders; current limit is 2 orders per 10 SECOND."
    counts.check("b", NOON)
    counts.check("a", NOON + 10_000)
