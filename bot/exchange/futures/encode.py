"""Orders of futures as request parameters.

Source: Binance USDⓈ-M documentation, "New Order", "New Algo Order", "Modify Order"; COIN-M takes
the same names since 2026-06-30.
"""

from decimal import Decimal
from typing import Final

from bot.domain.commands import AmendOrder, SubmitOrder
from bot.domain.terms import PositionSide, TriggerBy
from bot.domain.values import MS_NS, OrderType, TimeInForce, as_fixed

__all__ = ["FUTURES_TYPES", "amend_params", "futures_type", "order_params", "order_request"]

FUTURES_TYPES: Final = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    # With time in force GTX.
    OrderType.LIMIT_MAKER: "LIMIT",
    OrderType.STOP_MARKET: "STOP_MARKET",
    OrderType.STOP_LIMIT: "STOP",
    OrderType.TAKE_PROFIT_MARKET: "TAKE_PROFIT_MARKET",
    OrderType.TAKE_PROFIT_LIMIT: "TAKE_PROFIT",
    OrderType.TRAILING_STOP_MARKET: "TRAILING_STOP_MARKET",
}
"""Our name of an order type to Binance futures'."""

_OURS: Final = {name: kind for kind, name in reversed(FUTURES_TYPES.items())}
_POST_ONLY: Final = "GTX"
_BIPS_A_PERCENT: Final = 100


def futures_type(name: str, time_in_force: str = "") -> str:
    """Binance's name of an order type as ours; one that we do not know stays as it is."""
    if name == "LIMIT" and time_in_force == _POST_ONLY:
        return OrderType.LIMIT_MAKER.value
    kind = _OURS.get(name)
    return name if kind is None else kind.value


def order_request(command: SubmitOrder) -> str:
    """The WebSocket-API method: conditional orders wait in a service of their own."""
    return "algoOrder.place" if command.order_type.is_conditional else "order.place"


def order_params(command: SubmitOrder) -> dict[str, str]:
    """Parameters of ``order.place`` or ``algoOrder.place``: fixed notation, our own id."""
    params = {
        "symbol": command.symbol,
        "side": command.side.value,
        "type": FUTURES_TYPES[command.order_type],
    }
    if command.order_type.is_conditional:
        params |= {"algoType": "CONDITIONAL", "clientAlgoId": command.client_order_id}
        params |= _condition(command)
    else:
        params |= {"newClientOrderId": command.client_order_id, "newOrderRespType": "RESULT"}
    if not command.terms.close_position:
        params["quantity"] = as_fixed(command.quantity)
    return params | _price(command) | _terms(command)


def amend_params(command: AmendOrder) -> dict[str, str]:
    """Parameters of ``order.modify``: both quantity and price are always needed.

    Raises:
        ValueError: the price was not said.
    """
    if command.price is None:
        raise ValueError("futures change an order by quantity and price, and no price is given")
    return {
        "symbol": command.symbol,
        "origClientOrderId": command.client_order_id,
        "side": command.side.value,
        "quantity": as_fixed(command.quantity),
        "price": as_fixed(command.price),
    }


def _price(command: SubmitOrder) -> dict[str, str]:
    if command.price is None or command.order_type.is_market:
        return {}
    kind, terms = command.order_type, command.terms
    params = {"price": as_fixed(command.price)}
    params["timeInForce"] = (
        _POST_ONLY if kind is OrderType.LIMIT_MAKER else command.time_in_force.value
    )
    if command.time_in_force is TimeInForce.GTD and terms.good_till_ns is not None:
        params["goodTillDate"] = str(terms.good_till_ns // MS_NS)
    return params


def _terms(command: SubmitOrder) -> dict[str, str]:
    terms, params = command.terms, {}
    if terms.position_side is not PositionSide.BOTH:
        # In hedge mode the side says what is closed, and reduceOnly is refused (-1106).
        params["positionSide"] = terms.position_side.value
    elif terms.reduce_only and not terms.close_position:
        params["reduceOnly"] = "true"
    if terms.self_trade_prevention:
        params["selfTradePreventionMode"] = terms.self_trade_prevention
    return params


def _condition(command: SubmitOrder) -> dict[str, str]:
    terms, params = command.terms, {}
    if command.order_type is OrderType.TRAILING_STOP_MARKET:
        params["callbackRate"] = as_fixed(Decimal(terms.trailing_bips or 0) / _BIPS_A_PERCENT)
        if terms.activation_price is not None:
            params["activatePrice"] = as_fixed(terms.activation_price)
    elif terms.trigger_price is not None:
        params["triggerPrice"] = as_fixed(terms.trigger_price)
    params["workingType"] = "MARK_PRICE" if terms.trigger_by is TriggerBy.MARK else "CONTRACT_PRICE"
    if terms.price_protect:
        params["priceProtect"] = "true"
    if terms.close_position:
        params["closePosition"] = "true"
    return params
