"""What a client writes on the order form, read and checked before the book sees it."""

from dataclasses import dataclass
from typing import Final

from bot.simulation.errors import FILTER_FAILURE, ApiError
from bot.simulation.parameters import (
    Params,
    amount,
    check_known,
    client_id,
    integer,
    optional,
    required,
)
from bot.simulation.rules import DEFAULT_STP, STP_MODES

__all__ = ["OrderForm", "read_order_form"]

_KNOWN: Final = frozenset(
    {
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "quoteOrderQty",
        "price",
        "newClientOrderId",
        "strategyId",
        "strategyType",
        "stopPrice",
        "trailingDelta",
        "icebergQty",
        "newOrderRespType",
        "selfTradePreventionMode",
        "pegPriceType",
        "pegOffsetValue",
        "pegOffsetType",
        "computeCommissionRates",
    }
)
_UNSUPPORTED: Final = {
    "STOP_LOSS": "Stop loss orders are not supported for this symbol.",
    "STOP_LOSS_LIMIT": "Stop loss limit orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
}
_UNSUPPORTED_EXTRA: Final = {
    "icebergQty": "Iceberg orders are not supported for this symbol.",
    "trailingDelta": "Trailing stop orders are not supported for this symbol.",
    "pegPriceType": "Pegged orders are not supported for this symbol.",
}
_NOT_FOR: Final = {
    "LIMIT": ("quoteOrderQty", "stopPrice"),
    "LIMIT_MAKER": ("timeInForce", "quoteOrderQty", "stopPrice"),
    "MARKET": ("timeInForce", "price", "stopPrice"),
}
_MIN_STRATEGY_TYPE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class OrderForm:
    """A well-formed wish; amounts in units of 1e-8."""

    symbol: str
    is_buy: bool
    order_type: str
    time_in_force: str
    price_e8: int
    """0 for MARKET."""
    quantity_e8: int
    """0 if a quote amount was given instead."""
    quote_e8: int
    client_order_id: str | None
    response_type: str
    stp_mode: str
    strategy_id: int | None
    strategy_type: int | None


def read_order_form(params: Params) -> OrderForm:
    """The form of ``POST /api/v3/order``.

    Raises:
        ApiError: as Binance words it.
    """
    check_known(params, _KNOWN)
    symbol = required(params, "symbol")
    side = required(params, "side")
    if side not in {"BUY", "SELL"}:
        raise ApiError.bad_request(-1117, "Invalid side.")
    order_type = required(params, "type")
    if order_type in _UNSUPPORTED:
        raise ApiError.order_rejected(_UNSUPPORTED[order_type])
    if order_type not in _NOT_FOR:
        raise ApiError.bad_request(-1116, "Invalid orderType.")
    for name in _NOT_FOR[order_type]:
        if name in params:
            raise ApiError.not_required(name)
    for name, refusal in _UNSUPPORTED_EXTRA.items():
        if name in params:
            raise ApiError.order_rejected(refusal)
    strategy_type = integer(params, "strategyType")
    if strategy_type is not None and strategy_type < _MIN_STRATEGY_TYPE:
        raise ApiError.bad_request(-1134, "strategyType was less than 1000000.")
    price, quantity, quote = _amounts(params, order_type)
    return OrderForm(
        symbol=symbol,
        is_buy=side == "BUY",
        order_type=order_type,
        time_in_force=_time_in_force(params, order_type),
        price_e8=price,
        quantity_e8=quantity,
        quote_e8=quote,
        client_order_id=client_id(params, "newClientOrderId"),
        response_type=_response_type(params, order_type),
        stp_mode=_stp_mode(params),
        strategy_id=integer(params, "strategyId"),
        strategy_type=strategy_type,
    )


def _amounts(params: Params, order_type: str) -> tuple[int, int, int]:
    """(price, quantity, quote amount)."""
    price = amount(params, "price")
    quantity = amount(params, "quantity")
    quote = amount(params, "quoteOrderQty")
    if order_type == "MARKET":
        if quantity is None and quote is None:
            msg = "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"
            raise ApiError.bad_request(-1102, msg)
        if quantity is not None and quote is not None:
            raise ApiError.not_required("quoteOrderQty")
    else:
        if order_type == "LIMIT" and not params.get("timeInForce"):
            raise ApiError.missing("timeInForce")
        if quantity is None:
            raise ApiError.missing("quantity")
        if price is None:
            raise ApiError.missing("price")
        if not price:
            raise ApiError.bad_request(FILTER_FAILURE, "Invalid price.")
    if quantity == 0:
        raise ApiError.bad_request(FILTER_FAILURE, "Invalid quantity.")
    if quote == 0:
        raise ApiError.bad_request(FILTER_FAILURE, "Invalid quote order qty.")
    return price or 0, quantity or 0, quote or 0


def _time_in_force(params: Params, order_type: str) -> str:
    if order_type != "LIMIT":
        return "GTC"
    value = required(params, "timeInForce")
    if value not in {"GTC", "IOC", "FOK"}:
        raise ApiError.bad_request(-1115, "Invalid timeInForce.")
    return value


def _response_type(params: Params, order_type: str) -> str:
    value = optional(params, "newOrderRespType")
    if value is None:
        return "ACK" if order_type == "LIMIT_MAKER" else "FULL"
    if value not in {"ACK", "RESULT", "FULL"}:
        raise ApiError.invalid("newOrderRespType")
    return value


def _stp_mode(params: Params) -> str:
    value = optional(params, "selfTradePreventionMode")
    if value is None:
        return DEFAULT_STP
    if value != "NONE" and value not in STP_MODES:
        raise ApiError.invalid("selfTradePreventionMode")
    return value
