"""When to ask about an order, and what an answer proves."""

from decimal import Decimal

import pytest

from bot.domain.commands import CancelOrder, FetchFills, QueryOrder
from bot.domain.order import Order
from bot.domain.values import SECOND_NS, OrderStatus, OrderType, Side, TimeInForce
from bot.engine.resolver import Resolver


@pytest.fixture
def resolver():
    return Resolver(recv_window_ms=5_000)


def an_order(status=OrderStatus.UNKNOWN, **changes):
    fields = {
        "client_order_id": "c",
        "strategy_id": "s",
        "run_id": "r",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(1),
        "price": Decimal(1),
        "status": status,
    }
    return Order(**(fields | changes))


def asked_at(resolver, until_s, step_s=0.1):
    steps = round(until_s / step_s)
    return [
        round(step * step_s, 3)
        for step in range(steps + 1)
        if resolver.due(round(step * step_s * SECOND_NS))
    ]


def test_questions_come_at_once_and_then_less_and_less_often(resolver):
    resolver.ask("c", 0)
    assert asked_at(resolver, 22) == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 11.4, 16.4, 21.4]


def test_an_answer_that_proves_nothing_does_not_undo_the_pause(resolver):
    resolver.ask("c", 0)
    asked = []
    for step in range(100):
        now_ns = step * SECOND_NS // 10
        if resolver.due(now_ns):
            asked.append(step / 10)
            resolver.ask("c", now_ns)
    assert asked == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4]


def test_an_order_that_is_sent_is_asked_about_only_if_nothing_is_heard_for_long(resolver):
    resolver.watch(an_order(), 0)
    assert asked_at(resolver, 31)[0] == 30.0
    resolver.watch(an_order(), 0)
    resolver.ask("c", SECOND_NS)
    assert resolver.next_ns() == int(1.2 * SECOND_NS)


def test_a_settled_order_is_not_asked_about(resolver):
    resolver.ask("c", 0)
    assert len(resolver) == 1
    resolver.settle("c")
    resolver.settle("c")
    assert len(resolver) == 0
    assert resolver.next_ns() is None
    assert resolver.due(10**18) == []


def test_the_question_is_for_the_status_unless_fills_are_missing(resolver):
    resolver.ask("c", 0)
    query = QueryOrder(client_order_id="c", symbol="BTCUSDT")
    assert resolver.command(an_order()) == query
    resolver.ask("c", 0, fills=True)
    assert resolver.command(an_order()) == query, "without the exchange's id"
    order = an_order(venue_order_id=0)
    fetch = FetchFills(client_order_id="c", symbol="BTCUSDT", venue_order_id=0)
    assert resolver.command(order) == fetch
    resolver.has_fills("c")
    assert resolver.command(order) == query
    resolver.has_fills("never asked about")


@pytest.mark.parametrize("since", ["sent_ns", "created_ns"])
def test_not_found_is_proof_only_after_the_window_and_the_servers_time(resolver, since):
    order = an_order(**{since: 100 * SECOND_NS})
    assert not resolver.is_certain(order, 115 * SECOND_NS)
    assert resolver.is_certain(order, 115 * SECOND_NS + 1)


def test_not_found_is_counted_from_the_restart(resolver):
    resolver.started_ns = 200 * SECOND_NS
    order = an_order(sent_ns=100 * SECOND_NS)
    assert not resolver.is_certain(order, 215 * SECOND_NS)
    assert resolver.is_certain(order, 215 * SECOND_NS + 1)


def test_not_found_is_counted_from_the_ambiguous_answer(resolver):
    resolver.doubt("c", 110 * SECOND_NS)
    order = an_order(sent_ns=100 * SECOND_NS)
    assert not resolver.is_certain(order, 125 * SECOND_NS)
    assert resolver.is_certain(order, 125 * SECOND_NS + 1)


def test_not_found_proves_nothing_of_an_order_that_still_waits_here(resolver):
    assert not resolver.is_certain(an_order(OrderStatus.INTENT), 10**18)


def test_a_longer_window_makes_the_proof_later():
    order = an_order(sent_ns=1)
    assert not Resolver(recv_window_ms=60_000).is_certain(order, 70 * SECOND_NS)


def test_a_failed_cancel_is_sent_again_once_an_answer_says_that_the_order_works(resolver):
    order = an_order(OrderStatus.OPEN)
    assert resolver.retry_cancel(order) is None
    resolver.ask("c", 0)
    assert resolver.retry_cancel(order) is None
    resolver.want_cancel("c", 0)
    again = CancelOrder(client_order_id="c", symbol="BTCUSDT")
    assert resolver.retry_cancel(an_order(OrderStatus.FILLED)) is None
    assert resolver.retry_cancel(order) == again
    assert resolver.retry_cancel(order) is None, "it is on its way"
    assert resolver.wants_cancel("c")


def test_a_cancel_under_way_is_not_sent_again_until_it_is_late(resolver):
    order = an_order(OrderStatus.PARTIALLY_FILLED)
    resolver.watch_cancel("c", 0)
    assert resolver.wants_cancel("c")
    assert resolver.retry_cancel(order) is None
    assert resolver.due(30 * SECOND_NS - 1) == []
    assert resolver.due(30 * SECOND_NS) == ["c"]
    assert resolver.retry_cancel(order) is not None
