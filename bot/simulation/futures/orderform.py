"""What a client writes on a futures order form, read before the contract's rules see it."""

import re
from dataclasses import dataclass, replace
from typing import Final

from bot.simulation.errors import ApiError
from bot.simulation.futures.contracts import TIMES_IN_FORCE
from bot.simulation.futures.pricematch import NO_MATCH, read_price_match
from bot.simulation.parameters import Params, amount, integer, optional, required

__all__ = ["OrderForm", "flag", "own_id", "read_order_form", "read_side"]

CONDITIONAL: Final = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_MATCHED: Final = frozenset({"LIMIT"})
_STP_MODES: Final = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})
_OWN_ID: Final = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
_GTD_LEAST_MS: Final = 600_000
_GTD_END_MS: Final = 253_402_300_799_000
_TOGGLES: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """A well-formed wish; amounts in units of 1e-8."""

    symbol: str
    is_buy: bool
    order_type: str
    position_side: str | None = None
    """As sent."""
    time_in_force: str = "GTC"
    price_e8: int = 0
    quantity_e8: int = 0
    reduce_only: bool | None = None
    """As sent."""
    close_position: bool = False
    own_id: str | None = None
    response_type: str = "ACK"
    stp_mode: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    original_type: str = ""
    stop_price_e8: int = 0
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    algo_id: int = 0
    price_match: str = NO_MATCH

    def without_reduce_only(self) -> "OrderForm":
        """In hedge mode the side says it."""
        return replace(self, reduce_only=None)

    def at_price(self, price_e8: int) -> "OrderForm":
        """With the price that the book had for it."""
        return replace(self, price_e8=price_e8)


def read_order_form(params: Params, now_ms: int) -> OrderForm:
    """The form of ``POST /fapi/v1/order``. Unknown parameters are ignored, as on futures.

    Raises:
        ApiError: as Binance words it.
    """
    symbol = required(params, "symbol")
    is_buy = read_side(params)
    order_type = required(params, "type")
    if order_type in CONDITIONAL:
        msg = (
            "Order type not supported for this endpoint. Please use the Algo Order API endpoints "
            "instead."
        )
        raise ApiError.bad_request(-4120, msg)
    if order_type not in {"LIMIT", "MARKET"}:
        raise ApiError.bad_request(-1116, "Invalid orderType.")
    quantity = amount(params, "quantity")
    if quantity is None:
        raise ApiError.missing("quantity")
    time_in_force, price = "GTC", 0
    match = read_price_match(params, order_type, _MATCHED)
    if order_type == "LIMIT":
        time_in_force = read_time_in_force(params)
        price = read_price(params) if match == NO_MATCH else 0
    elif optional(params, "timeInForce") is not None:
        raise ApiError.not_required("timeInForce")
    elif optional(params, "price") is not None:
        raise ApiError.not_required("price")
    return OrderForm(
        symbol=symbol,
        is_buy=is_buy,
        order_type=order_type,
        position_side=optional(params, "positionSide"),
        time_in_force=time_in_force,
        price_e8=price,
        quantity_e8=quantity,
        reduce_only=flag(params, "reduceOnly"),
        own_id=own_id(params, "newClientOrderId"),
        response_type=_response_type(params),
        stp_mode=read_stp_mode(params),
        good_till_ms=read_good_till(params, time_in_force, now_ms),
        price_match=match,
    )


def read_side(params: Params) -> bool:
    """Whether ``side`` is BUY."""
    side = required(params, "side")
    if side not in {"BUY", "SELL"}:
        raise ApiError.bad_request(-1117, "Invalid side.")
    return side == "BUY"


def read_price(params: Params, name: str = "price") -> int:
    """A mandatory price."""
    price = amount(params, name)
    if price is None:
        raise ApiError.missing(name)
    if not price:
        raise ApiError.bad_request(-4001, "Price less than 0.")
    return price


def read_time_in_force(params: Params, default: str | None = None) -> str:
    """``timeInForce``; mandatory without a default."""
    value = params.get("timeInForce") or default or required(params, "timeInForce")
    if value not in TIMES_IN_FORCE:
        raise ApiError.bad_request(-1115, "Invalid timeInForce.")
    return value


def read_good_till(params: Params, time_in_force: str, now_ms: int) -> int:
    """``goodTillDate`` of a GTD order, in whole seconds; 0 for the others."""
    if time_in_force != "GTD":
        return 0
    value = integer(params, "goodTillDate")
    if value is None:
        raise ApiError.missing("goodTillDate")
    if not now_ms + _GTD_LEAST_MS < value < _GTD_END_MS:
        msg = (
            "The goodTillDate timestamp must be greater than the current time plus 600 seconds "
            f"and smaller than {_GTD_END_MS}"
        )
        raise ApiError.bad_request(-5040, msg)
    return value // 1000 * 1000


def read_stp_mode(params: Params) -> str:
    """``selfTradePreventionMode``."""
    value = optional(params, "selfTradePreventionMode") or "EXPIRE_MAKER"
    if value not in _STP_MODES:
        raise ApiError.bad_request(-5039, "Invalid self trade prevention mode")
    return value


def flag(params: Params, name: str) -> bool | None:
    """A boolean as Binance takes it; None if it was not sent."""
    value = optional(params, name)
    if value is None:
        return None
    found = _TOGGLES.get(value.lower())
    if found is None:
        raise ApiError.invalid(name)
    return found


def own_id(params: Params, name: str) -> str | None:
    """A client order id that the caller chose (-4015)."""
    value = optional(params, name)
    if value is not None and not _OWN_ID.match(value):
        raise ApiError.bad_request(-4015, "Client order id is not valid.")
    return value


def _response_type(params: Params) -> str:
    value = optional(params, "newOrderRespType") or "ACK"
    if value not in {"ACK", "RESULT"}:
        raise ApiError.bad_request(-1136, "Invalid newOrderRespType.")
    return value
