"""When the silence of a stream is out of keeping: judged by its own habits."""

from collections.abc import Mapping
from typing import Final

import msgspec

from bot.domain.commands import StreamKind
from bot.domain.values import SECOND_NS

__all__ = ["Pulse", "QuietRules"]

_DEFAULT_SILENCE_S: Final[Mapping[StreamKind, float]] = {
    **dict.fromkeys(
        (
            StreamKind.TRADES,
            StreamKind.AGG_TRADES,
            StreamKind.QUOTES,
            StreamKind.BOOK,
            StreamKind.DEPTH,
            StreamKind.MINI_TICKER,
            StreamKind.TICKER,
            StreamKind.MARK_PRICE,
        ),
        10.0,
    ),
    StreamKind.BARS: 30.0,
}
# These may say nothing for days, and nobody can tell that from a fault.
_RARE: Final = frozenset(
    {
        StreamKind.LIQUIDATIONS,
        StreamKind.BLOCK_TRADES,
        StreamKind.CONTRACT_INFO,
        StreamKind.TRADING_SESSION,
        StreamKind.REFERENCE_PRICE,
    }
)
_ABOVE_HABIT: Final = 8
_FADING: Final = 0.99
_THIN: Final = 10


class QuietRules(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as silence."""

    silence_s: Mapping[StreamKind, float] = msgspec.field(
        default_factory=lambda: dict(_DEFAULT_SILENCE_S)
    )
    """The shortest silence that can be out of keeping, by kind; absent: none is."""
    first_data_s: float = 30.0
    """A new stream should have spoken within this time: Binance acknowledges names that do not
    exist. Ten times as long where others of its kind on the connection did: it may be a thin
    symbol then."""
    steady_after: int = 10
    """A stream that was heard at so many looks has habits."""


class Pulse:
    """One stream as a watchman sees it, who looks every now and then."""

    __slots__ = ("_floor_ns", "_last_ns", "_longest_ns", "_looks", "_rules", "is_rare")

    def __init__(self, kind: StreamKind, rules: QuietRules) -> None:
        self._rules = rules
        self.is_rare = kind in _RARE
        floor_s = rules.silence_s.get(kind)
        self._floor_ns = None if floor_s is None else floor_s * SECOND_NS
        self._last_ns = 0
        self._longest_ns = 0.0
        self._looks = 0

    def look(self, heard_ns: int) -> None:
        """Take note of when the stream was last heard."""
        if heard_ns == self._last_ns:
            return
        if self._last_ns:
            self._longest_ns = max(heard_ns - self._last_ns, self._longest_ns * _FADING)
        self._looks += 1
        self._last_ns = heard_ns

    def is_silent(self, since_ns: int, now_ns: int, *, alone: bool) -> bool:
        """Whether it should have spoken by now.

        ``since_ns``: since when it is delivered, as far as is known; ``alone``: no other
        stream of its kind on the connection was ever heard.
        """
        if not self._last_ns:
            wait_s = self._rules.first_data_s * (1 if alone else _THIN)
            return not self.is_rare and now_ns - since_ns > wait_s * SECOND_NS
        if self._floor_ns is None or self._looks < self._rules.steady_after:
            return False
        limit_ns = max(self._floor_ns, _ABOVE_HABIT * self._longest_ns)
        return now_ns - max(self._last_ns, since_ns) > limit_ns
