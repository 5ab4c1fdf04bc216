"""Payloads of the futures market streams, keys in Binance's order.

Source: recorded frames of 2026; ``ps`` and ``st`` as the CM-UM integration of 2026-06-30 added
them. Prices and quantities have the contract's decimals, mark prices eight.
"""

from typing import Any

from bot.simulation.futures.emissions import AggTradeMade, MarkChanged, TradeMade
from bot.simulation.futures.sessions import Session
from bot.simulation.wire.futures.contracts import COIN_MARGINED, Contract

__all__ = [
    "agg_trade",
    "asset_index",
    "book_ticker",
    "composite_index",
    "continuous_kline",
    "contract_info",
    "depth_update",
    "force_order",
    "index_price",
    "kline",
    "mark_price",
    "mini_ticker",
    "ticker",
    "trade",
    "trading_session",
]

Payload = dict[str, Any]
Pairs = list[list[str]]


def trade(contract: Contract, made: TradeMade, event_ms: int) -> Payload:
    """``<symbol>@trade``; not documented, but sent."""
    return {
        "e": "trade",
        "E": event_ms,
        "T": made.time_ms,
        "s": made.symbol,
        "t": made.trade_id,
        "p": contract.price(made.price),
        "q": contract.quantity(made.quantity),
        "X": "MARKET",
        "m": made.buyer_is_maker,
    }


def agg_trade(contract: Contract, made: AggTradeMade, event_ms: int) -> Payload:
    """``<symbol>@aggTrade``; ``nq`` is the quantity without retail price improvement."""
    quantity = contract.quantity(made.quantity)
    return {
        "e": "aggTrade",
        "E": event_ms,
        "a": made.agg_id,
        "s": made.symbol,
        "p": contract.price(made.price),
        "q": quantity,
        "nq": quantity,
        "f": made.first_trade_id,
        "l": made.last_trade_id,
        "T": made.time_ms,
        "m": made.buyer_is_maker,
        "st": contract.universe,
    }


def kline(symbol: str, bar: Payload, event_ms: int) -> Payload:
    """``<symbol>@kline_<interval>``; ``bar`` is its ``k``."""
    return {"e": "kline", "E": event_ms, "s": symbol, "k": bar}


def continuous_kline(contract: Contract, bar: Payload, event_ms: int) -> Payload:
    """``<pair>_<contractType>@continuousKline_<interval>``; its bars have no symbol."""
    return {
        "e": "continuous_kline",
        "E": event_ms,
        "ps": contract.pair,
        "ct": contract.kind,
        "k": {key: value for key, value in bar.items() if key != "s"},
    }


def book_ticker(contract: Contract, row: Payload, times_ms: tuple[int, int]) -> Payload:
    """``row`` has ``u``, ``b``, ``B``, ``a``, ``A``; the times are transaction and event."""
    return {
        "e": "bookTicker",
        "u": row["u"],
        "s": contract.symbol,
        "b": row["b"],
        "B": row["B"],
        "a": row["a"],
        "A": row["A"],
        "T": times_ms[0],
        "E": times_ms[1],
        "ps": contract.pair,
        "st": contract.universe,
    }


def depth_update(
    contract: Contract,
    ids: tuple[int, int, int],
    levels: tuple[Pairs, Pairs],
    times_ms: tuple[int, int],
) -> Payload:
    """``ids`` are ``U``, ``u`` and ``pu``; levels are bids and asks, best first."""
    head: Payload = {"e": "depthUpdate", "E": times_ms[1], "T": times_ms[0], "s": contract.symbol}
    pair = {"ps": contract.pair}
    body: Payload = {"U": ids[0], "u": ids[1], "pu": ids[2], "b": levels[0], "a": levels[1]}
    st = {"st": contract.universe}
    if contract.universe == COIN_MARGINED:
        return head | pair | body | st
    return head | body | pair | st


def mini_ticker(contract: Contract, row: Payload, event_ms: int) -> Payload:
    """From a row of ``ticker/24hr``."""
    return {
        "e": "24hrMiniTicker",
        "E": event_ms,
        "s": contract.symbol,
        "c": row["lastPrice"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": _second_volume(row),
        "ps": contract.pair,
        "st": contract.universe,
    }


def ticker(contract: Contract, row: Payload, event_ms: int) -> Payload:
    """From a row of ``ticker/24hr``; futures tickers have no best prices."""
    return {
        "e": "24hrTicker",
        "E": event_ms,
        "s": contract.symbol,
        "p": row["priceChange"],
        "P": row["priceChangePercent"],
        "w": row["weightedAvgPrice"],
        "c": row["lastPrice"],
        "Q": row["lastQty"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": _second_volume(row),
        "O": row["openTime"],
        "C": row["closeTime"],
        "F": row["firstId"],
        "L": row["lastId"],
        "n": row["count"],
        "ps": contract.pair,
        "st": contract.universe,
    }


def mark_price(contract: Contract, mark: MarkChanged, event_ms: int) -> Payload:
    """``<symbol>@markPrice``; COIN-M has no moving average."""
    average = {} if contract.universe == COIN_MARGINED else {"ap": format(mark.average, ".8f")}
    return {
        "e": "markPriceUpdate",
        "E": event_ms,
        "s": contract.symbol,
        "p": format(mark.mark, ".8f"),
        **average,
        "P": format(mark.settle, ".8f"),
        "i": format(mark.index, ".8f"),
        "r": format(mark.funding_rate, ".8f"),
        "T": mark.next_funding_ms,
        "st": contract.universe,
    }


def index_price(contract: Contract, mark: MarkChanged, event_ms: int) -> Payload:
    """COIN-M's ``<pair>@indexPrice``."""
    return {
        "e": "indexPriceUpdate",
        "E": event_ms,
        "i": contract.pair,
        "p": format(mark.index, ".8f"),
    }


def force_order(contract: Contract, order: Payload, event_ms: int, *, of_all: bool) -> Payload:
    """A liquidation. COIN-M names the pair in the order, USDⓈ-M only in the stream of all."""
    if contract.universe == COIN_MARGINED:
        order = {"s": contract.symbol, "ps": contract.pair} | order
    payload: Payload = {"e": "forceOrder", "E": event_ms, "o": order}
    if of_all and contract.universe != COIN_MARGINED:
        payload["ps"] = contract.pair
    if of_all:
        payload["st"] = contract.universe
    return payload


def contract_info(contract: Contract, info: Payload, event_ms: int) -> Payload:
    """``!contractInfo``; ``info`` has the keys from ``ct`` on."""
    pair = {"ps": contract.pair} if contract.universe == COIN_MARGINED else {}
    head = {"e": "contractInfo", "E": event_ms, "s": contract.symbol}
    return {**head, **pair, **info, "st": contract.universe}


def asset_index(row: Payload, event_ms: int) -> Payload:
    """``<asset>@assetIndex``; from a row of ``assetIndex``."""
    return {
        "e": "assetIndexUpdate",
        "E": event_ms,
        "s": row["symbol"],
        "i": row["index"],
        "b": row["bidBuffer"],
        "a": row["askBuffer"],
        "B": row["bidRate"],
        "A": row["askRate"],
        "q": row["autoExchangeBidBuffer"],
        "g": row["autoExchangeAskBuffer"],
        "Q": row["autoExchangeBidRate"],
        "G": row["autoExchangeAskRate"],
    }


def composite_index(
    contract: Contract, mark: MarkChanged, parts: list[Payload], event_ms: int
) -> Payload:
    """``<symbol>@compositeIndex``; ``parts`` is its ``c``."""
    return {
        "e": "compositeIndex",
        "E": event_ms,
        "s": contract.symbol,
        "p": format(mark.index, ".8f"),
        "C": "baseAsset",
        "c": parts,
    }


def trading_session(event: str, session: Session, event_ms: int) -> Payload:
    """``tradingSession``; each market has an event type of its own."""
    return {
        "e": event,
        "E": event_ms,
        "t": session.start_ms,
        "T": session.end_ms,
        "S": session.kind,
    }


def _second_volume(row: Payload) -> Any:
    """USDⓈ-M counts its turnover in the quote asset, COIN-M in the base asset."""
    return row["quoteVolume"] if "quoteVolume" in row else row["baseVolume"]
