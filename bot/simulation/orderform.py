"""What a client writes on the order form, read and checked before the book sees it."""

from dataclasses import dataclass
from typing import Final

from bot.simulation.errors import FILTER_FAILURE, ApiError
from bot.simulation.orders import is_algo, is_priceless
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
_NOT_FOR: Final = {
    "LIMIT": ("quoteOrderQty", "stopPrice", "trailingDelta"),
    "LIMIT_MAKER": ("timeInForce", "quoteOrderQty", "stopPrice", "trailingDelta"),
    "MARKET": ("timeInForce", "price", "stopPrice", "trailingDelta", "icebergQty"),
    "STOP_LOSS": ("timeInForce", "price", "quoteOrderQty", "icebergQty"),
    "TAKE_PROFIT": ("timeInForce", "price", "quoteOrderQty", "icebergQty"),
    "STOP_LOSS_LIMIT": ("quoteOrderQty",),
    "TAKE_PROFIT_LIMIT": ("quoteOrderQty",),
}
_TIMED: Final = frozenset({"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
_MIN_STRATEGY_TYPE: Final = 1_000_000
_MOST_LEVELS: Final = 100


@dataclass(frozen=True, slots=True)
class OrderForm:
    """A well-formed wish; amounts in units of 1e-8."""

    symbol: str
    is_buy: bool
    order_type: str
    time_in_force: str
    price_e8: int
    """0 for orders that trade at any price, and for pegged ones."""
    quantity_e8: int
    """0 if a quote amount was given instead."""
    quote_e8: int
    client_order_id: str | None
    response_type: str
    stp_mode: str
    strategy_id: int | None
    strategy_type: int | None
    stop_e8: int = 0
    trailing_delta: int | None = None
    iceberg_e8: int = 0
    peg_type: str = ""
    peg_offset: int | None = None
    used_sor: bool = False


def read_order_form(params: Params, *, without_quantity: bool = False) -> OrderForm:
    """The form of ``POST /api/v3/order``; ``without_quantity`` for the pending order of OPO.

    Raises:
        ApiError: as Binance words it.
    """
    check_known(params, _KNOWN)
    symbol = required(params, "symbol")
    side = required(params, "side")
    if side not in {"BUY", "SELL"}:
        raise ApiError.bad_request(-1117, "Invalid side.")
    order_type = required(params, "type")
    if order_type not in _NOT_FOR:
        raise ApiError.bad_request(-1116, "Invalid orderType.")
    for name in _NOT_FOR[order_type]:
        if name in params:
            raise ApiError.not_required(name)
    strategy_type = integer(params, "strategyType")
    if strategy_type is not None and strategy_type < _MIN_STRATEGY_TYPE:
        raise ApiError.bad_request(-1134, "strategyType was less than 1000000.")
    peg_type, peg_offset = _peg(params, order_type)
    quantity, quote = _quantities(params, order_type, optional_=without_quantity)
    stop, trailing = _trigger(params, order_type)
    return OrderForm(
        symbol=symbol,
        is_buy=side == "BUY",
        order_type=order_type,
        time_in_force=_time_in_force(params, order_type),
        price_e8=_price(params, order_type, is_pegged=bool(peg_type)),
        quantity_e8=quantity,
        quote_e8=quote,
        client_order_id=client_id(params, "newClientOrderId"),
        response_type=_response_type(params, order_type),
        stp_mode=_stp_mode(params),
        strategy_id=integer(params, "strategyId"),
        strategy_type=strategy_type,
        stop_e8=stop,
        trailing_delta=trailing,
        iceberg_e8=_iceberg(params, quantity),
        peg_type=peg_type,
        peg_offset=peg_offset,
    )


def _price(params: Params, order_type: str, *, is_pegged: bool) -> int:
    if is_priceless(order_type):
        return 0
    price = amount(params, "price")
    if price is None:
        if is_pegged:
            return 0
        raise ApiError.missing("price")
    if not price:
        raise ApiError.bad_request(FILTER_FAILURE, "Invalid price.")
    return price


def _quantities(params: Params, order_type: str, *, optional_: bool) -> tuple[int, int]:
    """(quantity, quote amount)."""
    quantity = amount(params, "quantity")
    quote = amount(params, "quoteOrderQty")
    if quantity is None and quote is None and not optional_:
        if order_type == "MARKET":
            raise ApiError.missing_both("quantity", "quoteOrderQty")
        raise ApiError.missing("quantity")
    if quantity is not None and quote is not None:
        raise ApiError.not_required("quoteOrderQty")
    if quantity == 0:
        raise ApiError.bad_request(FILTER_FAILURE, "Invalid quantity.")
    if quote == 0:
        raise ApiError.bad_request(FILTER_FAILURE, "Invalid quote order qty.")
    return quantity or 0, quote or 0


def _trigger(params: Params, order_type: str) -> tuple[int, int | None]:
    """(stop price, trailing delta)."""
    stop, trailing = amount(params, "stopPrice"), integer(params, "trailingDelta")
    if not is_algo(order_type):
        return 0, None
    if stop is None and trailing is None:
        raise ApiError.missing_both("stopPrice", "trailingDelta")
    if stop == 0:
        raise ApiError.bad_request(FILTER_FAILURE, "Invalid stop price.")
    return stop or 0, trailing


def _iceberg(params: Params, quantity: int) -> int:
    iceberg = amount(params, "icebergQty") or 0
    if not iceberg:
        return 0
    if params.get("timeInForce", "GTC") != "GTC":
        raise ApiError.order_rejected("Unsupported order combination")
    if quantity and iceberg > quantity:
        raise ApiError.order_rejected("IcebergQty exceeds QTY.")
    return iceberg


def _peg(params: Params, order_type: str) -> tuple[str, int | None]:
    """(which side's best price, how many levels from it)."""
    peg_type = optional(params, "pegPriceType")
    offset_type = optional(params, "pegOffsetType")
    offset = integer(params, "pegOffsetValue")
    if peg_type is None:
        for name in ("pegOffsetType", "pegOffsetValue"):
            if name in params:
                raise ApiError.not_required(name)
        return "", None
    _check_peg(peg_type, order_type, params.get("timeInForce", "GTC"))
    if (offset_type is None) != (offset is None):
        raise ApiError.missing("pegOffsetType" if offset_type is None else "pegOffsetValue")
    if offset_type is not None and offset_type != "PRICE_LEVEL":
        raise ApiError.bad_request(-1211, "Invalid pegOffsetType.")
    if offset is not None and offset > _MOST_LEVELS:
        raise ApiError.invalid("pegOffsetValue")
    return peg_type, offset


def _check_peg(peg_type: str, order_type: str, time_in_force: str) -> None:
    if peg_type not in {"PRIMARY_PEG", "MARKET_PEG"}:
        raise ApiError.bad_request(-1210, "Invalid pegPriceType.")
    if is_priceless(order_type):
        raise ApiError.order_rejected("This order type may not use pegged price.")
    primary = peg_type == "PRIMARY_PEG"
    if (order_type == "LIMIT_MAKER" and not primary) or (
        order_type == "LIMIT" and primary and time_in_force != "GTC"
    ):
        raise ApiError.order_rejected("This price peg cannot be used with this order type.")


def _time_in_force(params: Params, order_type: str) -> str:
    if order_type not in _TIMED:
        return "GTC"
    value = required(params, "timeInForce")
    if value not in {"GTC", "IOC", "FOK"}:
        raise ApiError.bad_request(-1115, "Invalid timeInForce.")
    return value


def _response_type(params: Params, order_type: str) -> str:
    value = optional(params, "newOrderRespType")
    if value is None:
        return "FULL" if order_type in {"LIMIT", "MARKET"} else "ACK"
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
