from decimal import Decimal

from bot.domain.commands import SubmitOrder
from bot.domain.values import OrderType, Side, TimeInForce
from bot.exchange.encode import order_params


def _order(**changes):
    fields = {
        "client_order_id": "s-1-1",
        "symbol": "BTCUSDT",
        "side": Side.SELL,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.IOC,
        "quantity": Decimal("1E-5"),
        "price": Decimal("6.123456E+4"),
    }
    return SubmitOrder(**(fields | changes))


def test_numbers_are_written_out_and_the_id_is_ours():
    assert order_params(_order()) == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.00001",
        "price": "61234.56",
        "newClientOrderId": "s-1-1",
        "newOrderRespType": "FULL",
    }


def test_a_market_order_has_neither_price_nor_time_in_force():
    params = order_params(_order(order_type=OrderType.MARKET, price=None))
    assert "price" not in params
    assert "timeInForce" not in params


def test_a_maker_only_order_has_a_price_and_no_time_in_force():
    params = order_params(_order(order_type=OrderType.LIMIT_MAKER))
    assert params["price"] == "61234.56"
    assert "timeInForce" not in params
