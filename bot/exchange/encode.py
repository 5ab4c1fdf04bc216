"""Orders as request parameters. Source: Binance spot documentation, "New order"."""

from bot.domain.commands import SubmitOrder
from bot.domain.values import OrderType, as_fixed

__all__ = ["order_params"]


def order_params(command: SubmitOrder) -> dict[str, str]:
    """Parameters of ``POST /api/v3/order``: fixed notation, our own id, a full answer."""
    params = {
        "symbol": command.symbol,
        "side": command.side.value,
        "type": command.order_type.value,
        "quantity": as_fixed(command.quantity),
        "newClientOrderId": command.client_order_id,
        "newOrderRespType": "FULL",
    }
    if command.price is not None and command.order_type is not OrderType.MARKET:
        params["price"] = as_fixed(command.price)
    if command.order_type is OrderType.LIMIT:
        params["timeInForce"] = command.time_in_force.value
    return params
