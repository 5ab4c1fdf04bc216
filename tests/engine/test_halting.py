"""Halt, resume and stop: what is still done, and what is not done any more."""

import pytest

from bot.domain.commands import CancelOrder, SubmitOrder
from bot.domain.events import (
    FeedState,
    HaltRequested,
    ResumeRequested,
    StopRequested,
)
from bot.domain.records import StateSaved
from bot.domain.values import OrderStatus, Side


def test_a_halt_latches_and_is_kept(live_engine):
    d = live_engine
    resting = d.opened()
    effects = d.feed(HaltRequested(reason="too wild", recv_ns=d.tick()))
    (saved,) = [r for r in effects.records if isinstance(r, StateSaved)]
    assert (saved.strategy_id, saved.key, saved.value) == ("_engine", "halt", '"too wild"')
    assert d.incidents("halt")[0].cause == "too wild"
    cid = d.buy()
    assert d.stored(cid).reason == "CLOSED: halted: too wild"
    d.user(FeedState.DOWN)
    d.user()
    d.swept()
    assert d.stored(d.buy()).reason == "CLOSED: halted: too wild", "a sweep does not lift it"
    assert d.cancel(resting) is True, "orders can be taken back"
    assert d.sent(CancelOrder)


def test_a_halt_without_a_reason_still_halts(live_engine):
    d = live_engine
    d.feed(HaltRequested(reason="", recv_ns=d.tick()))
    assert d.stored(d.buy()).reason == "CLOSED: halted: halted"


def test_a_resume_lifts_the_halt_and_is_kept(live_engine):
    d = live_engine
    d.feed(HaltRequested(reason="too wild", recv_ns=d.tick()))
    effects = d.feed(ResumeRequested(reason="calm again", recv_ns=d.tick()))
    (saved,) = [r for r in effects.records if isinstance(r, StateSaved)]
    assert (saved.key, saved.value) == ("halt", '""')
    assert d.status(d.buy()) is OrderStatus.INTENT


def test_a_resume_does_not_open_a_blind_gate(live_engine):
    d = live_engine
    d.user(FeedState.DOWN)
    d.feed(HaltRequested(reason="too wild", recv_ns=d.tick()))
    d.feed(ResumeRequested(reason="calm again", recv_ns=d.tick()))
    assert d.stored(d.buy()).reason.startswith("CLOSED: the account is not reconciled")


def test_what_on_stop_asks_for_is_still_sent_and_nothing_after_it(live_engine):
    d = live_engine
    d.puppet().reactions["on_stop"] = lambda s, _: s.sell("BTCUSDT", 1, 100)
    effects = d.feed(StopRequested(reason="test", cancel_orders=False, recv_ns=d.tick()))
    (sell,) = (command for command in effects.commands if isinstance(command, SubmitOrder))
    d.puppet().reactions["on_fill"] = lambda s, _: s.buy("BTCUSDT", 1, 100)
    d.filled(sell.client_order_id, side=Side.SELL)
    assert d.submits() == [sell.client_order_id]
    assert d.puppet().told("on_order")[-1].reason == "CLOSED: the bot is stopping: test"


def test_after_on_stop_a_strategy_hears_of_its_orders_only(live_engine):
    d = live_engine
    cid = d.opened()
    d.act(lambda s: s.set_timer("beat", 1))
    d.feed(StopRequested(reason="test", cancel_orders=False, recv_ns=d.tick()))
    d.puppet().heard.clear()
    d.quote()
    d.wait(10)
    d.market(FeedState.DOWN)
    d.filled(cid)
    assert [callback for callback, _ in d.puppet().heard] == ["on_fill", "on_order"]


@pytest.mark.parametrize("reason", ["test", ""])
def test_a_stop_that_is_asked_for_twice_runs_once_and_may_cancel_later(live_engine, reason):
    d = live_engine
    cid = d.opened()
    d.feed(StopRequested(reason=reason, cancel_orders=False, recv_ns=d.tick()))
    assert not d.sent(CancelOrder)
    d.feed(StopRequested(reason=reason, cancel_orders=True, recv_ns=d.tick()))
    assert [c.client_order_id for c in d.sent(CancelOrder)] == [cid]
    assert len(d.puppet().told("on_stop")) == 1


def test_nothing_starts_after_a_stop(engine_driver):
    d = engine_driver()
    d.user()
    d.feed(StopRequested(reason="test", cancel_orders=True, recv_ns=d.tick()))
    d.swept()
    assert not d.puppet().heard
