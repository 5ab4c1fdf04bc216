"""The forms of order lists: each leg is an order form under names of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.simulation.errors import ApiError
from bot.simulation.orderform import OrderForm, read_order_form
from bot.simulation.parameters import Params, check_known, client_id, required

__all__ = [
    "ListForm",
    "read_legacy_oco",
    "read_oco",
    "read_opo",
    "read_opoco",
    "read_oto",
    "read_otoco",
]

_SHARED: Final = ("symbol", "newOrderRespType", "selfTradePreventionMode")
_LEG: Final = {
    "newClientOrderId": "ClientOrderId",
    "price": "Price",
    "stopPrice": "StopPrice",
    "trailingDelta": "TrailingDelta",
    "icebergQty": "IcebergQty",
    "timeInForce": "TimeInForce",
    "strategyId": "StrategyId",
    "strategyType": "StrategyType",
    "pegPriceType": "PegPriceType",
    "pegOffsetType": "PegOffsetType",
    "pegOffsetValue": "PegOffsetValue",
}


@dataclass(frozen=True, slots=True)
class ListForm:
    """A well-formed list. ``legs`` stand in the order in which they get their ids."""

    symbol: str
    client_id: str | None
    contingency: str
    legs: tuple[OrderForm, ...]
    pays_pending: bool
    response_type: str

    @property
    def pair(self) -> tuple[OrderForm, ...]:
        """The legs of which only one may trade."""
        pair = self.legs if self.contingency == "OCO" else self.legs[1:]
        return pair if len(pair) > 1 else ()

    @property
    def features(self) -> list[str]:
        """What the symbol must support for it."""
        first = "opo" if self.pays_pending else self.contingency.lower()
        return [first, "oco"] if self.pair and first != "oco" else [first]


def read_oco(params: Params) -> ListForm:
    """``POST /api/v3/orderList/oco``."""
    names = [_names(prefix, side="side", quantity="quantity") for prefix in ("above", "below")]
    above, below = _legs(params, names)
    return _form(params, "OCO", _pair(above, below))


def read_legacy_oco(params: Params) -> ListForm:
    """``POST /api/v3/order/oco``: a limit leg and a stop leg."""
    shared = {name: name for name in (*_SHARED, "side", "quantity")}
    limit = shared | {name: f"limit{suffix}" for name, suffix in _LEG.items()} | {"price": "price"}
    stop = shared | {name: f"stop{suffix}" for name, suffix in _LEG.items()}
    stop |= {"price": "stopLimitPrice", "timeInForce": "stopLimitTimeInForce"}
    stop |= {"stopPrice": "stopPrice", "trailingDelta": "trailingDelta"}
    _check_names(params, [limit, stop])
    stop_type = "STOP_LOSS_LIMIT" if "stopLimitPrice" in params else "STOP_LOSS"
    if stop_type == "STOP_LOSS_LIMIT" and not params.get("stopLimitTimeInForce"):
        raise ApiError.missing("stopLimitTimeInForce")
    legs = (_leg(params, stop, stop_type), _leg(params, limit, "LIMIT_MAKER"))
    return _form(params, "OCO", legs)


def read_oto(params: Params) -> ListForm:
    """``POST /api/v3/orderList/oto``."""
    legs = _legs(params, [_own("working"), _own("pending")])
    _check_working(legs[0])
    return _form(params, "OTO", legs)


def read_otoco(params: Params) -> ListForm:
    """``POST /api/v3/orderList/otoco``."""
    working, above, below = _legs(params, [_own("working"), *_pending_pair("pendingQuantity")])
    _check_working(working)
    return _form(params, "OTO", (working, *_pair(above, below)))


def read_opo(params: Params) -> ListForm:
    """``POST /api/v3/orderList/opo``: an OTO whose pending order sells what was bought."""
    pending = _names("pending", side="pendingSide")
    legs = _legs(params, [_own("working"), pending])
    return _paying(params, legs)


def read_opoco(params: Params) -> ListForm:
    """``POST /api/v3/orderList/opoco``."""
    working, above, below = _legs(params, [_own("working"), *_pending_pair()])
    return _paying(params, (working, *_pair(above, below)))


def _paying(params: Params, legs: tuple[OrderForm, ...]) -> ListForm:
    _check_working(legs[0])
    if not legs[0].is_buy:
        raise ApiError.bad_request(-1222, "Working order in an OPO list must be a bid.")
    if any(leg.is_buy for leg in legs[1:]):
        raise ApiError.bad_request(-1223, "Pending orders in an OPO list must be asks.")
    return replace(_form(params, "OTO", legs), pays_pending=True)


# --- legs --------------------------------------------------------------------------------


def _names(prefix: str, *, side: str, quantity: str = "") -> dict[str, str]:
    """The name in an order form -> the name in the list form."""
    names = {name: name for name in _SHARED} | {"side": side, "type": f"{prefix}Type"}
    if quantity:
        names["quantity"] = quantity
    return names | {name: prefix + suffix for name, suffix in _LEG.items()}


def _own(prefix: str) -> dict[str, str]:
    """A leg with a side and a quantity of its own."""
    return _names(prefix, side=f"{prefix}Side", quantity=f"{prefix}Quantity")


def _pending_pair(quantity: str = "") -> list[dict[str, str]]:
    return [
        _names(prefix, side="pendingSide", quantity=quantity)
        for prefix in ("pendingAbove", "pendingBelow")
    ]


def _legs(params: Params, names: list[dict[str, str]]) -> tuple[OrderForm, ...]:
    _check_names(params, names)
    return tuple(_leg(params, one, required(params, one["type"])) for one in names)


def _check_names(params: Params, names: list[dict[str, str]]) -> None:
    known = {sent for one in names for sent in one.values()}
    check_known(params, frozenset(known | {"listClientOrderId"}))


def _leg(params: Params, names: Mapping[str, str], order_type: str) -> OrderForm:
    plain = {name: params[sent] for name, sent in names.items() if sent in params}
    try:
        form = read_order_form(
            plain | {"type": order_type}, without_quantity="quantity" not in names
        )
    except ApiError as refused:
        raise _renamed(refused, names) from None
    if form.quote_e8:
        raise ApiError.not_required("quoteOrderQty")
    return form


def _renamed(refused: ApiError, names: Mapping[str, str]) -> ApiError:
    """The refusal, with the name that was sent."""
    msg = refused.msg
    for name, sent in names.items():
        msg = msg.replace(f"'{name}'", f"'{sent}'")
    return ApiError(refused.status, refused.code, msg)


def _check_working(form: OrderForm) -> None:
    if form.order_type not in {"LIMIT", "LIMIT_MAKER"}:
        raise ApiError.bad_request(-1116, "Invalid orderType.")


def _pair(above: OrderForm, below: OrderForm) -> tuple[OrderForm, ...]:
    """Both legs, the stop loss first; refused if they do not make a pair (errors.md, -11xx)."""
    for leg in (above, below):
        if leg.order_type in {"LIMIT", "MARKET"}:
            raise ApiError.bad_request(-1158, "Order type not supported in OCO.")
    if above.order_type == below.order_type == "LIMIT_MAKER":
        raise ApiError.bad_request(-1168, "At least one OCO order must be contingent.")
    if above.is_buy:
        _refuse_kind(above, "LIMIT_MAKER", -1165, "A limit order in a buy OCO must be below.")
        _refuse_kind(below, "STOP_LOSS", -1196, "A stop loss order in a buy OCO must be above.")
        _refuse_kind(above, "TAKE_PROFIT", -1198, "A take profit order in a buy OCO must be below.")
        return above, below
    _refuse_kind(below, "LIMIT_MAKER", -1166, "A limit order in a sell OCO must be above.")
    _refuse_kind(above, "STOP_LOSS", -1197, "A stop loss order in a sell OCO must be below.")
    _refuse_kind(below, "TAKE_PROFIT", -1199, "A take profit order in a sell OCO must be above.")
    return below, above


def _refuse_kind(leg: OrderForm, kind: str, code: int, msg: str) -> None:
    if leg.order_type.startswith(kind):
        raise ApiError.bad_request(code, msg)


def _form(params: Params, contingency: str, legs: tuple[OrderForm, ...]) -> ListForm:
    sent = "newOrderRespType" in params
    return ListForm(
        symbol=legs[0].symbol,
        client_id=client_id(params, "listClientOrderId"),
        contingency=contingency,
        legs=legs,
        pays_pending=False,
        response_type=legs[0].response_type if sent else "RESULT",
    )
