"""REST answers about the market's past, as domain events."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from bot.domain.fetched import BookFetched
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.values import MS_NS

__all__ = ["agg_trades", "bars", "book", "trades"]

# Bounds keep NaN and infinity, which JSON strings may spell, out of prices and sizes.
_Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e300)]


class _Book(msgspec.Struct):
    last_update_id: int = msgspec.field(name="lastUpdateId")
    bids: tuple[tuple[_Amount, _Amount], ...]
    asks: tuple[tuple[_Amount, _Amount], ...]


class _Trade(msgspec.Struct):
    id: int
    price: _Amount
    qty: _Amount
    time: int
    buyer_is_maker: bool = msgspec.field(name="isBuyerMaker")


class _AggTrade(msgspec.Struct):
    id: int = msgspec.field(name="a")
    price: _Amount = msgspec.field(name="p")
    size: _Amount = msgspec.field(name="q")
    first: int = msgspec.field(name="f")
    last: int = msgspec.field(name="l")
    time: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")


_Kline = tuple[
    int, _Amount, _Amount, _Amount, _Amount, _Amount, int, _Amount, int, _Amount, _Amount, Any
]
"""Open time, o, h, l, c, volume, close time, quote volume, trades, taker's volumes, unused."""

_TRADES: Final = list[_Trade]
_AGG_TRADES: Final = list[_AggTrade]
_KLINES: Final = list[_Kline]


def book(body: object, symbol: str, limit: int, recv_ns: int) -> BookFetched:
    """The answer of ``depth``.

    Raises:
        msgspec.ValidationError: it is none; so do the others.
    """
    wire = msgspec.convert(body, _Book, strict=False)
    return BookFetched(
        symbol=symbol,
        last_update_id=wire.last_update_id,
        bids=wire.bids,
        asks=wire.asks,
        limit=limit,
        recv_ns=recv_ns,
    )


def trades(body: object, symbol: str, recv_ns: int) -> Sequence[TradeTick]:
    """The answer of ``trades`` and ``historicalTrades``, oldest first; all are late."""
    return [
        TradeTick(
            symbol, w.price, w.qty, w.id, w.buyer_is_maker, w.time * MS_NS, recv_ns, late=True
        )
        for w in msgspec.convert(body, _TRADES, strict=False)
    ]


def agg_trades(body: object, symbol: str, recv_ns: int) -> Sequence[AggTrade]:
    """The answer of ``aggTrades``, oldest first; all are late."""
    return [
        AggTrade(
            symbol,
            w.price,
            w.size,
            w.id,
            w.first,
            w.last,
            w.buyer_is_maker,
            w.time * MS_NS,
            recv_ns,
            late=True,
        )
        for w in msgspec.convert(body, _AGG_TRADES, strict=False)
    ]


def bars(
    body: object, symbol: str, interval: str, recv_ns: int, *, exchange_ms: int
) -> Sequence[Bar]:
    """The answer of ``klines``, oldest first; all are late.

    The last may still form: whether one is closed is told by ``exchange_ms``, the exchange's
    time when it answered.
    """
    return [
        Bar(
            symbol,
            interval,
            first,
            high,
            low,
            last,
            volume,
            quote_volume,
            count,
            open_ms * MS_NS,
            close_ms * MS_NS,
            close_ms < exchange_ms,
            min(close_ms, exchange_ms) * MS_NS,
            recv_ns,
            taker_volume=taker_volume,
            taker_quote_volume=taker_quote_volume,
            late=True,
        )
        for (
            open_ms,
            first,
            high,
            low,
            last,
            volume,
            close_ms,
            quote_volume,
            count,
            taker_volume,
            taker_quote_volume,
            _,
        ) in msgspec.convert(body, _KLINES, strict=False)
    ]
