"""User data events, key for key and in order as Binance sends them (user-data-stream.md)."""

from typing import Any

from bot.simulation.account import ONE_PARTY, Account
from bot.simulation.fixedpoint import notional, text
from bot.simulation.orders import Order, is_priceless
from bot.simulation.prevention import PreventedMatch

__all__ = [
    "account_position",
    "balance_update",
    "execution_report",
    "external_lock",
    "prevention_report",
    "trade_report",
]

_ZERO = text(0)


def execution_report(
    order: Order,
    execution: str,
    *,
    execution_id: int,
    now_ms: int,
    cancel_id: str = "",
    former_id: str = "",
) -> dict[str, Any]:
    """NEW, REPLACED, CANCELED, REJECTED or EXPIRED.

    On a cancel the order's own client id moves from ``c`` to ``C``, and ``cancel_id``, that of
    the cancel request, is in ``c``. On an amendment ``former_id`` is in ``C``.
    """
    report = _report(order, execution, execution_id, now_ms)
    if cancel_id:
        report["c"] = cancel_id
        report["C"] = order.client_order_id
    if former_id:
        report["C"] = former_id
    if execution in {"NEW", "REPLACED"}:
        report["w"] = order.is_working
    elif order.expiry_reason:
        report["eR"] = order.expiry_reason
    return report


def trade_report(
    order: Order,
    *,
    execution_id: int,
    now_ms: int,
    trade_id: int,
    price_e8: int,
    quantity_e8: int,
    quote_e8: int,
    commission_e8: int,
    commission_asset: str,
    is_maker: bool,
    allocation_id: int = -1,
) -> dict[str, Any]:
    """TRADE: one fill, already counted into the order."""
    report = _report(order, "TRADE", execution_id, now_ms)
    report["l"] = text(quantity_e8)
    report["L"] = text(price_e8)
    report["n"] = text(commission_e8)
    report["N"] = commission_asset
    report["t"] = trade_id
    report["w"] = (
        order.is_open and not is_priceless(order.order_type) and order.time_in_force == "GTC"
    )
    report["m"] = is_maker
    report["M"] = True
    report["Y"] = text(quote_e8)
    if allocation_id >= 0:
        report["b"] = ONE_PARTY
        report["a"] = allocation_id
    return report


def prevention_report(
    order: Order,
    prevented: PreventedMatch,
    *,
    execution_id: int,
    now_ms: int,
    quantity_e8: int,
) -> dict[str, Any]:
    """TRADE_PREVENTION: a match with one's own, already counted into the order."""
    report = _report(order, "TRADE_PREVENTION", execution_id, now_ms)
    is_taker = (order.order_id, order.symbol) == (prevented.taker_order_id, prevented.symbol)
    report["w"] = order.resting is not None
    report["v"] = prevented.match_id
    report["A"] = text(order.prevented_e8)
    report["B"] = text(quantity_e8)
    report["u"] = prevented.trade_group
    report["U"] = prevented.maker_order_id if is_taker else prevented.taker_order_id
    maker_symbol = prevented.maker_symbol or prevented.symbol
    report["Cs"] = maker_symbol if is_taker else prevented.symbol
    report["pl"] = text(quantity_e8)
    report["pL"] = text(prevented.price_e8)
    report["pY"] = text(notional(prevented.price_e8, quantity_e8))
    return report


def account_position(account: Account, assets: list[str], now_ms: int) -> dict[str, Any]:
    """The balances that may have changed, absolute."""
    return {
        "e": "outboundAccountPosition",
        "E": now_ms,
        "u": account.update_ms,
        "B": [
            {"a": asset, "f": text(balance.free), "l": text(balance.locked)}
            for asset in assets
            for balance in (account.balance(asset),)
        ],
    }


def balance_update(asset: str, delta_e8: int, now_ms: int) -> dict[str, Any]:
    """A deposit or a withdrawal."""
    return {"e": "balanceUpdate", "E": now_ms, "a": asset, "d": text(delta_e8), "T": now_ms}


def external_lock(asset: str, delta_e8: int, now_ms: int) -> dict[str, Any]:
    """Funds are locked, or unlocked, for something outside of trading."""
    return {"e": "externalLockUpdate", "E": now_ms, "a": asset, "d": text(delta_e8), "T": now_ms}


def _report(order: Order, execution: str, execution_id: int, now_ms: int) -> dict[str, Any]:
    report: dict[str, Any] = {
        "e": "executionReport",
        "E": now_ms,
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.order_type,
        "f": order.time_in_force,
        "q": text(order.quantity_e8),
        "p": text(order.price_e8),
        "P": text(order.stop_e8),
        "F": text(order.iceberg_e8),
        "g": order.list_id,
        "C": "",
        "x": execution,
        "X": order.status,
        "r": order.reject_reason or "NONE",
        "i": order.order_id,
        "l": _ZERO,
        "z": text(order.executed_e8),
        "L": _ZERO,
        "n": "0",
        "N": None,
        "T": now_ms,
        "t": -1,
        "I": execution_id,
        "w": False,
        "m": False,
        "M": False,
        "O": order.time_ms,
        "Z": text(order.quote_e8),
        "Y": _ZERO,
        "Q": text(order.quote_wanted_e8),
    }
    if order.is_working:
        report["W"] = order.working_ms
    report["V"] = order.stp_mode
    if order.trailing_delta is not None:
        report["d"] = order.trailing_delta
        if order.trailing_ms >= 0:
            report["D"] = order.trailing_ms
    if order.strategy_id is not None:
        report["j"] = order.strategy_id
    if order.strategy_type is not None:
        report["J"] = order.strategy_type
    if order.peg_type:
        report["gP"] = order.peg_type
        if order.peg_offset is not None:
            report["gOT"] = "PRICE_LEVEL"
            report["gOV"] = order.peg_offset
        if order.pegged_e8:
            report["gp"] = text(order.pegged_e8)
    if order.used_sor:
        report["k"] = order.working_floor or "SOR"
        report["uS"] = True
    return report
