"""Klines of futures as Binance writes them: contracts, and values in the margin asset."""

from typing import Any

from bot.simulation.bars import INTERVALS, Bar
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import text
from bot.simulation.futures.contracts import Contract

__all__ = ["bar_payload", "bar_row", "check_interval", "price_row"]


def check_interval(interval: str) -> str:
    """Futures have no bars of seconds (-1120)."""
    if interval not in INTERVALS or interval == "1s":
        raise ApiError.bad_request(-1120, "Invalid interval.")
    return interval


def bar_row(contract: Contract, bar: Bar) -> list[Any]:
    """As ``GET klines`` gives it."""
    price, quantity = contract.price_text, contract.quantity_text
    row = bar.row()
    row[1:5] = [price(bar.open), price(bar.high), price(bar.low), price(bar.close)]
    row[5] = quantity(bar.base)
    row[9] = quantity(bar.taker_base)
    return row


def bar_payload(contract: Contract, bar: Bar, interval: str, *, closed: bool) -> dict[str, Any]:
    """As ``k`` of the kline stream."""
    price, quantity = contract.price_text, contract.quantity_text
    return {
        **bar.payload(contract.symbol, interval, closed=closed),
        "o": price(bar.open),
        "c": price(bar.close),
        "h": price(bar.high),
        "l": price(bar.low),
        "v": quantity(bar.base),
        "V": quantity(bar.taker_base),
    }


def price_row(bar: Bar) -> list[Any]:
    """A bar of index, mark or premium: prices without trades."""
    prices = [text(p) for p in (bar.open, bar.high, bar.low, bar.close)]
    return [bar.open_ms, *prices, "0", bar.end_ms - 1, "0", bar.trades, "0", "0", "0"]
