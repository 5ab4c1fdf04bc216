"""Lanes of streams that speak once a second or less, and of whole markets."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from bot.domain.commands import StreamKind
from bot.domain.market import MarketEvent, WholeMarket
from bot.domain.values import Market
from bot.exchange import wire
from bot.exchange.continuity import StreamState
from bot.exchange.rareevents import READINGS, Arrival

__all__ = ["MAKERS", "array_lane"]

Lane = Callable[[bytes, int], MarketEvent | None]
_UNIVERSES: Final = {Market.USDM: 1, Market.COINM: 2}
"""``st`` in messages of futures, where both universes share the streams of a whole market."""


def _single_lane(state: StreamState) -> Lane:
    """The lane of a stream of one symbol."""
    message, make, order, _ = READINGS[state.subscription.kind]
    decode = msgspec.json.Decoder(wire.Frame[message], strict=False).decode  # type: ignore[valid-type]
    subscription = state.subscription
    symbol, detail = subscription.symbol, subscription.detail

    def lane(frame: bytes, recv_ns: int) -> MarketEvent | None:
        seen = decode(frame).data
        event = make(seen, Arrival(symbol, detail, recv_ns, from_array=False))
        state.heard_ns = recv_ns
        ts_ns = event.ts_ns if event.ts_ns != recv_ns else 0
        return event if state.is_new(order(seen), ts_ns, recv_ns) else None

    return lane


def array_lane(state: StreamState) -> Lane:
    """The lane of a whole market: an event for each element that is of this market and new."""
    message, make, order, symbol_of = READINGS[state.subscription.kind]
    split = msgspec.json.Decoder(wire.Many, strict=False).decode
    decode = msgspec.json.Decoder(message, strict=False).decode
    subscription = state.subscription
    market, colon, _ = subscription.symbol.rpartition(":")
    prefix, detail = f"{market}{colon}", subscription.detail
    nameless = subscription.kind is StreamKind.TRADING_SESSION
    universe = _UNIVERSES.get(state.market, 0)

    def element(raw: msgspec.Raw, recv_ns: int) -> MarketEvent | None:
        seen = decode(raw)
        if getattr(seen, "st", 0) not in {0, universe}:
            return None
        symbol = symbol_of(seen)
        if not symbol:
            raise msgspec.ValidationError("an element without a symbol")
        number = order(seen)
        event = make(
            seen,
            Arrival(
                subscription.symbol if nameless else prefix + symbol,
                detail,
                recv_ns,
                from_array=True,
            ),
        )
        state.last_id = max(state.last_id, number)
        return event if state.is_new_of(symbol, number) else None

    def lane(frame: bytes, recv_ns: int) -> WholeMarket | None:
        elements = _elements(split(frame).data)
        events: list[Any] = []
        broken = 0
        for raw in elements:
            try:
                event = element(raw, recv_ns)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                broken += 1
                continue
            if event is not None:
                events.append(event)
        if broken and broken == len(elements):
            raise msgspec.ValidationError("no element of the array can be read")
        state.broken += broken
        state.heard_ns = recv_ns
        if not events:
            return None
        ts_ns = max(event.ts_ns for event in events)
        return WholeMarket(subscription.symbol, tuple(events), ts_ns, recv_ns)

    return lane


_split_array: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _elements(data: msgspec.Raw) -> list[msgspec.Raw]:
    return _split_array(data) if bytes(data).lstrip()[:1] == b"[" else [data]


MAKERS: Final[dict[StreamKind, Callable[[StreamState], Lane]]] = dict.fromkeys(
    READINGS, _single_lane
)
