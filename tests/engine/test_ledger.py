"""Writing down: one row for each event, each fill once, ours and others' kept apart."""

from decimal import Decimal

import pytest

from bot.domain.events import OrderDetails, OrderFilled
from bot.domain.records import FillSaved, OrderSaved
from bot.domain.values import EXTERNAL, OrderStatus, OrderType, Side, TimeInForce


def details(**changes):
    fields = {
        "symbol": "BTCUSDT",
        "side": Side.SELL,
        "order_type": "STOP_LOSS_LIMIT",
        "time_in_force": "GTX",
        "quantity": Decimal(2),
        "price": Decimal(90),
    }
    return OrderDetails(**(fields | changes))


def fills(d):
    return [record for record in d.records if isinstance(record, FillSaved)]


def test_rows_of_an_order_are_numbered_without_holes(live_engine):
    d = live_engine
    cid = d.opened(quantity=3)
    d.cancel(cid)
    d.cancel_rejected(cid)
    d.filled(cid)
    d.filled(cid, trade_id=1)
    d.canceled(cid)
    d.filled(cid)
    assert [row.number for row in d.rows(cid)] == list(range(1, 9))
    assert d.stored(cid).events == 8


def test_the_orders_row_goes_before_its_event(live_engine):
    d = live_engine
    cid = d.opened()
    saved = [r for r in d.history[-1].records if isinstance(r, OrderSaved)]
    assert [type(r).__name__ for r in d.history[-1].records] == ["OrderSaved", "OrderEventSaved"]
    assert saved[0].order.status is OrderStatus.OPEN
    d.canceled(cid)
    assert saved[0].order.status is OrderStatus.OPEN, "a row is a copy"


def test_a_fill_row_tells_what_it_realised_and_what_is_held_then(live_engine):
    d = live_engine
    d.filled(d.opened(quantity=2), quantity=Decimal(2), commission=Decimal("0.2"))
    sold = d.sell(1, 100)
    d.submitted(sold)
    d.filled(sold, side=Side.SELL, price=Decimal(110))
    first, second = fills(d)
    assert (first.realised_quote, first.position_after, first.fee_quote) == (0, 2, Decimal("0.2"))
    assert (second.realised_quote, second.position_after, second.fee_quote) == (10, 1, 0)
    assert {(f.strategy_id, f.run_id) for f in fills(d)} == {("puppet", "run1")}


@pytest.mark.parametrize(
    ("asset", "symbol", "fee_quote", "held"),
    [
        ("USDT", "BTCUSDT", Decimal("0.01"), Decimal(1)),
        ("BTC", "BTCUSDT", Decimal("1.00"), Decimal("0.99")),
        ("ETH", "BTCUSDT", Decimal("1.000"), Decimal(1)),
        ("BNB", "BTCUSDT", None, Decimal(1)),
    ],
)
def test_commission_is_valued_in_quote_where_a_price_tells(
    live_engine, asset, symbol, fee_quote, held
):
    d = live_engine
    cid = d.opened()
    d.filled(cid, symbol=symbol, commission=Decimal("0.01"), commission_asset=asset)
    (saved,) = fills(d)
    assert saved.fee_quote == fee_quote
    assert saved.position_after == held


# --- other people's orders -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["autoclose-17", "adl_autoclose_17", "settlement_autoclose-1"])
def test_a_position_that_the_exchange_closed_is_told_aloud_and_kept_apart(live_engine, name):
    d = live_engine
    d.filled(name, side=Side.SELL, venue_order_id=99)
    assert d.stored(name).strategy_id == EXTERNAL
    (incident,) = d.incidents("forced_order")
    assert (incident.subject, incident.severity) == (name, "error")
    assert not d.incidents("external_order")
    assert not d.incidents("unexplained_order")


def test_an_order_of_somebody_else_is_kept_apart(live_engine):
    d = live_engine
    d.accepted("web_1", 99, details=details())
    order = d.stored("web_1")
    assert (order.strategy_id, order.status) == (EXTERNAL, OrderStatus.OPEN)
    assert (order.order_type, order.time_in_force) == (OrderType.LIMIT, TimeInForce.GTC)
    assert (order.side, order.quantity, order.price) == (Side.SELL, 2, 90)
    (incident,) = d.incidents("external_order")
    assert (incident.subject, incident.severity) == ("web_1", "info")
    d.filled("web_1", side=Side.SELL, venue_order_id=99)
    assert d.engine.blotter.position(EXTERNAL, "BTCUSDT").quantity == -1
    assert d.engine.blotter.position("puppet", "BTCUSDT").quantity == 0
    assert fills(d)[0].strategy_id == EXTERNAL
    assert not d.puppet().told("on_order")
    assert not d.puppet().told("on_fill")
    assert d.puppet().open_orders() == []


def test_an_order_with_our_name_that_nobody_here_placed_is_an_error(live_engine):
    d = live_engine
    d.accepted("bot-puppet-run0-1", 99, details=details())
    (incident,) = d.incidents("unexplained_order")
    assert (incident.subject, incident.severity) == ("bot-puppet-run0-1", "error")


def test_an_event_of_an_unknown_order_without_details_is_an_error(live_engine):
    d = live_engine
    d.accepted("web_1", 99)
    (incident,) = d.incidents("unexplained_event")
    assert incident.cause == "OrderAccepted for an order that is not known"
    assert d.engine.blotter.get("web_1") is None


def test_a_trade_of_an_order_that_nobody_knows_counts_all_the_same(live_engine):
    d = live_engine
    d.filled("venue-99", venue_order_id=99, quantity=Decimal("0.5"))
    d.filled("venue-99", venue_order_id=99, quantity=Decimal("0.25"))
    assert d.engine.blotter.position(EXTERNAL, "BTCUSDT").quantity == Decimal("0.75")
    assert len(fills(d)) == 2
    assert d.stored("venue-99").status is OrderStatus.FILLED


def test_a_trade_that_names_only_the_exchanges_id_finds_its_order(live_engine):
    d = live_engine
    cid = d.opened(quantity=2)
    d.filled("venue-7", source="sweep")
    assert d.stored(cid).filled == 1
    (saved,) = fills(d)
    assert (saved.fill.client_order_id, saved.strategy_id) == (cid, "puppet")
    assert d.engine.blotter.get("venue-7") is None


def test_a_known_trade_of_an_unknown_order_opens_none(live_engine):
    d = live_engine
    cid = d.opened(quantity=2)
    d.filled(cid, trade_id=5)
    again = d.make_fill("web_1", trade_id=5, venue_order_id=99)
    d.feed(OrderFilled(fill=again, recv_ns=d.tick(), details=details()))
    assert d.engine.blotter.get("web_1") is None
    assert len(fills(d)) == 1


def test_an_external_order_on_a_symbol_that_is_not_traded_is_kept(live_engine):
    d = live_engine
    d.filled("web_1", symbol="DOGEUSDT", details=details(symbol="DOGEUSDT"))
    assert d.engine.blotter.position(EXTERNAL, "DOGEUSDT").quantity == 1


def test_a_recovered_fill_of_ours_is_noted_and_an_external_late_one_is_not(live_engine):
    d = live_engine
    cid = d.opened(quantity=2)
    d.filled(cid, source="sweep")
    assert [i.subject for i in d.incidents("recovered_fill")] == [cid]
    d.filled("venue-99", venue_order_id=99)
    d.filled("venue-99", venue_order_id=99)
    assert not d.incidents("late_fill")
