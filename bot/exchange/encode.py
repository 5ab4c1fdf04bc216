"""Orders as request parameters. Source: Binance spot documentation, "New order", "Order lists".

REST and the WebSocket API take the same names, so one encoding serves both.
"""

from typing import Final

from bot.domain.commands import AmendOrder, ReplaceOrder, SubmitList, SubmitOrder
from bot.domain.terms import Contingency, ListRole
from bot.domain.values import OrderType, Side, as_fixed

__all__ = [
    "SPOT_TYPES",
    "amend_params",
    "list_params",
    "list_request",
    "order_params",
    "replace_params",
    "spot_type",
]

SPOT_TYPES: Final = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.LIMIT_MAKER: "LIMIT_MAKER",
    OrderType.STOP_MARKET: "STOP_LOSS",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.TAKE_PROFIT_MARKET: "TAKE_PROFIT",
    OrderType.TAKE_PROFIT_LIMIT: "TAKE_PROFIT_LIMIT",
    # With a trailingDelta, which makes it follow the market.
    OrderType.TRAILING_STOP_MARKET: "STOP_LOSS",
}
"""Our name of an order type to Binance spot's."""

_OURS: Final = {name: kind for kind, name in reversed(SPOT_TYPES.items())}
_TIMED: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT})
"""Types that need a time in force."""


def spot_type(name: str, *, trailing: bool = False) -> str:
    """Binance's name of an order type as ours; one that we do not know stays as it is."""
    if trailing and name == "STOP_LOSS":
        return OrderType.TRAILING_STOP_MARKET.value
    kind = _OURS.get(name)
    return name if kind is None else kind.value


def order_params(command: SubmitOrder) -> dict[str, str]:
    """Parameters of ``order.place``: fixed notation, our own id, a full answer."""
    params = {
        "symbol": command.symbol,
        "side": command.side.value,
        "type": SPOT_TYPES[command.order_type],
        "newClientOrderId": command.client_order_id,
        "newOrderRespType": "FULL",
    }
    if command.terms.quote_quantity is not None:
        params["quoteOrderQty"] = as_fixed(command.terms.quote_quantity)
    else:
        params["quantity"] = as_fixed(command.quantity)
    return params | _conditions(command)


def list_request(command: SubmitList) -> str:
    """The WebSocket-API method of the list; REST's path has the same last word."""
    words = {
        Contingency.OCO: "oco",
        Contingency.OTO: "opo" if command.of_proceeds else "oto",
        Contingency.OTOCO: "opoco" if command.of_proceeds else "otoco",
    }
    return f"orderList.place.{words[command.contingency]}"


def list_params(command: SubmitList) -> dict[str, str]:
    """Parameters of an OCO, OTO (OPO) or OTOCO (OPOCO)."""
    params = {
        "symbol": command.symbol,
        "listClientOrderId": command.list_id,
        "newOrderRespType": "FULL",
    }
    by_role = {order.terms.list_role: order for order in command.orders}
    if command.contingency is Contingency.OCO:
        first = command.orders[0]
        params |= {"side": first.side.value, "quantity": as_fixed(first.quantity)}
        return params | _pair(by_role, "")
    working = by_role[ListRole.WORKING]
    params |= _leg(working, "working") | {
        "workingSide": working.side.value,
        "workingQuantity": as_fixed(working.quantity),
    }
    later = command.orders[1]
    params["pendingSide"] = later.side.value
    if not command.of_proceeds:
        params["pendingQuantity"] = as_fixed(later.quantity)
    if command.contingency is Contingency.OTOCO:
        return params | _pair(by_role, "pending")
    return params | _leg(later, "pending")


def amend_params(command: AmendOrder) -> dict[str, str]:
    """Parameters of ``order.amend.keepPriority``; the order keeps its name."""
    return {
        "symbol": command.symbol,
        "origClientOrderId": command.client_order_id,
        "newClientOrderId": command.client_order_id,
        "newQty": as_fixed(command.quantity),
    }


def replace_params(command: ReplaceOrder) -> dict[str, str]:
    """Parameters of ``order.cancelReplace``: the new order only if the old one was cancelled."""
    return order_params(command.order) | {
        "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrigClientOrderId": command.cancel.client_order_id,
    }


def _pair(by_role: dict[ListRole | None, SubmitOrder], prefix: str) -> dict[str, str]:
    """The two of an OCO: which is above the market depends on the side."""
    profit, loss = by_role[ListRole.TAKE_PROFIT], by_role[ListRole.STOP_LOSS]
    above, below = (profit, loss) if profit.side is Side.SELL else (loss, profit)
    names = ("Above", "Below") if prefix else ("above", "below")
    return _leg(above, prefix + names[0]) | _leg(below, prefix + names[1])


def _leg(order: SubmitOrder, prefix: str) -> dict[str, str]:
    """One order of a list, its parameters under the list's prefix."""
    kind = SPOT_TYPES[order.order_type]
    if order.terms.list_role is ListRole.TAKE_PROFIT and order.order_type is OrderType.LIMIT:
        # Binance wants the profit side of an OCO to rest, which beyond the market it does.
        kind = "LIMIT_MAKER"
    fields = {"type": kind, "clientOrderId": order.client_order_id}
    fields |= _conditions(order, timed=kind != "LIMIT_MAKER")
    return {prefix + name[0].upper() + name[1:]: value for name, value in fields.items()}


def _conditions(order: SubmitOrder, *, timed: bool = True) -> dict[str, str]:
    terms, params = order.terms, {}
    if order.price is not None and not order.order_type.is_market:
        params["price"] = as_fixed(order.price)
    if order.order_type in _TIMED and timed:
        params["timeInForce"] = order.time_in_force.value
    if order.order_type is OrderType.TRAILING_STOP_MARKET:
        params["trailingDelta"] = str(terms.trailing_bips)
    trigger = terms.activation_price or terms.trigger_price
    if trigger is not None:
        params["stopPrice"] = as_fixed(trigger)
    if terms.iceberg_quantity is not None:
        params["icebergQty"] = as_fixed(terms.iceberg_quantity)
    if terms.self_trade_prevention:
        params["selfTradePreventionMode"] = terms.self_trade_prevention
    return params
