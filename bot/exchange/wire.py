"""Binance's market messages, key by key, as far as they become events.

Names are the wire's. Keys that are not here are skipped by the decoder.
"""

from typing import Annotated, Generic, TypeVar

import msgspec

__all__ = [
    "AggTrade",
    "AnyBookTicker",
    "AssetIndex",
    "AveragePrice",
    "BookTicker",
    "CompositeIndex",
    "ContractInfo",
    "Depth",
    "ForceOrder",
    "Frame",
    "IndexPrice",
    "Kline",
    "KlineEvent",
    "Many",
    "MarkPrice",
    "MiniTicker",
    "PartialDepth",
    "ReferencePrice",
    "SpotBookTicker",
    "Ticker",
    "Trade",
    "TradingSession",
]

# Bounds keep NaN and infinity, which JSON strings may spell, out of prices and sizes.
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e300)]
Signed = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
Level = tuple[Amount, Amount]
# A time (ms) that the calendar is asked about: up to the year 3000.
CalendarTime = Annotated[int, msgspec.Meta(ge=0, le=32_503_680_000_000)]
Message = TypeVar("Message")


class Frame(msgspec.Struct, Generic[Message], gc=False):
    """What a combined stream sends: ``{"stream": ..., "data": ...}``."""

    data: Message


class Many(msgspec.Struct, gc=False):
    """The array of a whole market, or one message of such a stream, undecoded."""

    data: msgspec.Raw


class Trade(msgspec.Struct, gc=False):
    """Trades and block trades."""

    t: int
    p: Amount
    q: Amount
    T: int
    m: bool


class AggTrade(msgspec.Struct, gc=False):
    p: Amount
    q: Amount
    f: int
    l: int  # noqa: E741 - Binance's key
    T: int
    m: bool
    a: int = -1


class SpotBookTicker(msgspec.Struct, gc=False):
    """It carries no time."""

    u: int
    b: Amount
    B: Amount
    a: Amount
    A: Amount


class BookTicker(SpotBookTicker, gc=False):
    E: int = 0


class AnyBookTicker(BookTicker, gc=False):
    """One of a whole market."""

    s: str = ""
    st: int = 0


class Kline(msgspec.Struct, gc=False):
    t: CalendarTime
    T: int
    o: Amount
    c: Amount
    h: Amount
    l: Amount  # noqa: E741 - Binance's key
    v: Amount
    n: int
    x: bool
    q: Amount
    V: Amount = 0.0
    Q: Amount = 0.0
    f: int = -1
    L: int = -1


class KlineEvent(msgspec.Struct, gc=False):
    """Klines of contracts, continuous contracts, mark prices and indices."""

    E: int
    k: Kline


class PartialDepth(msgspec.Struct, gc=False):
    """The top of a book: spot writes it out, futures as they write changes."""

    lastUpdateId: int = -1  # noqa: N815 - Binance's key
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    u: int = -1
    b: tuple[Level, ...] = ()
    a: tuple[Level, ...] = ()
    E: int = 0


class Depth(msgspec.Struct, gc=False):
    E: int
    U: int
    u: int
    b: tuple[Level, ...]
    a: tuple[Level, ...]
    pu: int = -1


class MiniTicker(msgspec.Struct, gc=False):
    E: int
    c: Amount
    o: Amount
    h: Amount
    l: Amount  # noqa: E741 - Binance's key
    v: Amount
    q: Amount
    s: str = ""
    st: int = 0


class Ticker(msgspec.Struct, gc=False):
    """Of 24 hours and of the shorter windows; best bid and ask on spot's 24 hours only."""

    E: int
    p: Signed
    P: Signed
    w: Amount
    c: Amount
    o: Amount
    h: Amount
    l: Amount  # noqa: E741 - Binance's key
    v: Amount
    q: Amount
    n: int
    b: Amount = 0.0
    B: Amount = 0.0
    a: Amount = 0.0
    A: Amount = 0.0
    x: Amount = 0.0
    Q: Amount = 0.0
    O: int = 0  # noqa: E741 - Binance's key
    C: int = 0
    F: int = -1
    L: int = -1
    s: str = ""
    st: int = 0


class AveragePrice(msgspec.Struct, gc=False):
    E: int
    i: str
    w: Amount
    T: int


class ReferencePrice(msgspec.Struct, gc=False):
    t: int
    r: Amount | None


class MarkPrice(msgspec.Struct, gc=False):
    """Numbers that may be empty are texts here: delivery contracts have no funding rate."""

    E: int
    p: Amount
    i: str = ""
    P: str = ""
    ap: str = ""
    r: str = ""
    T: int = 0
    s: str = ""
    st: int = 0


class IndexPrice(msgspec.Struct, gc=False):
    E: int
    p: Amount
    i: str = ""
    st: int = 0


class ForcedOrder(msgspec.Struct, gc=False):
    S: str
    o: str
    f: str
    q: Amount
    p: Amount
    ap: Amount
    X: str
    l: Amount  # noqa: E741 - Binance's key
    z: Amount
    T: int
    s: str = ""


class ForceOrder(msgspec.Struct, gc=False):
    E: int
    o: ForcedOrder
    st: int = 0


class Bracket(msgspec.Struct, gc=False):
    bs: int
    bnf: Amount
    bnc: Amount
    mmr: Amount
    cf: Signed
    mi: int
    ma: int


class ContractInfo(msgspec.Struct, gc=False):
    E: int
    s: str
    ct: str
    dt: int
    ot: int
    cs: str
    bks: tuple[Bracket, ...] = ()
    ps: str = ""
    st: int = 0


class Component(msgspec.Struct, gc=False):
    b: str
    q: str
    w: Amount
    W: Amount
    i: Amount


class CompositeIndex(msgspec.Struct, gc=False):
    E: int
    p: Amount
    C: str
    c: tuple[Component, ...] = ()


class AssetIndex(msgspec.Struct, gc=False):
    E: int
    i: Amount
    b: Amount
    a: Amount
    B: Amount
    A: Amount
    q: Amount
    g: Amount
    Q: Amount
    G: Amount
    s: str = ""


class TradingSession(msgspec.Struct, gc=False):
    e: str
    E: int
    t: int
    T: int
    S: str
