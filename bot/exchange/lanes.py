"""The way of one stream's frames: typed decode, then the domain event, field by position."""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from bot.domain.commands import StreamKind
from bot.domain.market import (
    AggTrade,
    Bar,
    BookSnapshot,
    MarketEvent,
    MiniTicker,
    QuoteTick,
    Ticker,
    TradeTick,
)

__all__ = ["Lane", "lane_for"]

Lane = Callable[[bytes, int], MarketEvent]
"""``(combined frame, recv_ns) -> event``; raises msgspec.MsgspecError on a bad frame."""

# Bounds keep NaN and infinity, which JSON strings may spell, out of prices and sizes.
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e300)]
Signed = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
Level = tuple[Amount, Amount]
_MS_NS: Final = 1_000_000


class _Trade(msgspec.Struct, gc=False):
    t: int
    p: Amount
    q: Amount
    T: int
    m: bool


class _AggTrade(msgspec.Struct, gc=False):
    a: int
    p: Amount
    q: Amount
    f: int
    l: int  # noqa: E741 - Binance's key
    T: int
    m: bool


class _BookTicker(msgspec.Struct, gc=False):
    u: int
    b: Amount
    B: Amount
    a: Amount
    A: Amount
    E: int = 0
    """Futures only: spot's book ticker carries no time."""


class _Kline(msgspec.Struct, gc=False):
    t: int
    T: int
    i: str
    o: Amount
    c: Amount
    h: Amount
    l: Amount  # noqa: E741 - Binance's key
    v: Amount
    n: int
    x: bool
    q: Amount


class _KlineEvent(msgspec.Struct, gc=False):
    E: int
    k: _Kline


class _Depth(msgspec.Struct, gc=False):
    lastUpdateId: int  # noqa: N815 - Binance's key
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class _MiniTicker(msgspec.Struct, gc=False):
    E: int
    c: Amount
    o: Amount
    h: Amount
    l: Amount  # noqa: E741 - Binance's key
    v: Amount
    q: Amount


class _Ticker(msgspec.Struct, gc=False):
    E: int
    p: Signed
    P: Signed
    w: Amount
    c: Amount
    b: Amount
    a: Amount
    o: Amount
    h: Amount
    l: Amount  # noqa: E741 - Binance's key
    v: Amount
    q: Amount
    n: int


class _TradeFrame(msgspec.Struct, gc=False):
    data: _Trade


class _AggTradeFrame(msgspec.Struct, gc=False):
    data: _AggTrade


class _BookTickerFrame(msgspec.Struct, gc=False):
    data: _BookTicker


class _KlineFrame(msgspec.Struct, gc=False):
    data: _KlineEvent


class _DepthFrame(msgspec.Struct, gc=False):
    data: _Depth


class _MiniTickerFrame(msgspec.Struct, gc=False):
    data: _MiniTicker


class _TickerFrame(msgspec.Struct, gc=False):
    data: _Ticker


# Made once: a decoder takes longer to make than a thousand frames to decode.
_decode_trade = msgspec.json.Decoder(_TradeFrame, strict=False).decode
_decode_agg_trade = msgspec.json.Decoder(_AggTradeFrame, strict=False).decode
_decode_book_ticker = msgspec.json.Decoder(_BookTickerFrame, strict=False).decode
_decode_kline = msgspec.json.Decoder(_KlineFrame, strict=False).decode
_decode_depth = msgspec.json.Decoder(_DepthFrame, strict=False).decode
_decode_mini_ticker = msgspec.json.Decoder(_MiniTickerFrame, strict=False).decode
_decode_ticker = msgspec.json.Decoder(_TickerFrame, strict=False).decode


def lane_for(kind: StreamKind, symbol: str, heard: list[int]) -> Lane:
    """The lane of one stream. ``heard[0]`` is set to ``recv_ns`` by each good frame.

    The symbol is that of the subscription: the stream's name says it, and a partial book
    says nothing else.
    """
    return _MAKERS[kind](symbol, heard)


# Everything that a lane touches for each frame is a default argument: a local is found
# faster than a global or a cell, and these are the hottest lines of the program.


def _trade(symbol: str, heard: list[int]) -> Lane:
    def lane(
        frame: bytes,
        recv_ns: int,
        decode: Callable[[bytes], _TradeFrame] = _decode_trade,
        make: type[TradeTick] = TradeTick,
        symbol: str = symbol,
        heard: list[int] = heard,
    ) -> TradeTick:
        wire = decode(frame).data
        heard[0] = recv_ns
        return make(symbol, wire.p, wire.q, wire.t, wire.m, wire.T * 1_000_000, recv_ns)

    return lane


def _agg_trade(symbol: str, heard: list[int]) -> Lane:
    def lane(frame: bytes, recv_ns: int) -> AggTrade:
        wire = _decode_agg_trade(frame).data
        heard[0] = recv_ns
        return AggTrade(
            symbol, wire.p, wire.q, wire.a, wire.f, wire.l, wire.m, wire.T * _MS_NS, recv_ns
        )

    return lane


def _book_ticker(symbol: str, heard: list[int]) -> Lane:
    def lane(
        frame: bytes,
        recv_ns: int,
        decode: Callable[[bytes], _BookTickerFrame] = _decode_book_ticker,
        make: type[QuoteTick] = QuoteTick,
        symbol: str = symbol,
        heard: list[int] = heard,
    ) -> QuoteTick:
        wire = decode(frame).data
        heard[0] = recv_ns
        ts_ns = wire.E * 1_000_000 or recv_ns
        return make(symbol, wire.b, wire.B, wire.a, wire.A, wire.u, ts_ns, recv_ns)

    return lane


def _kline(symbol: str, heard: list[int]) -> Lane:
    def lane(frame: bytes, recv_ns: int) -> Bar:
        event = _decode_kline(frame).data
        heard[0] = recv_ns
        k = event.k
        return Bar(
            symbol,
            k.i,
            k.o,
            k.h,
            k.l,
            k.c,
            k.v,
            k.q,
            k.n,
            k.t * _MS_NS,
            k.T * _MS_NS,
            k.x,
            event.E * _MS_NS,
            recv_ns,
        )

    return lane


def _depth(symbol: str, heard: list[int]) -> Lane:
    def lane(frame: bytes, recv_ns: int) -> BookSnapshot:
        wire = _decode_depth(frame).data
        heard[0] = recv_ns
        return BookSnapshot(symbol, wire.bids, wire.asks, wire.lastUpdateId, recv_ns, recv_ns)

    return lane


def _mini_ticker(symbol: str, heard: list[int]) -> Lane:
    def lane(frame: bytes, recv_ns: int) -> MiniTicker:
        w = _decode_mini_ticker(frame).data
        heard[0] = recv_ns
        return MiniTicker(symbol, w.o, w.h, w.l, w.c, w.v, w.q, w.E * _MS_NS, recv_ns)

    return lane


def _ticker(symbol: str, heard: list[int]) -> Lane:
    def lane(frame: bytes, recv_ns: int) -> Ticker:
        w = _decode_ticker(frame).data
        heard[0] = recv_ns
        return Ticker(
            symbol,
            w.c,
            w.b,
            w.a,
            w.o,
            w.h,
            w.l,
            w.v,
            w.q,
            w.p,
            w.P,
            w.w,
            w.n,
            w.E * _MS_NS,
            recv_ns,
        )

    return lane


_MAKERS: Final[dict[StreamKind, Callable[[str, list[int]], Lane]]] = {
    StreamKind.TRADES: _trade,
    StreamKind.AGG_TRADES: _agg_trade,
    StreamKind.QUOTES: _book_ticker,
    StreamKind.BARS: _kline,
    StreamKind.BOOK: _depth,
    StreamKind.MINI_TICKER: _mini_ticker,
    StreamKind.TICKER: _ticker,
}
