"""The last closed bars of one kind on one symbol, oldest first, so many and no more."""

from bisect import bisect_left
from operator import attrgetter

from bot.domain.market import Bar

__all__ = ["Series"]

_opened = attrgetter("open_ns")


class Series:
    """Bars by the time at which they opened: a later version of one takes its place."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._bars: list[Bar] = []

    def keep(self, bar: Bar) -> None:
        """Take a closed bar in; of too many the oldest go."""
        bars = self._bars
        if not bars or bar.open_ns > bars[-1].open_ns:
            bars.append(bar)
        else:
            place = bisect_left(bars, bar.open_ns, key=_opened)
            if bars[place].open_ns == bar.open_ns:
                bars[place] = bar
            else:
                bars.insert(place, bar)
        # In one go now and then: each time would move every bar for each that comes.
        if len(bars) > 2 * self._kept:
            del bars[: -self._kept]

    def last(self, count: int) -> list[Bar]:
        """The newest ``count`` of them, oldest first; fewer if there are fewer."""
        count = min(count, self._kept)
        return self._bars[-count:] if count > 0 else []

    def has(self, open_ns: int) -> bool:
        """Whether the bar that opened then is here."""
        place = bisect_left(self._bars, open_ns, key=_opened)
        return place < len(self._bars) and self._bars[place].open_ns == open_ns
