"""User data events of futures, key for key as Binance sends them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from bot.simulation.futures.account import FuturesAccount, Trade
from bot.simulation.futures.amounts import ZERO, money, plain
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.futures.positions import Position

__all__ = [
    "account_update",
    "force_order",
    "leverage_update",
    "margin_call",
    "multi_assets_update",
    "order_update",
    "trade_lite",
]


def order_update(
    order: FuturesOrder,
    execution: str,
    now_ms: int,
    *,
    trade: Trade | None = None,
    notionals: tuple[Decimal, Decimal] = (ZERO, ZERO),
    modify_id: int | None = None,
) -> dict[str, Any]:
    """ORDER_TRADE_UPDATE. ``notionals``: of the open buys and sells of the symbol."""
    contract = order.contract
    asset = contract.margin_asset
    body: dict[str, Any] = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.order_type,
        "f": order.time_in_force,
        "q": contract.quantity_text(order.quantity_e8),
        "p": _price(order, order.price_e8),
        "ap": contract.average_text(order.average) if order.executed_e8 else "0",
        "sp": _price(order, order.stop_price_e8),
        "x": execution,
        "X": order.status,
        "i": order.order_id,
        "l": "0" if trade is None else contract.quantity_text(int(trade.quantity * 10**8)),
        "z": contract.quantity_text(order.executed_e8) if order.executed_e8 else "0",
        "L": "0" if trade is None else _price(order, int(trade.price * 10**8)),
        "n": "0" if trade is None else money(trade.commission),
        "N": asset,
        "T": now_ms,
        "t": 0 if trade is None else trade.trade_id,
        "b": plain(notionals[0]),
        "a": plain(notionals[1]),
        "m": trade is not None and trade.is_maker,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.original_type or order.order_type,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": "0" if trade is None else plain(trade.realised),
        "pP": order.price_protect,
        "si": 0,
        "ss": 0,
        "V": order.stp_mode,
        "pm": order.price_match,
        "gtd": order.good_till_ms,
        "er": str(order.expiry_reason),
    }
    if contract.is_inverse:
        body["ma"] = asset
    if modify_id is not None:
        body["M"] = modify_id
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": now_ms, "o": body}


def trade_lite(order: FuturesOrder, trade: Trade, now_ms: int) -> dict[str, Any]:
    """TRADE_LITE: one fill, in brief."""
    contract = order.contract
    return {
        "e": "TRADE_LITE",
        "E": now_ms,
        "T": now_ms,
        "s": order.symbol,
        "q": contract.quantity_text(order.quantity_e8),
        "p": contract.price_text(order.price_e8),
        "m": trade.is_maker,
        "c": order.client_order_id,
        "S": order.side,
        "L": contract.price_text(int(trade.price * 10**8)),
        "l": contract.quantity_text(int(trade.quantity * 10**8)),
        "t": trade.trade_id,
        "i": order.order_id,
    }


def account_update(
    account: FuturesAccount,
    reason: str,
    now_ms: int,
    *,
    assets: Mapping[str, Decimal],
    positions: Iterable[tuple[Position, Decimal]] = (),
    symbol: str = "",
) -> dict[str, Any]:
    """ACCOUNT_UPDATE.

    ``assets``: asset and its balance change that is neither profit nor commission;
    ``positions``: each with its unrealised profit.
    """
    body: dict[str, Any] = {
        "m": reason,
        "B": [
            {
                "a": asset,
                "wb": money(account.wallets[asset]),
                "cw": money(account.cross_wallet(asset)),
                "bc": plain(change),
            }
            for asset, change in assets.items()
        ],
        "P": [_position(account, position, profit) for position, profit in positions],
    }
    if symbol:
        body["S"] = symbol
    return {"e": "ACCOUNT_UPDATE", "E": now_ms, "T": now_ms, "a": body}


def margin_call(
    account: FuturesAccount,
    asset: str,
    now_ms: int,
    rows: Iterable[tuple[Position, Decimal, Decimal, Decimal]],
) -> dict[str, Any]:
    """MARGIN_CALL. ``rows``: position, mark price, unrealised profit, maintenance margin."""
    return {
        "e": "MARGIN_CALL",
        "E": now_ms,
        "cw": money(account.cross_wallet(asset)),
        "p": [
            {
                "s": position.contract.symbol,
                "ps": position.side,
                "pa": plain(position.amount),
                "mt": "ISOLATED" if position.contract.symbol in account.isolated else "CROSSED",
                "iw": money(position.isolated_wallet) if position.isolated_wallet else "0",
                "mp": plain(mark),
                "up": plain(profit),
                "mm": plain(maintenance),
            }
            for position, mark, profit, maintenance in rows
        ],
    }


def leverage_update(symbol: str, leverage: int, now_ms: int) -> dict[str, Any]:
    """ACCOUNT_CONFIG_UPDATE of a symbol."""
    return {
        "e": "ACCOUNT_CONFIG_UPDATE",
        "E": now_ms,
        "T": now_ms,
        "ac": {"s": symbol, "l": leverage},
    }


def multi_assets_update(*, is_on: bool, now_ms: int) -> dict[str, Any]:
    """ACCOUNT_CONFIG_UPDATE of the account."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": now_ms, "ai": {"j": is_on}}


def force_order(order: FuturesOrder, trade: Trade, now_ms: int) -> dict[str, Any]:
    """``o`` of the public forceOrder stream."""
    contract = order.contract
    body = {
        "s": order.symbol,
        "S": order.side,
        "o": "LIMIT",
        "f": "IOC",
        "q": contract.quantity_text(order.quantity_e8),
        "p": contract.price_text(order.price_e8),
        "ap": contract.average_text(order.average),
        "X": order.status,
        "l": contract.quantity_text(int(trade.quantity * 10**8)),
        "z": contract.quantity_text(order.executed_e8),
        "T": now_ms,
    }
    if contract.is_inverse:
        body["ps"] = contract.pair
    return body


def _price(order: FuturesOrder, price_e8: int) -> str:
    return order.contract.price_text(price_e8) if price_e8 else "0"


def _position(account: FuturesAccount, position: Position, profit: Decimal) -> dict[str, Any]:
    contract = position.contract
    return {
        "s": contract.symbol,
        "pa": contract.quantity_text(int(position.amount * 10**8)),
        "ep": plain(position.entry),
        "cr": money(position.realised),
        "up": money(profit),
        "mt": account.margin_type(contract.symbol),
        "iw": money(position.isolated_wallet) if position.isolated_wallet else "0",
        "ps": position.side,
        "ma": contract.margin_asset,
        "bep": plain(position.break_even),
    }
