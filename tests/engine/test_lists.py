"""Lists that the bot keeps: what follows is written down, placed once, and ended together."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.amendments import OrderTriggered
from bot.domain.commands import CancelOrder, SubmitList, SubmitOrder
from bot.domain.events import HaltRequested, OrderCanceled, OrderExpired, ResumeRequested
from bot.domain.records import OrderSaved, StateSaved
from bot.domain.terms import Contingency, ListRole
from bot.domain.values import OrderStatus, OrderType, Side
from bot.engine.recovery import restore
from bot.strategy.draft import OrderDraft

D = Decimal
BRACKET = {"take_profit": 110, "stop": 90}


@pytest.fixture
def anything(btcusdt):
    """BTCUSDT, which takes every type of order and keeps no lists."""
    return msgspec.structs.replace(btcusdt, order_types=tuple(kind.value for kind in OrderType))


@pytest.fixture
def started(engine_driver, anything):
    """``started(lists=...)``: a live engine with that symbol."""

    def start(**changes):
        return seen(engine_driver(instruments=(msgspec.structs.replace(anything, **changes),)))

    return start


@pytest.fixture
def bot(started):
    return started()


def seen(bot):
    """The account is reconciled and there is a price."""
    bot.user()
    bot.swept()
    bot.quote()
    return bot


def bracket(bot, quantity=1, price=100, **changes):
    return bot.act(lambda s: s.bracket("BTCUSDT", Side.BUY, quantity, price, **BRACKET, **changes))


def pair(bot):
    return bot.act(lambda s: s.oco("BTCUSDT", Side.SELL, 1, **BRACKET))


def rests(bot, *ids):
    for number, client_order_id in enumerate(ids, 11):
        bot.submitted(client_order_id)
        bot.accepted(client_order_id, number)


def cancelled(bot):
    return [command.client_order_id for command in bot.sent(CancelOrder)]


def saved_lists(bot):
    found = {}
    for record in bot.records:
        if isinstance(record, StateSaved) and record.key.startswith("list:"):
            found[record.key] = record.value
    return found


def by_id(bot):
    return {command.client_order_id: command for command in bot.sent(SubmitOrder)}


def test_a_bracket_places_its_entry_and_writes_the_rest_down_with_it(bot):
    ids = bracket(bot)
    assert bot.submits() == [ids.entry]
    with_intent = next(
        effects
        for effects in bot.history
        if any(
            isinstance(r, OrderSaved) and r.order.client_order_id == ids.entry
            for r in effects.records
        )
    )
    kept = [r for r in with_intent.records if isinstance(r, StateSaved)]
    assert len(kept) == 1
    assert ids.stop_loss in kept[0].value


def test_a_filled_entry_is_protected_on_both_sides(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.filled(ids.entry)
    profit, stop = by_id(bot)[ids.take_profit], by_id(bot)[ids.stop_loss]
    assert (profit.side, profit.order_type, profit.price) == (Side.SELL, OrderType.LIMIT, 110)
    assert (stop.side, stop.order_type, stop.price) == (Side.SELL, OrderType.STOP_MARKET, None)
    assert stop.terms.trigger_price == 90
    assert profit.quantity == stop.quantity == 1
    assert bot.submits() == [ids.entry, ids.take_profit, ids.stop_loss]


def test_an_entry_that_is_cancelled_unfilled_leaves_nothing(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.canceled(ids.entry, "0")
    assert bot.submits() == [ids.entry]
    assert set(saved_lists(bot).values()) == {""}


def test_what_was_filled_before_a_cancel_is_protected(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.filled(ids.entry, quantity=D("0.4"))
    assert bot.submits() == [ids.entry]
    bot.canceled(ids.entry, "0.4")
    assert by_id(bot)[ids.stop_loss].quantity == D("0.4")


def test_fills_that_are_still_missing_are_waited_for(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.filled(ids.entry, quantity=D("0.4"))
    bot.canceled(ids.entry, "0.7")
    assert bot.submits() == [ids.entry]
    bot.filled(ids.entry, quantity=D("0.3"))
    assert by_id(bot)[ids.take_profit].quantity == D("0.7")


def test_a_commission_in_the_base_asset_is_not_sold_twice(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.filled(ids.entry, commission=D("0.0015"), commission_asset="BTC")
    assert by_id(bot)[ids.stop_loss].quantity == D("0.998")


@pytest.mark.parametrize("first", ["take_profit", "stop_loss"])
def test_the_first_to_trade_ends_the_other(bot, first):
    ids = pair(bot)
    rests(bot, *ids)
    bot.filled(getattr(ids, first), side=Side.SELL, quantity=D("0.1"))
    (other,) = set(ids) - {getattr(ids, first)}
    assert cancelled(bot) == [other]
    bot.canceled(other, "0")
    assert saved_lists(bot) == {key: text for key, text in saved_lists(bot).items() if text}
    bot.filled(getattr(ids, first), side=Side.SELL, quantity=D("0.9"))
    assert set(saved_lists(bot).values()) == {""}


def test_a_stop_that_is_set_off_ends_the_limit_before_it_trades(bot):
    ids = pair(bot)
    rests(bot, *ids)
    now_ns = bot.tick()
    bot.feed(
        OrderTriggered(
            client_order_id=ids.stop_loss, venue_order_id=99, ts_ns=now_ns, recv_ns=now_ns
        )
    )
    assert cancelled(bot) == [ids.take_profit]


def test_cancelling_one_of_a_pair_cancels_both(bot):
    ids = pair(bot)
    rests(bot, *ids)
    bot.cancel(ids.take_profit)
    bot.canceled(ids.take_profit, "0")
    assert cancelled(bot) == list(ids)


def test_cancelling_what_waits_drops_the_list(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    assert bot.cancel(ids.stop_loss)
    bot.filled(ids.entry)
    assert bot.submits() == [ids.entry]


def test_an_entry_without_a_stop_is_closed_at_the_market(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.filled(ids.entry)
    bot.submitted(ids.take_profit)
    bot.accepted(ids.take_profit, 12)
    bot.submitted(ids.stop_loss)
    bot.rejected(ids.stop_loss)
    assert cancelled(bot) == [ids.take_profit]
    out = bot.sent(SubmitOrder)[-1]
    assert (out.order_type, out.side, out.quantity) == (OrderType.MARKET, Side.SELL, 1)
    assert bot.incidents("protection_failed")


def test_a_stop_that_is_refused_when_its_price_comes_closes_the_position(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.filled(ids.entry)
    rests(bot, ids.take_profit, ids.stop_loss)
    bot.canceled(ids.stop_loss, "0", kind=OrderExpired)
    assert cancelled(bot) == [ids.take_profit]
    bot.canceled(ids.take_profit, "0")
    out = bot.sent(SubmitOrder)[-1]
    assert (out.order_type, out.side, out.quantity) == (OrderType.MARKET, Side.SELL, 1)
    assert bot.incidents("protection_failed")


def test_a_stop_that_expires_because_the_profit_was_taken_closes_nothing(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.filled(ids.entry)
    rests(bot, ids.take_profit, ids.stop_loss)
    bot.filled(ids.take_profit, side=Side.SELL)
    bot.canceled(ids.stop_loss, "0", kind=OrderExpired)
    assert bot.submits() == [ids.entry, ids.take_profit, ids.stop_loss]
    assert not bot.incidents("protection_failed")


def test_protection_waits_for_the_gate_and_is_not_refused(bot):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.feed(HaltRequested(reason="test", recv_ns=bot.tick()))
    bot.filled(ids.entry)
    assert bot.submits() == [ids.entry]
    assert len(bot.incidents("list_waits")) == 1
    bot.feed(ResumeRequested(reason="test", recv_ns=bot.tick()))
    assert bot.submits() == [ids.entry, ids.take_profit, ids.stop_loss]


def restarted(bot, engine_driver):
    """A new process over what the old one had stored."""
    symbols = tuple(bot.engine.cache.instruments.values())
    orders = {r.order.client_order_id: r.order for r in bot.records if isinstance(r, OrderSaved)}
    again = engine_driver(run_id="run2", start_ns=bot.now_ns, instruments=symbols)
    restore(
        again.engine,
        now_ns=bot.now_ns,
        orders=[msgspec.structs.replace(order) for order in orders.values()],
        fills=[],
        engine_state=saved_lists(bot),
        open_incidents=[],
    )
    again.take()
    return again


def test_a_restart_goes_on_with_the_list(bot, engine_driver):
    ids = bracket(bot)
    rests(bot, ids.entry)
    again = seen(restarted(bot, engine_driver))
    assert again.submits() == []
    again.filled(ids.entry)
    assert again.submits() == [ids.take_profit, ids.stop_loss]


def test_a_restart_after_the_fill_places_what_is_missing_once(bot, engine_driver):
    ids = bracket(bot)
    rests(bot, ids.entry)
    bot.feed(HaltRequested(reason="test", recv_ns=bot.tick()))
    bot.filled(ids.entry)
    again = seen(restarted(bot, engine_driver))
    assert again.submits() == []  # there was no price when the account was seen
    again.wait(0.1)
    assert again.submits() == [ids.take_profit, ids.stop_loss]
    third = seen(restarted(again, engine_driver))
    third.wait(0.1)
    assert third.submits() == []


def test_a_list_of_the_venue_is_one_command(started):
    bot = started(lists=(Contingency.OCO, Contingency.OTOCO))
    ids = bracket(bot)
    (command,) = bot.sent(SubmitList)
    assert [order.client_order_id for order in command.orders] == list(ids)
    assert [order.terms.list_role for order in command.orders] == [
        ListRole.WORKING,
        ListRole.TAKE_PROFIT,
        ListRole.STOP_LOSS,
    ]
    assert {order.terms.list_id for order in command.orders} == {command.list_id}
    assert bot.submits() == []
    assert saved_lists(bot) == {}
    assert [bot.status(cid) for cid in ids] == [OrderStatus.INTENT] * 3


def test_an_entry_at_the_market_is_kept_by_the_bot_even_there(started):
    bot = started(lists=(Contingency.OTOCO,))
    ids = bracket(bot, price=None)
    assert bot.submits() == [ids.entry]
    assert bot.sent(SubmitList) == []


def test_a_list_is_refused_as_a_whole(bot):
    ids = bracket(bot, quantity=D("0.0001"))
    assert [bot.status(cid) for cid in ids] == [OrderStatus.REFUSED] * 3
    assert bot.submits() == []
    assert saved_lists(bot) == {}


def test_one_order_follows_another(bot):
    first = OrderDraft(
        symbol="BTCUSDT", side=Side.BUY, order_type=OrderType.LIMIT, quantity=1, price=100
    )
    then = OrderDraft(symbol="BTCUSDT", side=Side.SELL, order_type=OrderType.MARKET, quantity=1)
    ids = bot.act(lambda s: s.oto(first, then))
    rests(bot, ids.working)
    bot.filled(ids.working)
    assert bot.submits() == [ids.working, ids.pending]


def test_orders_of_two_symbols_are_no_list(bot):
    one = OrderDraft(symbol="BTCUSDT", side=Side.BUY, order_type=OrderType.MARKET, quantity=1)
    two = OrderDraft(symbol="ETHUSDT", side=Side.BUY, order_type=OrderType.MARKET, quantity=1)
    with pytest.raises(ValueError, match="on one symbol"):
        bot.engine.host.plugins["puppet"].strategy.oto(one, two)


@pytest.mark.parametrize("kind", [OrderCanceled])
def test_a_replacement_follows_a_cancel(bot, kind):
    old = bot.opened()
    new = bot.act(lambda s: s.replace(old, price=101))
    assert cancelled(bot) == [old]
    assert bot.submits() == [old]
    bot.canceled(old, "0", kind=kind)
    assert bot.submits() == [old, new]
    assert by_id(bot)[new].price == 101


def test_nothing_replaces_an_order_that_was_filled(bot):
    old = bot.opened()
    new = bot.act(lambda s: s.replace(old, price=101))
    bot.filled(old)
    assert bot.submits() == [old]
    assert bot.incidents("replace_ended")[0].subject == new
