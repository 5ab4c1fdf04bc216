"""Every order, fill and position, each fact taken once."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.errors import IllegalTransition
from bot.domain.events import (
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderIntended,
    OrderNotPlaced,
    OrderRefused,
)
from bot.domain.fill import Fill
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce
from bot.engine import blotter as module
from bot.engine.blotter import Blotter
from bot.engine.risk import Approved


def intent(cid="c1", **changes):
    fields = {
        "client_order_id": cid,
        "strategy_id": "s",
        "run_id": "r",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(10),
        "price": Decimal(100),
        "recv_ns": 1,
    }
    return OrderIntended(**(fields | changes))


def opened(blotter, cid="c1", **changes):
    return blotter.open(Approved(intent(cid, **changes)))


def accepted(cid="c1", venue_order_id=7):
    return OrderAccepted(client_order_id=cid, venue_order_id=venue_order_id, ts_ns=1, recv_ns=2)


def canceled(cid="c1"):
    return OrderCanceled(client_order_id=cid, venue_order_id=7, ts_ns=1, recv_ns=2)


def fill(cid="c1", trade_id=1, quantity="1", side=Side.BUY, **changes):
    fields = {
        "symbol": "BTCUSDT",
        "trade_id": trade_id,
        "client_order_id": cid,
        "venue_order_id": 7,
        "side": side,
        "price": Decimal(100),
        "quantity": Decimal(quantity),
        "commission": Decimal(0),
        "commission_asset": "USDT",
        "maker": False,
        "ts_ns": 1,
        "recv_ns": 1,
    }
    return Fill(**(fields | changes))


def test_an_order_is_found_by_either_id():
    blotter = Blotter()
    order = opened(blotter)
    assert blotter.get("c1") is order
    assert blotter.by_venue_id("BTCUSDT", 7) is None
    blotter.apply(order, accepted())
    assert blotter.by_venue_id("BTCUSDT", 7) is order
    assert blotter.by_venue_id("ETHUSDT", 7) is None
    assert blotter.get("c2") is None


def test_open_orders_are_those_that_are_not_ended_oldest_first():
    blotter = Blotter()
    for cid, strategy_id, symbol in (
        ("c1", "s", "BTCUSDT"),
        ("c2", "t", "BTCUSDT"),
        ("c3", "s", "X"),
    ):
        opened(blotter, cid, strategy_id=strategy_id, symbol=symbol)
    assert [o.client_order_id for o in blotter.open_orders()] == ["c1", "c2", "c3"]
    assert [o.client_order_id for o in blotter.open_orders("s")] == ["c1", "c3"]
    assert [o.client_order_id for o in blotter.open_orders(symbol="BTCUSDT")] == ["c1", "c2"]
    blotter.apply(blotter.get("c1"), canceled("c1"))
    assert [o.client_order_id for o in blotter.open_orders()] == ["c2", "c3"]
    assert blotter.get("c1").status is OrderStatus.CANCELED, "late news may still come for it"


def test_an_order_that_turns_out_to_exist_is_open_again():
    blotter = Blotter()
    order = opened(blotter)
    blotter.apply(order, OrderNotPlaced(client_order_id="c1", reason="?", recv_ns=2))
    assert blotter.open_orders() == []
    assert blotter.apply(order, accepted()) is True
    assert blotter.open_orders() == [order]


def test_an_illegal_event_leaves_the_order_where_it_was():
    blotter = Blotter()
    order = opened(blotter)
    blotter.apply(order, accepted())
    with pytest.raises(IllegalTransition):
        blotter.apply(order, OrderRefused(client_order_id="c1", reason="?", recv_ns=2))
    assert blotter.open_orders() == [order]


def test_what_open_orders_may_still_add_is_committed():
    blotter = Blotter()
    order = opened(blotter)
    opened(blotter, "c2", quantity=Decimal(5))
    opened(blotter, "c3", side=Side.SELL)
    opened(blotter, "c4", strategy_id="t")
    assert blotter.committed("s", "BTCUSDT", Side.BUY) == 15
    blotter.apply(order, OrderFilled(fill=fill(quantity="4"), recv_ns=2))
    assert blotter.committed("s", "BTCUSDT", Side.BUY) == 11
    assert blotter.committed("s", "BTCUSDT", Side.SELL) == 10


def test_a_trade_is_known_by_symbol_and_id_once_it_is_booked(btcusdt):
    blotter = Blotter()
    one = fill(quantity="2", commission=Decimal("0.1"), commission_asset="BTC")
    assert not blotter.is_known(one)
    position, realised = blotter.book("s", one, instrument=btcusdt, fee_quote=Decimal(10))
    assert blotter.is_known(one)
    assert not blotter.is_known(msgspec.structs.replace(one, symbol="ETHUSDT"))
    assert not blotter.is_known(msgspec.structs.replace(one, trade_id=2))
    assert (position.quantity, position.fees, realised) == (Decimal("1.9"), 10, 0)
    assert blotter.position("s", "BTCUSDT") is position
    assert blotter.position("t", "BTCUSDT").quantity == 0


def test_restored_orders_are_copies():
    blotter = Blotter()
    order = opened(Blotter())
    blotter.restore([order])
    blotter.apply(blotter.get("c1"), accepted())
    assert order.status is OrderStatus.INTENT


def test_ended_orders_are_kept_up_to_a_bound_oldest_first_out(monkeypatch):
    monkeypatch.setattr(module, "_ENDED_KEPT", 2)
    blotter = Blotter()
    for number, cid in enumerate(("c1", "c2", "c3")):
        order = opened(blotter, cid)
        blotter.apply(order, accepted(cid, number))
        blotter.apply(order, canceled(cid))
    assert blotter.get("c1") is None
    assert blotter.by_venue_id("BTCUSDT", 0) is None
    assert blotter.get("c3").status is OrderStatus.CANCELED
