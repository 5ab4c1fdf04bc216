"""The recorded frames that a tape market of futures understands."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.simulation.fixedpoint import parse, units
from bot.simulation.futures.marks import Marked
from bot.simulation.tapeframes import Diff, Levels, Partial, Quote, Snapshot, TapeEvent, Trade

__all__ = ["Forced", "FuturesEvent", "Indexed", "read_futures_frame"]

_PARTIALS: Final = ("depth5", "depth10", "depth20")
_ON_THE_MARKET: Final = frozenset({"", "MARKET"})
"""Kinds of trades that orders of the book took part in; the insurance fund's did not."""


class Forced(msgspec.Struct, frozen=True):
    """A liquidation: ``o`` of Binance's ``forceOrder``."""

    order: dict[str, Any]
    time_ms: int


class Indexed(msgspec.Struct, frozen=True):
    """The index price of a pair, which its name stands for."""

    price_e8: int


FuturesEvent = TapeEvent | Marked | Forced | Indexed
Seen = list[tuple[str, FuturesEvent]]


class _Trade(msgspec.Struct):
    s: str
    p: str
    q: str
    T: int
    m: bool
    t: int = 0
    a: int = 0
    f: int = 0
    l: int = 0  # noqa: E741 - Binance's name
    X: str = ""


class _Quote(msgspec.Struct):
    u: int
    s: str
    b: str
    B: str
    a: str
    A: str


class _Diff(msgspec.Struct):
    U: int
    u: int
    pu: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]
    E: int = 0


class _Mark(msgspec.Struct):
    s: str
    p: str
    E: int
    i: str = ""
    P: str = ""
    ap: str = ""
    r: str = ""
    T: int = 0


class _Index(msgspec.Struct):
    i: str
    p: str


class _Forced(msgspec.Struct):
    E: int
    o: dict[str, Any]


class _Snapshot(msgspec.Struct):
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    last_update_id: int = msgspec.field(name="lastUpdateId")


_TRADE: Final = msgspec.json.Decoder(_Trade)
_QUOTE: Final = msgspec.json.Decoder(_Quote)
_DIFF: Final = msgspec.json.Decoder(_Diff)
_MARKS: Final = msgspec.json.Decoder(list[_Mark] | _Mark)
_INDICES: Final = msgspec.json.Decoder(list[_Index] | _Index)
_FORCED: Final = msgspec.json.Decoder(_Forced)
_SNAPSHOT: Final = msgspec.json.Decoder(_Snapshot)


def read_futures_frame(stream: str, data: bytes) -> Seen:
    """(symbol, event) of each thing that a frame tells; nothing if it cannot be read.

    The symbol of an :class:`Indexed` is a pair, ``BTCUSD``.
    """
    try:
        if stream.startswith("/"):
            return _rest(stream, data)
        name, _, kind = stream.partition("@")
        if name.startswith("!"):
            kind = name[1:]
        read = _READERS.get(kind.partition("@")[0])
        return read(name.upper(), kind, data) if read is not None else []
    except (msgspec.MsgspecError, ValueError, ArithmeticError):
        return []


def _trade(symbol: str, kind: str, data: bytes) -> Seen:
    del kind
    one = _TRADE.decode(data)
    price, quantity = units(one.p), units(one.q)
    if one.X not in _ON_THE_MARKET or not price or not quantity:
        return []
    last_id = one.l if one.a else one.t
    first_id = one.f if one.a else one.t
    return [(symbol, Trade(last_id, first_id, one.a, price, quantity, one.m, one.T))]


def _quote(symbol: str, kind: str, data: bytes) -> Seen:
    del symbol, kind
    one = _QUOTE.decode(data)
    return [(one.s, Quote(one.u, units(one.b), units(one.B), units(one.a), units(one.A)))]


def _depth(symbol: str, kind: str, data: bytes) -> Seen:
    one = _DIFF.decode(data)
    bids, asks = _levels(one.b), _levels(one.a)
    if kind.startswith(_PARTIALS):
        return [(symbol, Partial(one.u, bids, asks))]
    return [(symbol, Diff(one.U, one.u, one.pu, bids, asks, one.E))]


def _marks(symbol: str, kind: str, data: bytes) -> Seen:
    del symbol, kind
    read = _MARKS.decode(data)
    return [(one.s, _marked(one)) for one in (read if isinstance(read, list) else [read])]


def _marked(one: _Mark) -> Marked:
    return Marked(
        time_ms=one.E,
        price_e8=_price(one.p),
        index_e8=_price(one.i),
        settle_e8=_price(one.P),
        average_e8=_price(one.ap),
        rate_e8=parse(one.r) if one.r else None,
        next_funding_ms=one.T,
    )


def _indices(symbol: str, kind: str, data: bytes) -> Seen:
    del symbol, kind
    read = _INDICES.decode(data)
    each = read if isinstance(read, list) else [read]
    return [(one.i, Indexed(_price(one.p))) for one in each]


def _forced(symbol: str, kind: str, data: bytes) -> Seen:
    del symbol, kind
    one = _FORCED.decode(data)
    return [(str(one.o.get("s", "")), Forced(one.o, one.E))]


def _rest(path: str, data: bytes) -> Seen:
    path, _, query = path.partition("?")
    symbol = next((v[7:] for v in query.split("&") if v.startswith("symbol=")), "")
    if not path.endswith("/depth") or not symbol:
        return []
    body = _SNAPSHOT.decode(data)
    event = Snapshot(body.last_update_id, _levels(body.bids), _levels(body.asks))
    return [(symbol.upper(), event)]


def _levels(levels: list[tuple[str, str]]) -> Levels:
    return [(units(price), units(quantity)) for price, quantity in levels]


def _price(text: str) -> int:
    """In units of 1e-8; 0 where nothing is said. Further places are cut."""
    return int(Decimal(text).scaleb(8)) if text else 0


_READERS: Final[dict[str, Callable[[str, str, bytes], Seen]]] = {
    "trade": _trade,
    "aggTrade": _trade,
    "bookTicker": _quote,
    "depth": _depth,
    **dict.fromkeys(_PARTIALS, _depth),
    "markPrice": _marks,
    "indexPrice": _indices,
    "forceOrder": _forced,
}
