"""Where bars of one kind on one symbol come from: history first, then what is heard, joined.

The stream is subscribed before the history is asked for, and the two are joined by the times of
bars or the ids of trades: what both have is taken once, what neither has is asked for again,
and meanwhile what is heard waits. So the first live bar follows the last one of the past.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from bot.domain.commands import FetchBars
from bot.domain.interval import Interval
from bot.domain.market import Bar
from bot.domain.values import SECOND_NS
from bot.engine.longerbars import LongerBars
from bot.engine.series import Series
from bot.engine.tradebars import NEVER_NS

__all__ = ["BarLine", "Line", "LineDesk"]

_TRIES: Final = 4
"""Questions without an answer after which the bot goes on without it."""
_PAUSE_FIRST_NS: Final = SECOND_NS
_PAUSE_LONGEST_NS: Final = 60 * SECOND_NS
_LARGEST_HOLE: Final = 1_500
"""Missing bars that are asked for; more than that is another time, such as a recording's."""
_MOST_HELD: Final = 20_000


class LineDesk(Protocol):
    """What a line may ask of the engine."""

    @property
    def now_ns(self) -> int: ...
    def ask(self, line: "Line", question: msgspec.Struct) -> None:
        """Send a Fetch command; its number is set here."""
        ...

    def failed(self, line: "Line", reason: str) -> None:
        """The history could not be had: to be written down."""
        ...


class Line(ABC):
    """History and stream of one kind of bars on one symbol."""

    def __init__(self, desk: LineDesk, symbol: str, interval: Interval, series: Series) -> None:
        self.symbol = symbol
        self.interval = interval
        self.series = series
        self.is_warm = True
        """No history is missing that somebody waits for."""
        self.wanted = 0
        """Closed bars of the past that somebody wants."""
        self.required = False
        # Engine time at which pass_time() is going to be called, NEVER_NS if it is not.
        self.scheduled_ns = NEVER_NS
        self._desk = desk
        self._retry_ns = NEVER_NS
        self._tries = 0
        self._question: msgspec.Struct | None = None

    @abstractmethod
    def warm_up(self, count: int, *, required: bool) -> None:
        """Bring the last ``count`` closed bars; ``is_warm`` tells when they are here."""

    @abstractmethod
    def fetched(self, rows: Sequence[msgspec.Struct]) -> list[Bar]:
        """The answer to the newest question; the bars to issue."""

    @abstractmethod
    def pause(self) -> None:
        """The feed of the symbol is down."""

    @abstractmethod
    def _pass_time(self, now_ns: int) -> list[Bar]: ...

    @abstractmethod
    def _give_up(self) -> list[Bar]:
        """Go on without the answer; the bars to issue."""

    @property
    @abstractmethod
    def _maker_ns(self) -> int: ...

    @property
    def next_ns(self) -> int:
        """Engine time at which :meth:`pass_time` has something to do."""
        return min(self._maker_ns, self._retry_ns)

    def pass_time(self, now_ns: int) -> list[Bar]:
        """It is this late: close, correct, ask again; the bars to issue."""
        if now_ns >= self._retry_ns:
            self._retry_ns = NEVER_NS
            if self._question is not None:
                self._ask(self._question)
        return self._pass_time(now_ns)

    def not_fetched(self, reason: str, retry_after_s: float) -> list[Bar]:
        """The newest question got no answer: ask again, later and later, or go on without."""
        self._tries += 1
        pause_ns = min(_PAUSE_FIRST_NS * 2 ** (self._tries - 1), _PAUSE_LONGEST_NS)
        if self._tries >= _TRIES:
            if self._tries == _TRIES:
                self._desk.failed(self, f"{reason} ({self._tries} times)")
            if not self.required or self.is_warm:
                return self._give_up()
        self._retry_ns = self._desk.now_ns + max(pause_ns, round(retry_after_s * SECOND_NS))
        return []

    def _ask(self, question: msgspec.Struct) -> None:
        self._question = question
        self._desk.ask(self, question)

    def _answered(self) -> None:
        self._question, self._tries = None, 0


class BarLine(Line):
    """Bars that come as bars: the exchange's own, or longer ones built from these."""

    def __init__(
        self,
        desk: LineDesk,
        symbol: str,
        interval: Interval,
        series: Series,
        *,
        source: Interval,
        maker: LongerBars | None,
    ) -> None:
        super().__init__(desk, symbol, interval, series)
        self.source = source
        self._maker = maker
        self._joined = False
        # The newest closed bar of the source that is known, by its opening.
        self._last_ns: int | None = None
        self._first_heard_ns: int | None = None
        self._wants_past = False
        self._held: list[Bar] | None = None

    def warm_up(self, count: int, *, required: bool) -> None:
        self.required = self.required or required
        if count <= self.wanted or self._joined:
            return
        self.wanted, self.is_warm, self._wants_past = count, False, True
        if self._maker is not None and self._held is None:
            self._held = []
        limit = count
        if self._maker is not None:
            limit = (count + 1) * parts_of(self.interval, self.source)
        self._ask(_question(self.symbol, self.source, limit))

    def hear(self, bar: Bar) -> list[Bar]:
        """A bar of the source came; the bars to issue."""
        if self._held is not None:
            if len(self._held) < _MOST_HELD:
                self._held.append(bar)
            return []
        if self._joined or bar.late:
            return self._pass(bar)
        if self._wants_past:
            if self._first_heard_ns is None:
                self._first_heard_ns = bar.open_ns
            return self._pass(bar)
        expected_ns = self._expected(bar)
        if bar.open_ns < expected_ns:
            return []  # the past had it already
        self._joined = True
        if bar.open_ns > expected_ns and self._fill(expected_ns, bar.open_ns):
            self._held = [bar]
            return []
        return self._pass(bar)

    def fetched(self, rows: Sequence[msgspec.Struct]) -> list[Bar]:
        bars = [bar for bar in rows if isinstance(bar, Bar) and bar.closed]
        self._answered()
        if not self._wants_past:
            issued = [out for bar in bars for out in self._pass(bar) if out.closed]
            issued += self._release()
            self.is_warm = True
            return issued
        self._wants_past = False
        for bar in bars:
            self._learn(bar)
        heard_ns, last_ns = self._first_heard_ns, self._last_ns
        if self._held is None and heard_ns is not None:
            # The exchange's own bars did not wait: fill what lies between, if anything does.
            self._joined = True
            between = last_ns is not None and self.source.next_ns(last_ns) < heard_ns
            if between and self._fill(self.source.next_ns(last_ns or 0), heard_ns):
                return []
        issued = self._release()
        self.is_warm = True
        return issued

    def pause(self) -> None:
        """Nothing: shorter bars close the longer ones, not time."""

    def _give_up(self) -> list[Bar]:
        self._answered()
        self._wants_past = False
        self._joined = self._joined or self._first_heard_ns is not None
        issued = self._release()
        self.is_warm = True
        return issued

    @property
    def _maker_ns(self) -> int:
        return NEVER_NS if self._maker is None else self._maker.next_ns

    def _pass_time(self, now_ns: int) -> list[Bar]:
        return [] if self._maker is None else self._kept(self._maker.pass_time(now_ns))

    def _expected(self, bar: Bar) -> int:
        if self._last_ns is not None:
            return self.source.next_ns(self._last_ns)
        return bar.open_ns if self._maker is None else self.interval.open_ns(bar.open_ns)

    def _fill(self, from_ns: int, until_ns: int) -> bool:
        """Ask for what is missing between; False if that is too much."""
        missing = 0
        at_ns = from_ns
        while at_ns < until_ns:
            at_ns, missing = self.source.next_ns(at_ns), missing + 1
            if missing > _LARGEST_HOLE:
                self._desk.failed(self, f"more than {_LARGEST_HOLE} bars are missing")
                return False
        question = _question(self.symbol, self.source, missing)
        self._ask(msgspec.structs.replace(question, start_ns=from_ns, end_ns=until_ns - 1))
        return True

    def _release(self) -> list[Bar]:
        held, self._held = self._held or [], None
        return [out for bar in held for out in self.hear(bar)]

    def _learn(self, bar: Bar) -> None:
        """A bar of the past: nobody hears of it."""
        self._last_ns = bar.open_ns
        if self._maker is not None:
            self._kept(self._maker.add(bar))
        elif not self.series.has(bar.open_ns):
            self.series.keep(bar)

    def _pass(self, bar: Bar) -> list[Bar]:
        return self._kept([bar] if self._maker is None else self._maker.add(bar))

    def _kept(self, bars: list[Bar]) -> list[Bar]:
        for bar in bars:
            if bar.closed:
                self.series.keep(bar)
        return bars


def parts_of(longer: Interval, shorter: Interval) -> int:
    """How many of the shorter bars a longer one has, at most."""
    if shorter.months:
        return longer.months // shorter.months
    longest_ns = longer.length_ns or longer.months * 31 * 86_400 * SECOND_NS
    return -(-longest_ns // shorter.length_ns)


def _question(symbol: str, source: Interval, limit: int) -> FetchBars:
    return FetchBars(number=0, symbol=symbol, interval=source.text, limit=limit)
