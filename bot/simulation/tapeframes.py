"""The recorded frames that a tape market understands."""

from typing import Any, Final

import msgspec

from bot.simulation.fixedpoint import units
from bot.simulation.rules import SymbolRules

__all__ = [
    "Diff",
    "Partial",
    "Quote",
    "Snapshot",
    "TapeEvent",
    "Trade",
    "read_frame",
    "read_rules",
]

Levels = list[tuple[int, int]]


class _Trade(msgspec.Struct):
    p: str
    q: str
    T: int
    m: bool
    t: int = 0
    a: int = 0
    f: int = 0
    l: int = 0  # noqa: E741 - Binance's name


class _Quote(msgspec.Struct):
    u: int
    b: str
    B: str
    a: str
    A: str


class _Diff(msgspec.Struct):
    U: int
    u: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]
    E: int = 0


class _Snapshot(msgspec.Struct):
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    last_update_id: int = msgspec.field(name="lastUpdateId")


class _Symbol(msgspec.Struct):
    symbol: str
    filters: list[dict[str, Any]]
    base: str = msgspec.field(name="baseAsset")
    quote: str = msgspec.field(name="quoteAsset")


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Symbol]


class Trade(msgspec.Struct, frozen=True):
    """A trade, or an aggregate of trades (``agg_id`` is then not 0)."""

    trade_id: int
    """Of an aggregate, the last one."""
    first_id: int
    agg_id: int
    price_e8: int
    quantity_e8: int
    buyer_is_maker: bool
    time_ms: int


class Quote(msgspec.Struct, frozen=True):
    update_id: int
    bid_e8: int
    bid_quantity_e8: int
    ask_e8: int
    ask_quantity_e8: int


class Diff(msgspec.Struct, frozen=True):
    first_id: int
    last_id: int
    previous_id: int
    """The ``last_id`` of the diff before: ``pu`` on futures, one less than the first on spot."""
    bids: Levels
    asks: Levels
    time_ms: int


class Snapshot(msgspec.Struct, frozen=True):
    update_id: int
    bids: Levels
    asks: Levels


class Partial(msgspec.Struct, frozen=True):
    """The best levels of the book, as the partial depth streams repeat them."""

    update_id: int
    bids: Levels
    asks: Levels


TapeEvent = Trade | Quote | Diff | Snapshot | Partial

_TRADE: Final = msgspec.json.Decoder(_Trade)
_QUOTE: Final = msgspec.json.Decoder(_Quote)
_DIFF: Final = msgspec.json.Decoder(_Diff)
_SNAPSHOT: Final = msgspec.json.Decoder(_Snapshot)
_RULES: Final = msgspec.json.Decoder(_ExchangeInfo)


def read_frame(stream: str, data: bytes) -> tuple[str, TapeEvent] | None:
    """(symbol, event) of a frame; None for every other stream, and for what cannot be read."""
    try:
        if stream.startswith("/"):
            return _rest(stream, data)
        symbol, _, kind = stream.partition("@")
        event = _event(kind, data)
    except (msgspec.MsgspecError, ValueError):
        return None
    return None if event is None else (symbol.upper(), event)


def _event(kind: str, data: bytes) -> TapeEvent | None:
    if kind == "bookTicker":
        quote = _QUOTE.decode(data)
        return Quote(quote.u, units(quote.b), units(quote.B), units(quote.a), units(quote.A))
    if kind == "trade":
        trade = _TRADE.decode(data)
        return Trade(trade.t, trade.t, 0, units(trade.p), units(trade.q), trade.m, trade.T)
    if kind == "aggTrade":
        agg = _TRADE.decode(data)
        return Trade(agg.l, agg.f, agg.a, units(agg.p), units(agg.q), agg.m, agg.T)
    if kind.startswith(("depth5", "depth10", "depth20")):
        partial = _SNAPSHOT.decode(data)
        return Partial(partial.last_update_id, _levels(partial.bids), _levels(partial.asks))
    if kind == "depth" or kind.startswith("depth@"):
        diff = _DIFF.decode(data)
        return Diff(diff.U, diff.u, diff.U - 1, _levels(diff.b), _levels(diff.a), diff.E)
    return None


def read_rules(stream: str, data: bytes) -> dict[str, SymbolRules]:
    """The rules by symbol, if the frame is an exchangeInfo answer."""
    if not stream.partition("?")[0].endswith("/exchangeInfo"):
        return {}
    try:
        listed = _RULES.decode(data).symbols
        return {
            one.symbol: SymbolRules(one.symbol, one.base, one.quote, tuple(one.filters))
            for one in listed
        }
    except (msgspec.MsgspecError, ValueError, KeyError):
        return {}


def _rest(path: str, data: bytes) -> tuple[str, Snapshot] | None:
    path, _, query = path.partition("?")
    symbol = next((v[7:] for v in query.split("&") if v.startswith("symbol=")), "")
    if not path.endswith("/depth") or not symbol:
        return None
    body = _SNAPSHOT.decode(data)
    return symbol.upper(), Snapshot(body.last_update_id, _levels(body.bids), _levels(body.asks))


def _levels(levels: list[tuple[str, str]]) -> Levels:
    return [(units(price), units(quantity)) for price, quantity in levels]
