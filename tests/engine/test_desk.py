"""From a wish to the last fill: sending once, cancelling once, counting once."""

from decimal import Decimal

import pytest

from bot.domain.commands import CancelOrder, FetchFills, SubmitOrder
from bot.domain.events import (
    OrderCanceled,
    OrderCancelRequested,
    OrderExpired,
    OrderFilled,
    OrderIntended,
    OrderRefused,
    StopRequested,
)
from bot.domain.records import FillSaved
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce
from bot.engine.risk import RiskLimits

TWO = {"quantity": 2}


def cancels(d):
    return [command.client_order_id for command in d.sent(CancelOrder)]


def held(d, strategy_id="puppet"):
    return d.engine.blotter.position(strategy_id, "BTCUSDT").quantity


# --- wishes --------------------------------------------------------------------------------


def test_an_intent_tells_what_the_decision_was_made_on(live_engine):
    d = live_engine
    cid = d.act(lambda s: s.sell("BTCUSDT", "0.5", 102.5, post_only=True))
    assert d.rows(cid)[0].event == OrderIntended(
        client_order_id=cid,
        strategy_id="puppet",
        run_id="run1",
        symbol="BTCUSDT",
        side=Side.SELL,
        order_type=OrderType.LIMIT_MAKER,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal("0.5"),
        price=Decimal("102.5"),
        reference_price=100.0,
        cause="QuoteTick",
        recv_ns=d.now_ns,
    )
    assert d.rows(cid)[0].cause == "QuoteTick"


def test_an_order_is_never_submitted_twice(live_engine):
    d = live_engine
    cid = d.buy()
    d.submitted(cid)
    d.unknown(cid)
    d.wait_in_steps(5)
    d.reported(cid, OrderStatus.OPEN)
    d.unknown(cid)
    d.not_placed(cid)
    d.wait_in_steps(60, 1)
    assert d.submits() == [cid]


def test_each_order_of_a_callback_is_sent_in_order(live_engine):
    d = live_engine
    ids = d.act(lambda s: [s.buy("BTCUSDT", 1, price) for price in (98, 99, 100)])
    assert d.submits() == ids
    assert len(set(ids)) == 3


# --- refusals ------------------------------------------------------------------------------


def test_a_refused_order_is_a_row_with_its_reason(engine_driver):
    d = engine_driver(limits=RiskLimits(max_order_notional=Decimal(50))).live()
    cid = d.buy()
    assert [type(row.event) for row in d.rows(cid)] == [OrderIntended, OrderRefused]
    assert [row.status_after for row in d.rows(cid)] == ["INTENT", "REFUSED"]
    assert d.stored(cid).reason == "MAX_ORDER_NOTIONAL: 100 is above 50"
    assert not d.sent(SubmitOrder)
    (incident,) = d.incidents("order_refused")
    assert (incident.subject, incident.cause) == (cid, "MAX_ORDER_NOTIONAL: 100 is above 50")
    (order,) = d.puppet().told("on_order")
    assert (order.status, order.client_order_id) == (OrderStatus.REFUSED, cid)
    assert d.engine.counts["refused"] == 1
    assert d.engine.counts["orders"] == 0


def test_a_refused_order_leaves_nothing_to_wait_for(engine_driver):
    d = engine_driver(limits=RiskLimits(max_order_notional=Decimal(50))).live()
    cid = d.buy()
    assert d.engine.is_settled
    assert d.cancel(cid) is False
    assert not d.wait_in_steps(60, 1)


def test_a_strategy_that_only_gets_refusals_is_quarantined(engine_driver):
    d = engine_driver(limits=RiskLimits(max_order_notional=Decimal(50))).live()
    d.puppet().reactions["on_order"] = lambda s, _: s.buy("BTCUSDT", 1, 100)
    d.buy()
    (incident,) = d.incidents("strategy_quarantined")
    assert incident.cause.startswith("100 orders refused within a second; last: MAX_ORDER")
    assert d.engine.counts["refused"] == 100
    assert d.engine.host.plugins["puppet"].quarantined


def test_refusals_spread_over_time_are_no_loop(engine_driver):
    d = engine_driver(limits=RiskLimits(max_order_notional=Decimal(50))).live()
    for _ in range(150):
        d.tick(20)
        d.buy()
    assert not d.incidents("strategy_quarantined")


# --- fills ---------------------------------------------------------------------------------


def test_a_fill_counts_once_however_often_and_from_wherever_it_is_told(live_engine):
    d = live_engine
    cid = d.opened(**TWO)
    fill = d.make_fill(cid, source="response")
    for source in ("response", "stream", "sweep"):
        again = d.make_fill(cid, trade_id=fill.trade_id, source=source)
        d.feed(OrderFilled(fill=again, recv_ns=d.tick()))
    assert held(d) == 1
    assert d.status(cid) is OrderStatus.PARTIALLY_FILLED
    assert len([r for r in d.records if isinstance(r, FillSaved)]) == 1
    assert len(d.puppet().told("on_fill")) == 1
    assert d.engine.counts["duplicates"] == 2
    assert d.rows(cid)[-1].number == 4


def test_a_match_of_two_of_our_own_orders_is_two_fills(engine_driver):
    d = engine_driver("a", "b").live()
    bought, sold = d.opened(strategy_id="a"), d.sell(strategy_id="b")
    for _ in range(2):
        d.filled(bought, trade_id=5)
        d.filled(sold, trade_id=5, side=Side.SELL, venue_order_id=8)
    assert (held(d, "a"), held(d, "b")) == (1, -1)


def test_a_fill_before_the_acknowledgement_counts(live_engine):
    d = live_engine
    cid = d.buy(**TWO)
    d.submitted(cid)
    d.filled(cid)
    d.accepted(cid)
    assert d.status(cid) is OrderStatus.PARTIALLY_FILLED
    assert held(d) == 1


@pytest.mark.parametrize("kind", [OrderCanceled, OrderExpired])
def test_a_late_fill_after_the_end_counts_and_is_noted(live_engine, kind):
    d = live_engine
    cid = d.opened(**TWO)
    d.canceled(cid, kind=kind)
    d.filled(cid)
    assert d.status(cid).value in ("CANCELED", "EXPIRED")
    assert held(d) == 1
    (note,) = d.incidents("late_fill")
    assert note.subject == cid


def test_the_strategy_hears_of_a_fill_when_its_position_has_it(live_engine):
    d = live_engine
    seen = []
    d.puppet().reactions["on_fill"] = lambda s, fill: seen.append(s.position("BTCUSDT").quantity)
    d.filled(d.opened(**TWO))
    assert seen == [1]
    assert [heard for heard, _ in d.puppet().heard[-2:]] == ["on_fill", "on_order"]


def test_an_exit_can_be_asked_for_in_on_fill(live_engine):
    d = live_engine
    d.puppet().reactions["on_fill"] = lambda s, fill: s.sell(fill.symbol, fill.quantity, 100)
    cid = d.opened()
    effects = d.filled(cid)
    (exit_order,) = effects.commands
    assert (exit_order.side, exit_order.quantity) == (Side.SELL, 1)
    kinds = [type(r).__name__ for r in effects.records]
    assert kinds.index("FillSaved") < kinds.index("OrderSaved", 2)


# --- missing fills -------------------------------------------------------------------------


def test_an_end_with_more_executed_than_we_hold_fetches_the_fills_until_complete(live_engine):
    d = live_engine
    cid = d.opened(quantity=5)
    d.filled(cid)
    effects = d.canceled(cid, executed="3")
    fetch = FetchFills(client_order_id=cid, symbol="BTCUSDT", venue_order_id=7)
    assert effects.commands == [fetch]
    assert [c for _, c in d.wait_in_steps(1)] == [fetch] * 3
    d.filled(cid)
    assert not d.engine.is_settled
    assert [c for _, c in d.wait_in_steps(4)] == [fetch] * 2
    d.filled(cid)
    assert d.engine.is_settled
    assert not d.wait_in_steps(60, 1)
    assert d.status(cid) is OrderStatus.CANCELED
    assert held(d) == 3


def test_an_end_that_is_told_twice_fetches_once(live_engine):
    d = live_engine
    cid = d.opened(quantity=5)
    d.canceled(cid, executed="3")
    assert d.canceled(cid, executed="3").commands == []
    assert d.canceled(cid).commands == []
    assert not d.engine.is_settled, "an end without a count does not make the fills complete"


def test_an_end_that_comes_first_of_all_can_still_fetch_its_fills(live_engine):
    d = live_engine
    cid = d.buy()
    d.submitted(cid)
    d.unknown(cid)
    (fetch,) = d.canceled(cid, executed="1", venue_order_id=12).commands
    assert fetch == FetchFills(client_order_id=cid, symbol="BTCUSDT", venue_order_id=12)


def test_a_cancel_response_that_counts_what_we_hold_fetches_nothing(live_engine):
    d = live_engine
    cid = d.opened(**TWO)
    d.filled(cid)
    assert d.canceled(cid, executed="1").commands == []
    assert d.engine.is_settled


# --- cancels -------------------------------------------------------------------------------


def test_a_resting_order_is_cancelled_at_once_and_once(live_engine):
    d = live_engine
    cid = d.opened()
    assert d.cancel(cid) is True
    assert cancels(d) == [cid]
    assert isinstance(d.rows(cid)[-1].event, OrderCancelRequested)
    assert d.cancel(cid) is True
    assert cancels(d) == [cid]
    d.canceled(cid)
    assert d.cancel(cid) is False


@pytest.mark.parametrize("first", ["accepted", "filled", "reported"])
def test_a_cancel_before_the_acknowledgement_is_sent_after_it_exactly_once(live_engine, first):
    d = live_engine
    cid = d.buy(**TWO)
    d.submitted(cid)
    assert d.cancel(cid) is True
    assert cancels(d) == []
    {
        "accepted": lambda: d.accepted(cid),
        "filled": lambda: d.filled(cid),
        "reported": lambda: d.reported(cid),
    }[first]()
    assert cancels(d) == [cid]
    d.accepted(cid)
    d.filled(cid)
    d.reported(cid, OrderStatus.PARTIALLY_FILLED, executed=str(d.stored(cid).filled))
    assert cancels(d) == [cid]


def test_an_order_and_its_cancel_in_one_callback(live_engine):
    d = live_engine

    def both(s):
        cid = s.buy("BTCUSDT", 1, 100)
        assert s.cancel(cid) is True
        return cid

    cid = d.act(both)
    assert d.submits() == [cid]
    assert cancels(d) == []
    d.accepted(cid)
    assert cancels(d) == [cid]


def test_an_order_that_ended_before_its_cancel_could_be_sent_is_left_alone(live_engine):
    d = live_engine
    cid = d.buy()
    d.cancel(cid)
    d.reported(cid, OrderStatus.CANCELED)
    assert d.status(cid) is OrderStatus.CANCELED
    assert cancels(d) == []


def test_an_order_that_turns_up_after_a_rejection_is_still_cancelled(live_engine):
    d = live_engine
    cid = d.buy()
    d.cancel(cid)
    d.not_placed(cid)
    d.accepted(cid)
    assert cancels(d) == [cid]


def test_another_strategys_order_cannot_be_cancelled(engine_driver):
    d = engine_driver("a", "b").live()
    cid = d.opened(strategy_id="a")
    assert d.cancel(cid, "b") is False
    assert d.cancel("bot-nothing-1", "b") is False
    assert cancels(d) == []


# --- ends and contradictions ---------------------------------------------------------------


def test_a_rejection_is_the_end(live_engine):
    d = live_engine
    cid = d.buy()
    d.submitted(cid)
    d.rejected(cid)
    assert d.status(cid) is OrderStatus.REJECTED
    assert d.stored(cid).reason == "Account has insufficient balance"
    assert d.engine.is_settled
    assert [o.status.value for o in d.puppet().told("on_order")] == ["SUBMITTED", "REJECTED"]


def test_a_late_rejection_does_not_stop_the_questions_about_missing_fills(live_engine):
    d = live_engine
    cid = d.opened(**TWO)
    d.canceled(cid, executed="1")
    d.rejected(cid)
    assert d.status(cid) is OrderStatus.CANCELED
    assert d.wait_in_steps(1)


def test_an_event_that_cannot_follow_is_an_incident_and_changes_nothing(engine_driver):
    d = engine_driver(limits=RiskLimits(max_order_notional=Decimal(50))).live()
    cid = d.buy()
    d.accepted(cid)
    assert d.status(cid) is OrderStatus.REFUSED
    (incident,) = d.incidents("illegal_transition")
    assert incident.severity == "error"
    assert len(d.rows(cid)) == 2


def test_settled_means_that_nothing_is_in_doubt_and_no_cancel_is_under_way(live_engine):
    d = live_engine
    cid = d.buy()
    assert not d.engine.is_settled
    d.submitted(cid)
    assert not d.engine.is_settled
    d.accepted(cid)
    assert d.engine.is_settled, "an order may rest for ever"
    d.cancel(cid)
    assert not d.engine.is_settled
    d.canceled(cid)
    assert d.engine.is_settled


def test_what_is_remembered_of_cancels_ends_with_the_order(live_engine):
    d = live_engine
    cid = d.opened()
    d.cancel(cid)
    d.canceled(cid)
    assert not d.engine.desk._cancel_sent
    assert not d.engine.inquiry._executed


# --- stopping ------------------------------------------------------------------------------


def test_a_stop_cancels_the_orders_that_rest_and_those_yet_to_be_acknowledged(engine_driver):
    d = engine_driver("a", "b").live()
    resting = d.opened(strategy_id="a")
    waiting = d.buy(strategy_id="b")
    d.feed(StopRequested(reason="test", cancel_orders=True, recv_ns=d.tick()))
    assert cancels(d) == [resting]
    d.accepted(waiting)
    assert cancels(d) == [resting, waiting]
    d.canceled(resting)
    assert not d.engine.is_settled
    d.canceled(waiting)
    assert d.engine.is_settled
