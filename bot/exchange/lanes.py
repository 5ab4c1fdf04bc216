"""The way of one stream's frames: typed decode, what was heard before, the domain event.

Here are the streams that speak often; :mod:`bot.exchange.rarelanes` has the others.
"""

from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Final

import msgspec

from bot.domain.commands import StreamKind
from bot.domain.interval import Interval, interval_of
from bot.domain.market import (
    AggTrade,
    Bar,
    BookSnapshot,
    DepthUpdate,
    MarketEvent,
    QuoteTick,
    RpiDepthUpdate,
    TradeTick,
)
from bot.domain.values import WHOLE_MARKET, Market
from bot.exchange import wire
from bot.exchange.continuity import StreamState
from bot.exchange.rarelanes import MAKERS as RARE
from bot.exchange.rarelanes import array_lane

__all__ = ["Decoded", "Lane", "lane_for"]

Decoded = MarketEvent | None
"""None for what is not newer than what was heard, and for what is no event."""

Lane = Callable[[bytes, int], Decoded]
"""``(combined frame, recv_ns) -> event``; raises msgspec.MsgspecError on a bad frame."""

# Made once: a decoder takes longer to make than a thousand frames to decode.
_decode_trade: Final = msgspec.json.Decoder(wire.Frame[wire.Trade], strict=False).decode
_decode_agg_trade: Final = msgspec.json.Decoder(wire.Frame[wire.AggTrade], strict=False).decode
_decode_quote: Final = msgspec.json.Decoder(wire.Frame[wire.BookTicker], strict=False).decode
_decode_spot_quote: Final = msgspec.json.Decoder(
    wire.Frame[wire.SpotBookTicker], strict=False
).decode
_decode_kline: Final = msgspec.json.Decoder(wire.Frame[wire.KlineEvent], strict=False).decode
_decode_partial: Final = msgspec.json.Decoder(wire.Frame[wire.PartialDepth], strict=False).decode
_decode_depth: Final = msgspec.json.Decoder(wire.Frame[wire.Depth], strict=False).decode


def lane_for(state: StreamState) -> Lane:
    """The lane of one stream. Each good frame sets ``state.heard_ns`` to ``recv_ns``.

    The symbol is that of the subscription: the stream's name says it, and a partial book
    says nothing else.
    """
    kind = state.subscription.kind
    if state.subscription.symbol.rpartition(":")[2] == WHOLE_MARKET:
        return array_lane(state)
    often = _MAKERS.get(kind)
    return RARE[kind](state) if often is None else often(state)


# The hottest lines of the program. A lane of these kinds is one function for all streams, bound to
# the stream's state: of a thousand streams each is far from the processor's nearest memory when
# its turn comes, and a function of its own with its defaults is five more places to fetch.


def _trade(state: StreamState, frame: bytes, recv_ns: int) -> TradeTick | None:
    seen = _decode_trade(frame).data
    state.heard_ns = recv_ns
    trade_id = seen.t
    ts_ns = seen.T * 1_000_000
    event = TradeTick(state.symbol, seen.p, seen.q, trade_id, seen.m, ts_ns, recv_ns)
    if trade_id != state.last_id + 1 and not state.follows(trade_id, ts_ns, event):
        return None
    state.last_id = trade_id
    state.last_ns = ts_ns
    # Futures announce trades that were none, at the price 0, under an id of their own.
    return event if seen.p else None


def _agg_trade(state: StreamState, frame: bytes, recv_ns: int) -> AggTrade | None:
    seen = _decode_agg_trade(frame).data
    state.heard_ns = recv_ns
    agg_id = seen.a
    ts_ns = seen.T * 1_000_000
    event = AggTrade(state.symbol, seen.p, seen.q, agg_id, seen.f, seen.l, seen.m, ts_ns, recv_ns)
    if agg_id != state.last_id + 1 and not state.follows(agg_id, ts_ns, event):
        return None
    state.last_id = agg_id
    state.last_ns = ts_ns
    return event


def _spot_quote(state: StreamState, frame: bytes, recv_ns: int) -> QuoteTick | None:
    seen = _decode_spot_quote(frame).data
    state.heard_ns = recv_ns
    update_id = seen.u
    if update_id <= state.last_id and not state.is_new(update_id, 0, recv_ns):
        return None
    state.last_id = update_id
    return QuoteTick(state.symbol, seen.b, seen.B, seen.a, seen.A, update_id, recv_ns, recv_ns)


def _futures_quote(state: StreamState, frame: bytes, recv_ns: int) -> QuoteTick | None:
    seen = _decode_quote(frame).data
    state.heard_ns = recv_ns
    update_id = seen.u
    ts_ns = seen.E * 1_000_000
    if update_id <= state.last_id and not state.is_new(update_id, ts_ns, recv_ns):
        return None
    state.last_id = update_id
    state.last_ns = ts_ns
    return QuoteTick(
        state.symbol, seen.b, seen.B, seen.a, seen.A, update_id, ts_ns or recv_ns, recv_ns
    )


def _quote(state: StreamState) -> Lane:
    return MethodType(_spot_quote if state.market is Market.SPOT else _futures_quote, state)


def _book(state: StreamState) -> Lane:
    subscription = state.subscription
    symbol, speed_ms = subscription.symbol, subscription.speed_ms
    levels = int(subscription.detail.partition("@")[0] or 20)

    def lane(frame: bytes, recv_ns: int) -> BookSnapshot | None:
        seen = _decode_partial(frame).data
        update_id = seen.lastUpdateId
        if update_id >= 0:
            bids, asks, ts_ns = seen.bids, seen.asks, 0
        else:
            update_id, bids, asks, ts_ns = seen.u, seen.b, seen.a, seen.E * 1_000_000
        if update_id < 0:
            raise msgspec.ValidationError("a partial book without an update id")
        state.heard_ns = recv_ns
        if not state.is_new(update_id, ts_ns, recv_ns):
            return None
        return BookSnapshot(
            symbol, bids, asks, update_id, ts_ns or recv_ns, recv_ns, levels, speed_ms
        )

    return lane


def _depth(state: StreamState) -> Lane:
    rpi = state.subscription.kind is StreamKind.RPI_DEPTH
    make: type[DepthUpdate] = RpiDepthUpdate if rpi else DepthUpdate
    speed_ms = 500 if rpi else state.subscription.speed_ms
    symbol = state.subscription.symbol

    def lane(frame: bytes, recv_ns: int) -> DepthUpdate | None:
        seen = _decode_depth(frame).data
        state.heard_ns = recv_ns
        ts_ns = seen.E * 1_000_000
        # Whether updates join is the book's to see: it alone knows what it has applied.
        if not state.is_new(seen.u, ts_ns, recv_ns):
            return None
        return make(symbol, seen.U, seen.u, seen.pu, seen.b, seen.a, ts_ns, recv_ns, speed_ms)

    return lane


def _bar(state: StreamState) -> Lane:
    symbol, detail = state.subscription.symbol, state.subscription.detail or "1m"
    interval = interval_of(detail)

    def lane(frame: bytes, recv_ns: int) -> Bar | None:
        event = _decode_kline(frame).data
        k = event.k
        state.heard_ns = recv_ns
        open_ns = k.t * 1_000_000
        bar = Bar(
            symbol,
            detail,
            k.o,
            k.h,
            k.l,
            k.c,
            k.v,
            k.q,
            k.n,
            open_ns,
            k.T * 1_000_000,
            k.x,
            event.E * 1_000_000,
            recv_ns,
            k.V,
            k.Q,
            k.f,
            k.L,
        )
        return bar if _is_next_bar(state, interval, bar, event.E) else None

    return lane


def _is_next_bar(state: StreamState, interval: Interval, bar: Bar, event_ms: int) -> bool:
    """Whether the bar, or this update of it, is newer; tells closed bars that are missing."""
    due_ns = state.due_bar_ns or bar.open_ns
    again = bar.open_ns == state.bar_ns and event_ms <= state.last_id and not bar.closed
    if bar.open_ns < due_ns or again:
        state.duplicates += 1
        return False
    if bar.open_ns > due_ns and state.on_jump is not None:
        last_ns = interval.open_ns(bar.open_ns - 1)
        state.on_jump(state, due_ns, last_ns, bar)
    state.bar_ns = bar.open_ns
    state.due_bar_ns = interval.next_ns(bar.open_ns) if bar.closed else bar.open_ns
    state.last_id = max(event_ms, state.last_id)
    state.last_ns = bar.ts_ns
    return True


_MAKERS: Final[dict[StreamKind, Callable[[StreamState], Lane]]] = {
    StreamKind.TRADES: partial(MethodType, _trade),
    StreamKind.AGG_TRADES: partial(MethodType, _agg_trade),
    StreamKind.QUOTES: _quote,
    StreamKind.BARS: _bar,
    StreamKind.CONTINUOUS_BARS: _bar,
    StreamKind.BOOK: _book,
    StreamKind.DEPTH: _depth,
    StreamKind.RPI_DEPTH: _depth,
}
