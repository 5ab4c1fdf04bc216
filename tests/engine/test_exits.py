"""What lost its protection is closed, now or as soon as orders may pass, over restarts too."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.commands import SubmitOrder
from bot.domain.events import HaltRequested, OrderExpired, ResumeRequested
from bot.domain.records import OrderSaved, StateSaved
from bot.domain.terms import Contingency
from bot.domain.values import OrderStatus, OrderType, Side
from bot.engine.recovery import restore
from bot.engine.risk import RiskLimits

D = Decimal


@pytest.fixture
def on(engine_driver, btcusdt):
    """A live engine on a symbol whose venue has the given lists."""

    def make(*lists, **limits):
        kinds = tuple(kind.value for kind in OrderType)
        instrument = msgspec.structs.replace(btcusdt, lists=lists, order_types=kinds)
        bot = engine_driver(instruments=(instrument,), limits=RiskLimits(**limits))
        return live(bot)

    return make


def live(bot):
    bot.user()
    bot.swept()
    bot.quote()
    return bot


def bracket(bot):
    return bot.act(lambda s: s.bracket("BTCUSDT", Side.BUY, 1, 100, take_profit=110, stop=95))


def sent(bot):
    return [(c.order_type, c.side, c.quantity) for c in bot.sent(SubmitOrder)][-1]


def refused_late(bot, ids):
    """The venue fills the entry and takes neither exit."""
    for number, cid in enumerate(ids, 11):
        bot.submitted(cid)
        bot.accepted(cid, number)
    bot.filled(ids.entry, venue_order_id=11)
    for number, cid in ((12, ids.take_profit), (13, ids.stop_loss)):
        now_ns = bot.tick()
        bot.feed(
            OrderExpired(
                client_order_id=cid,
                venue_order_id=number,
                ts_ns=now_ns,
                recv_ns=now_ns,
                executed=D(0),
                reason="REJECTED",
            )
        )


def halt(bot):
    bot.feed(HaltRequested(reason="test", recv_ns=bot.tick()))


def test_an_entry_whose_exits_the_venue_refuses_late_is_closed(on):
    bot = on(Contingency.OTOCO)
    ids = bracket(bot)
    refused_late(bot, ids)
    assert sent(bot) == (OrderType.MARKET, Side.SELL, 1)
    assert len(bot.incidents("protection_failed")) == 1


def test_an_exit_that_ends_because_the_other_trades_is_no_lost_protection(on):
    bot = on(Contingency.OTOCO)
    ids = bracket(bot)
    for number, cid in enumerate(ids, 11):
        bot.submitted(cid)
        bot.accepted(cid, number)
    bot.filled(ids.entry, venue_order_id=11)
    bot.canceled(ids.stop_loss, "0", kind=OrderExpired, venue_order_id=13)
    bot.filled(ids.take_profit, venue_order_id=12, side=Side.SELL)
    assert bot.sent(SubmitOrder) == []
    assert not bot.incidents("protection_failed")


def test_the_closing_order_waits_for_the_gate(on):
    bot = on(Contingency.OTOCO)
    ids = bracket(bot)
    halt(bot)
    refused_late(bot, ids)
    assert bot.sent(SubmitOrder) == []
    assert len(bot.incidents("list_waits")) == 1
    bot.feed(ResumeRequested(reason="test", recv_ns=bot.tick()))
    assert sent(bot) == (OrderType.MARKET, Side.SELL, 1)


def test_a_closing_order_that_waits_is_not_lost_in_a_restart(on, engine_driver):
    bot = on(Contingency.OTOCO)
    ids = bracket(bot)
    halt(bot)
    refused_late(bot, ids)
    orders = {r.order.client_order_id: r.order for r in bot.records if isinstance(r, OrderSaved)}
    symbols = tuple(bot.engine.cache.instruments.values())
    again = engine_driver(run_id="run2", start_ns=bot.now_ns, instruments=symbols)
    state = {
        r.key: r.value
        for r in bot.records
        if isinstance(r, StateSaved) and r.strategy_id == "_engine"
    }
    fill = next(o for o in orders.values() if o.status is OrderStatus.FILLED)
    restore(
        again.engine,
        now_ns=bot.now_ns,
        orders=tuple(orders.values()),
        fills=[(bot.make_fill(fill.client_order_id), "puppet", None)],
        engine_state=state | {"halt": '""'},
        open_incidents=[],
    )
    live(again).wait(1)
    assert sent(again) == (OrderType.MARKET, Side.SELL, 1)


def test_what_else_has_closed_the_position_leaves_nothing_to_do(on):
    bot = on(Contingency.OTOCO)
    ids = bracket(bot)
    halt(bot)
    refused_late(bot, ids)
    other = bot.engine.blotter.position("puppet", "BTCUSDT")
    assert other.quantity == 1
    bot.engine.blotter.book(
        "puppet",
        bot.make_fill("elsewhere", side=Side.SELL),
        instrument=bot.engine.cache.instruments["BTCUSDT"],
        fee_quote=D(0),
    )
    bot.feed(ResumeRequested(reason="test", recv_ns=bot.tick()))
    bot.wait(5)
    assert bot.sent(SubmitOrder) == []


def test_a_closing_order_that_fails_is_made_again_and_then_left_to_a_person(on):
    bot = on(Contingency.OTOCO)
    ids = bracket(bot)
    refused_late(bot, ids)
    for _ in range(5):
        cid = bot.sent(SubmitOrder)[-1].client_order_id
        bot.submitted(cid)
        bot.rejected(cid)
        bot.quote()
        bot.wait(3)
    assert len(bot.sent(SubmitOrder)) == 5
    assert len({c.client_order_id for c in bot.sent(SubmitOrder)}) == 5
    assert len(bot.incidents("exit_failed")) == 1


def test_no_bound_of_ours_refuses_the_protection_of_what_is_open(on):
    bot = on(max_open_orders=3, max_orders_per_second=3)
    ids = bracket(bot)
    bot.submitted(ids.entry)
    bot.accepted(ids.entry, 11)
    for price in (90, 91):
        bot.act(lambda s, price=price: s.buy("BTCUSDT", 0.1, price))
    bot.filled(ids.entry, venue_order_id=11)
    placed = [c.client_order_id for c in bot.sent(SubmitOrder)]
    assert placed[-2:] == [ids.take_profit, ids.stop_loss]
