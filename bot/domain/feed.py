"""What is said about the feeds themselves: up, down, silent, and each hole of a stream."""

from enum import StrEnum

import msgspec

__all__ = ["FeedChanged", "FeedKind", "FeedState"]


class FeedKind(StrEnum):
    MARKET = "market"
    USER = "user"


class FeedState(StrEnum):
    UP = "up"
    DOWN = "down"
    STALE = "stale"
    """Connected, and silent for longer than it should be."""
    LATE = "late"
    """Its data is handled later than it should be; UP when that is over."""
    GAP = "gap"
    """A stream has a hole: messages between two that came are missing."""
    HEALED = "healed"
    """What is to be done about a hole has been done; ``healed_by`` says what."""


class FeedChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A feed went up, down or silent, or a stream of it has a hole.

    UP after DOWN means: there was a gap between them. GAP and HEALED tell of one hole of
    ``stream``, known by its ``from_id`` and ``to_id`` (or ``from_ns`` and ``to_ns``).
    """

    feed: FeedKind
    name: str
    """Which connection or stream, for people: ``spot market 1``, ``btcusdt@trade``."""
    state: FeedState
    cause: str
    recv_ns: int
    since_ns: int | None = None
    """Since when it may have been so, by our clock: the last sign of life; None: since now."""
    symbols: tuple[str, ...] = ()
    """The symbols that it carries; empty means all."""
    stream: str = ""
    """Of a hole: the stream, as the exchange names it."""
    from_id: int | None = None
    """The first id that is missing: of trades, of aggregate trades, of book updates."""
    to_id: int | None = None
    """The last id that is missing."""
    from_ns: int | None = None
    """The earliest exchange time that is missing; of bars, the first one's open time."""
    to_ns: int | None = None
    """The latest exchange time that is missing; of bars, the last one's open time."""
    healed_by: str = ""
    """``backfill of 12 trades``, ``resync``; ``not healed: ...`` if the hole stays."""
