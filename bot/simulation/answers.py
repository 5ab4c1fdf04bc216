"""The forms in which Binance's REST API shows an order (rest-api.md)."""

from typing import Any

from bot.simulation.fixedpoint import text
from bot.simulation.orders import Order

__all__ = ["ack", "amended", "canceled", "queried", "result"]


def ack(order: Order) -> dict[str, Any]:
    """The ACK answer to placing it."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": order.time_ms,
    }


def result(order: Order) -> dict[str, Any]:
    """The RESULT answer to placing it."""
    return {
        **ack(order),
        **_amounts(order),
        **_conditions(order),
        "workingTime": order.working_ms,
        "selfTradePreventionMode": order.stp_mode,
        **({"tradeGroupId": order.trade_group} if order.trade_group >= 0 else {}),
        **_optional(order),
    }


def canceled(order: Order, cancel_id: str) -> dict[str, Any]:
    """The answer to its cancellation."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": cancel_id,
        "transactTime": order.update_ms,
        **_amounts(order),
        **_conditions(order),
        "selfTradePreventionMode": order.stp_mode,
        **_optional(order),
    }


def queried(order: Order) -> dict[str, Any]:
    """The answer to a query for it."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
        "price": text(order.price_e8),
        "origQty": text(order.quantity_e8),
        "executedQty": text(order.executed_e8),
        "cummulativeQuoteQty": text(order.quote_e8),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "side": order.side,
        **_conditions(order),
        "stopPrice": text(order.stop_e8),
        "icebergQty": text(order.iceberg_e8),
        "time": order.time_ms,
        "updateTime": order.update_ms,
        "isWorking": order.is_working,
        "workingTime": order.working_ms,
        "origQuoteOrderQty": text(order.quote_wanted_e8),
        "selfTradePreventionMode": order.stp_mode,
        **_optional(order),
    }


def amended(order: Order, former_id: str) -> dict[str, Any]:
    """``amendedOrder`` of the answer to an amendment, whose keys are not those of the others."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "origClientOrderId": former_id,
        "clientOrderId": order.client_order_id,
        "price": text(order.price_e8),
        "qty": text(order.quantity_e8),
        "executedQty": text(order.executed_e8),
        "preventedQty": text(order.prevented_e8),
        "quoteOrderQty": text(order.quote_wanted_e8),
        "cumulativeQuoteQty": text(order.quote_e8),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "side": order.side,
        **_conditions(order),
        "workingTime": order.working_ms,
        "selfTradePreventionMode": order.stp_mode,
    }


def _amounts(order: Order) -> dict[str, Any]:
    # The pending order of an OPO list has no quantity yet.
    quantity = {"origQty": text(order.quantity_e8)} if order.quantity_e8 else {}
    return {
        "price": text(order.price_e8),
        **quantity,
        "executedQty": text(order.executed_e8),
        "origQuoteOrderQty": text(order.quote_wanted_e8),
        "cummulativeQuoteQty": text(order.quote_e8),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "side": order.side,
    }


def _conditions(order: Order) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if order.stop_e8:
        extra["stopPrice"] = text(order.stop_e8)
    if order.trailing_delta is not None:
        extra["trailingDelta"] = order.trailing_delta
        extra["trailingTime"] = order.trailing_ms
    if order.iceberg_e8:
        extra["icebergQty"] = text(order.iceberg_e8)
    if order.peg_type:
        extra["pegPriceType"] = order.peg_type
        if order.peg_offset is not None:
            extra["pegOffsetType"] = "PRICE_LEVEL"
            extra["pegOffsetValue"] = order.peg_offset
        if order.pegged_e8:
            extra["peggedPrice"] = text(order.pegged_e8)
    return extra


def _optional(order: Order) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if order.strategy_id is not None:
        extra["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        extra["strategyType"] = order.strategy_type
    if order.prevented_id is not None:
        extra["preventedMatchId"] = order.prevented_id
        extra["preventedQuantity"] = text(order.prevented_e8)
    if order.used_sor:
        extra["usedSor"] = True
        extra["workingFloor"] = order.working_floor or "SOR"
    if order.expiry_reason:
        extra["expiryReason"] = order.expiry_reason
    return extra
