from decimal import Decimal

from bot.domain.commands import AmendOrder, SubmitList, SubmitOrder
from bot.domain.terms import Contingency, ListRole, OrderTerms
from bot.domain.values import OrderType, Side, TimeInForce
from bot.exchange.encode import (
    SPOT_TYPES,
    amend_params,
    list_params,
    list_request,
    order_params,
    spot_type,
)


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


def _leg(cid, kind, role, **changes):
    terms = {
        "list_id": "l-1",
        "list_role": role,
        "trigger_price": changes.pop("trigger_price", None),
    }
    return _order(
        client_order_id=cid,
        order_type=kind,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal("0.5"),
        terms=OrderTerms(**terms),
        **changes,
    )


def _exits(side):
    up, down = Decimal(110), Decimal(90)
    profit, loss = (up, down) if side is Side.SELL else (down, up)
    return (
        _leg("p", OrderType.LIMIT, ListRole.TAKE_PROFIT, side=side, price=profit),
        _leg("x", OrderType.STOP_MARKET, ListRole.STOP_LOSS, side=side, price=None,
             trigger_price=loss),
    )  # fmt: skip


def _list(contingency, *orders, **more):
    return SubmitList(
        list_id="l-1", symbol="BTCUSDT", contingency=contingency, orders=orders, **more
    )


PAIR = {
    "symbol": "BTCUSDT",
    "listClientOrderId": "l-1",
    "newOrderRespType": "FULL",
    "quantity": "0.5",
}


def test_a_pair_that_sells_has_its_profit_above_and_its_stop_below():
    assert list_params(_list(Contingency.OCO, *_exits(Side.SELL))) == PAIR | {
        "side": "SELL",
        "aboveType": "LIMIT_MAKER",
        "aboveClientOrderId": "p",
        "abovePrice": "110",
        "belowType": "STOP_LOSS",
        "belowClientOrderId": "x",
        "belowStopPrice": "90",
    }


def test_a_pair_that_buys_has_its_stop_above_and_its_profit_below():
    assert list_params(_list(Contingency.OCO, *_exits(Side.BUY))) == PAIR | {
        "side": "BUY",
        "aboveType": "STOP_LOSS",
        "aboveClientOrderId": "x",
        "aboveStopPrice": "110",
        "belowType": "LIMIT_MAKER",
        "belowClientOrderId": "p",
        "belowPrice": "90",
    }


def _bracket(**more):
    entry = _leg("e", OrderType.LIMIT, ListRole.WORKING, side=Side.BUY, price=Decimal(100))
    return _list(Contingency.OTOCO, entry, *_exits(Side.SELL), **more)


def test_a_bracket_names_its_entry_and_both_exits():
    params = list_params(_bracket())
    assert list_request(_bracket()) == "orderList.place.otoco"
    working = {name: value for name, value in params.items() if name.startswith("working")}
    assert working == {
        "workingType": "LIMIT",
        "workingClientOrderId": "e",
        "workingPrice": "100",
        "workingTimeInForce": "GTC",
        "workingSide": "BUY",
        "workingQuantity": "0.5",
    }
    assert params["pendingSide"] == "SELL"
    assert params["pendingQuantity"] == "0.5"
    assert params["pendingAboveType"] == "LIMIT_MAKER"
    assert params["pendingBelowStopPrice"] == "90"


def test_a_bracket_of_its_proceeds_leaves_the_quantity_to_binance():
    command = _bracket(of_proceeds=True)
    assert list_request(command) == "orderList.place.opoco"
    assert "pendingQuantity" not in list_params(command)


def test_a_trailing_stop_is_a_stop_with_a_delta():
    terms = OrderTerms(trailing_bips=150, activation_price=Decimal(105))
    params = order_params(
        _order(order_type=OrderType.TRAILING_STOP_MARKET, price=None, terms=terms)
    )
    assert params["type"] == "STOP_LOSS"
    assert params["trailingDelta"] == "150"
    assert params["stopPrice"] == "105"
    assert "timeInForce" not in params


def test_an_order_by_its_cost_has_no_quantity():
    terms = OrderTerms(quote_quantity=Decimal(100))
    params = order_params(_order(order_type=OrderType.MARKET, price=None, terms=terms))
    assert params["quoteOrderQty"] == "100"
    assert "quantity" not in params


def test_an_amended_order_keeps_its_name():
    command = AmendOrder(
        client_order_id="a",
        symbol="BTCUSDT",
        side=Side.BUY,
        quantity=Decimal("0.10"),
        price=Decimal(100),
    )
    assert amend_params(command) == {
        "symbol": "BTCUSDT",
        "origClientOrderId": "a",
        "newClientOrderId": "a",
        "newQty": "0.10",
    }


def test_our_names_of_types_and_binances_go_both_ways():
    for kind, name in SPOT_TYPES.items():
        assert spot_type(name, trailing=kind is OrderType.TRAILING_STOP_MARKET) == kind.value
    assert spot_type("SOMETHING_NEW") == "SOMETHING_NEW"
