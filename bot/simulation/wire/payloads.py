"""Payloads of the market streams, keys in Binance's order.

Source: Binance spot documentation, "WebSocket Streams", with times in milliseconds.
"""

from decimal import Decimal
from typing import Any

from bot.simulation.emissions import AggTradeMade, TradeMade

__all__ = [
    "agg_trade",
    "avg_price",
    "book_ticker",
    "depth_update",
    "kline",
    "mini_ticker",
    "partial_depth",
    "reference_price",
    "ticker",
    "trade",
    "window_ticker",
]

Payload = dict[str, Any]
Pairs = list[list[str]]


def text(value: Decimal) -> str:
    """Eight places, as Binance prints prices and quantities."""
    return format(value, ".8f")


def trade(made: TradeMade, event_ms: int) -> Payload:
    """``<symbol>@trade``."""
    return {
        "e": "trade",
        "E": event_ms,
        "s": made.symbol,
        "t": made.trade_id,
        "p": text(made.price),
        "q": text(made.quantity),
        "T": made.time_ms,
        "m": made.buyer_is_maker,
        "M": True,
    }


def agg_trade(made: AggTradeMade, event_ms: int) -> Payload:
    """``<symbol>@aggTrade``."""
    return {
        "e": "aggTrade",
        "E": event_ms,
        "s": made.symbol,
        "a": made.agg_id,
        "p": text(made.price),
        "q": text(made.quantity),
        "f": made.first_trade_id,
        "l": made.last_trade_id,
        "T": made.time_ms,
        "m": made.buyer_is_maker,
        "M": True,
    }


def kline(symbol: str, bar: Payload, event_ms: int) -> Payload:
    """``<symbol>@kline_<interval>``; ``bar`` is its ``k``."""
    return {"e": "kline", "E": event_ms, "s": symbol, "k": bar}


def book_ticker(
    symbol: str, update_id: int, bid: tuple[Decimal, Decimal], ask: tuple[Decimal, Decimal]
) -> Payload:
    """``<symbol>@bookTicker``; bid and ask as (price, quantity)."""
    return {
        "u": update_id,
        "s": symbol,
        "b": text(bid[0]),
        "B": text(bid[1]),
        "a": text(ask[0]),
        "A": text(ask[1]),
    }


def depth_update(
    symbol: str, ids: tuple[int, int], bids: Pairs, asks: Pairs, event_ms: int
) -> Payload:
    """``<symbol>@depth``: ``ids`` are the first and the last update of the event."""
    return {
        "e": "depthUpdate",
        "E": event_ms,
        "s": symbol,
        "U": ids[0],
        "u": ids[1],
        "b": bids,
        "a": asks,
    }


def partial_depth(update_id: int, bids: Pairs, asks: Pairs) -> Payload:
    """``<symbol>@depth5`` and its like; best first."""
    return {"lastUpdateId": update_id, "bids": bids, "asks": asks}


def mini_ticker(row: Payload, event_ms: int) -> Payload:
    """From a row of ``ticker/24hr``."""
    return {
        "e": "24hrMiniTicker",
        "E": event_ms,
        "s": row["symbol"],
        "c": row["lastPrice"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
    }


def ticker(row: Payload, event_ms: int) -> Payload:
    """From a row of ``ticker/24hr``."""
    return {
        "e": "24hrTicker",
        "E": event_ms,
        "s": row["symbol"],
        "p": row["priceChange"],
        "P": row["priceChangePercent"],
        "w": row["weightedAvgPrice"],
        "x": row["prevClosePrice"],
        "c": row["lastPrice"],
        "Q": row["lastQty"],
        "b": row["bidPrice"],
        "B": row["bidQty"],
        "a": row["askPrice"],
        "A": row["askQty"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "O": row["openTime"],
        "C": row["closeTime"],
        "F": row["firstId"],
        "L": row["lastId"],
        "n": row["count"],
    }


def window_ticker(row: Payload, window: str, event_ms: int) -> Payload:
    """``<symbol>@ticker_<window>``, from a row of ``ticker``."""
    return {
        "e": f"{window}Ticker",
        "E": event_ms,
        "s": row["symbol"],
        "p": row["priceChange"],
        "P": row["priceChangePercent"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "c": row["lastPrice"],
        "w": row["weightedAvgPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "O": row["openTime"],
        "C": row["closeTime"],
        "F": row["firstId"],
        "L": row["lastId"],
        "n": row["count"],
    }


def reference_price(row: Payload) -> Payload:
    """``<symbol>@referencePrice``, from the body of ``referencePrice``; the price may be null."""
    return {
        "e": "referencePrice",
        "s": row["symbol"],
        "r": row["referencePrice"],
        "t": row["timestamp"],
    }


def avg_price(symbol: str, minutes: int, price: Decimal, last_ms: int, event_ms: int) -> Payload:
    """``<symbol>@avgPrice``; ``last_ms`` is the time of the last trade."""
    return {
        "e": "avgPrice",
        "E": event_ms,
        "s": symbol,
        "i": f"{minutes}m",
        "w": text(price),
        "T": last_ms,
    }
