"""An order form that is not filled in properly is sent back in Binance's words."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.orderform import read_order_form

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "1",
    "price": "60000",
}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
MANDATORY = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
ILLEGAL = "Illegal characters found in parameter '{}'; legal range is '{}'."
BAD_PRICE = ILLEGAL.format("price", "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
BAD_ID = ILLEGAL.format("newClientOrderId", "^[a-zA-Z0-9-_]{1,36}$")
UNREAD = "Not all sent parameters were read; read '6' parameter(s) but was sent '7'."


@pytest.mark.parametrize(
    ("change", "code", "msg"),
    [
        ({"symbol": None}, -1102, MANDATORY.format("symbol")),
        ({"symbol": ""}, -1102, MANDATORY.format("symbol")),
        ({"side": "LONG"}, -1117, "Invalid side."),
        ({"type": "LIMITED"}, -1116, "Invalid orderType."),
        ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"timeInForce": None}, -1102, MANDATORY.format("timeInForce")),
        ({"price": None}, -1102, MANDATORY.format("price")),
        ({"price": "6e4"}, -1100, BAD_PRICE),
        ({"price": "-1"}, -1100, BAD_PRICE),
        ({"price": "0"}, -1013, "Invalid price."),
        ({"quantity": "0.00"}, -1013, "Invalid quantity."),
        ({"quantity": "0.000000001"}, -1111, "Parameter 'quantity' has too much precision."),
        ({"quantity": ""}, -1105, "Parameter 'quantity' was empty."),
        ({"quoteOrderQty": "10"}, -1106, "Parameter 'quoteOrderQty' sent when not required."),
        ({"newClientOrderId": "a b"}, -1100, BAD_ID),
        ({"newClientOrderId": "x" * 37}, -1100, BAD_ID),
        ({"strategyType": "999999"}, -1134, "strategyType was less than 1000000."),
        ({"colour": "red"}, -1104, UNREAD),
    ],
)
def test_a_bad_limit_order_is_refused(change, code, msg):
    params = {k: v for k, v in (LIMIT | change).items() if v is not None}
    with pytest.raises(ApiError) as refused:
        read_order_form(params)
    assert (refused.value.status, refused.value.code, refused.value.msg) == (400, code, msg)


@pytest.mark.parametrize("name", ["price", "timeInForce"])
def test_a_market_order_has_neither_price_nor_time_in_force(name):
    with pytest.raises(ApiError) as refused:
        read_order_form(MARKET | {name: LIMIT[name]})
    assert refused.value.msg == f"Parameter '{name}' sent when not required."


def test_a_market_order_has_one_amount():
    with pytest.raises(ApiError, match="both were empty/null"):
        read_order_form({k: v for k, v in MARKET.items() if k != "quantity"})
    with pytest.raises(ApiError, match="quoteOrderQty"):
        read_order_form(MARKET | {"quoteOrderQty": "10"})


def test_defaults_follow_the_type():
    limit = read_order_form(LIMIT | {"timestamp": "1", "recvWindow": "5000", "signature": "x"})
    assert (limit.response_type, limit.stp_mode) == ("FULL", "EXPIRE_MAKER")
    maker = {k: v for k, v in LIMIT.items() if k != "timeInForce"} | {"type": "LIMIT_MAKER"}
    assert read_order_form(maker).response_type == "ACK"
    assert read_order_form(MARKET).time_in_force == "GTC"


def test_zeros_behind_the_eighth_place_are_no_precision():
    assert read_order_form(LIMIT | {"quantity": "1.0000000000"}).quantity_e8 == 10**8
