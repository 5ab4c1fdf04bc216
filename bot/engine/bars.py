"""Bars of any kind: which the exchange streams, which are built here, and the last of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.fetched import BarsFetched, HistoryNotFetched, TradesFetched
from bot.domain.interval import Interval, IntervalKind, interval_of, source_interval
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.values import Market, split_symbol
from bot.engine.barlines import BarLine, Line
from bot.engine.longerbars import LongerBars
from bot.engine.series import Series
from bot.engine.tradebars import NEVER_NS
from bot.engine.tradelines import TradeLine

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["BARS", "Bars", "Key"]

Handler = Callable[[Any], None]
Key = tuple[str, str]
"""Symbol and interval, as events carry them."""
BARS: Final = "_bars"
"""The owner of the streams that bars are built from, and of the engine's deadlines for them."""


class Bars:
    """The lines of bars, by what feeds them, and the series that strategies look back on.

    An interval that the exchange streams is passed on as it comes. Any other is built: from the
    longest of the exchange's own intervals that fits into it, else from aggregate trades; bars
    of ``100t`` from single trades. What is built reaches the strategies right after the event
    that it was built from.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.given: Mapping[Key, Sequence[Bar]] | None = None
        """History that is known beforehand: then the exchange is not asked for any."""
        self._series: dict[Key, Series] = {}
        self._lines: dict[Key, Line] = {}
        self._native: dict[Key, BarLine] = {}
        self._built_on: dict[Key, dict[str, BarLine]] = {}
        self._from_trades: dict[type, dict[str, dict[str, TradeLine]]] = {
            AggTrade: {},
            TradeTick: {},
        }
        self._asked: dict[int, Line] = {}
        self._questions = 0
        self._publish: Handler = lambda _: None

    def attach(self, handlers: dict[type, Handler]) -> None:
        """Take a place in the ways of the events that bars are made of."""
        self._handlers = handlers
        self._plain = {kind: handlers[kind] for kind in self._from_trades}
        self._publish = handlers[Bar]
        on_feed = handlers[FeedChanged]

        def feed_changed(event: FeedChanged) -> None:
            self._on_feed(event)
            on_feed(event)

        handlers |= {
            Bar: self._on_bar,
            FeedChanged: feed_changed,
            BarsFetched: lambda event: self._answered(event.number, event.bars),
            TradesFetched: lambda event: self._answered(event.number, event.trades),
            HistoryNotFetched: self._on_not_fetched,
        }

    # --- what strategies want -------------------------------------------------------------

    def begin(self, wish: Subscription) -> bool:
        """Somebody wants these bars. False if they are the exchange's own: a stream to ask for.

        Raises:
            ValueError: it is no interval.
        """
        key = (wish.symbol, wish.detail)
        interval, market = self._read(wish)
        self._series.setdefault(key, Series(self._engine.config.bars_kept))
        if interval.is_native(market):
            return False
        self._line(key, interval, market)
        return True

    def end(self, wish: Subscription) -> bool:
        """Nobody wants them any more. False if they are the exchange's own."""
        key = (wish.symbol, wish.detail)
        self._series.pop(key, None)
        self._native.pop(key, None)
        line = self._lines.pop(key, None)
        self._asked = {number: asker for number, asker in self._asked.items() if asker is not line}
        if line is None or self._is_native(key):
            return False
        source = self._source(line)
        if isinstance(line, BarLine):
            self._built_on[source.symbol, source.detail].pop(key[1], None)
        else:
            for kind, by_symbol in self._from_trades.items():
                by_symbol.get(key[0], {}).pop(key[1], None)
                if not any(by_symbol.values()):
                    # Trades of which nothing is built make no detour.
                    self._handlers[kind] = self._plain[kind]
        if not any(self._source(other) == source for other in self._lines.values()):
            self._engine.subscriptions.release(BARS, source)
        return True

    def warm_up(self, key: Key, count: int, *, required: bool) -> bool:
        """Bring the last ``count`` closed bars of those that are wanted; True if they are here."""
        interval, market = self._read(Subscription(StreamKind.BARS, *key))
        if self.given is not None:
            for bar in self.given.get(key, ()):
                self._series[key].keep(bar)
            return True
        line = self._line(key, interval, market)
        line.warm_up(count, required=required)
        self._schedule(key, line)
        return line.is_warm

    def closed(self, key: Key, count: int) -> list[Bar]:
        """The last closed bars, oldest first.

        Raises:
            KeyError: nobody asked for such bars.
        """
        series = self._series.get(key)
        if series is None:
            raise KeyError(
                f"bars of {key[0]} {key[1]} were not asked for: "
                "subscribe to them, or name them in warm_up"
            )
        return series.last(count)

    def check(self, wish: Subscription) -> None:
        """Raises ValueError in one line if there are no such bars."""
        self._read(wish)

    # --- what comes -----------------------------------------------------------------------

    def _on_bar(self, event: Bar) -> None:
        """A bar of a stream."""
        key = (event.symbol, event.interval)
        line = self._native.get(key)
        self._issue([event] if line is None else line.hear(event), is_kept=line is not None)

    def _then_build(self, kind: type, way: Handler) -> Handler:
        """The way of an event of a stream of trades: first ``way``, then to what is built of it."""
        by_symbol = self._from_trades[kind]

        def heard(trade: Any) -> None:
            way(trade)
            lines = by_symbol.get(trade.symbol)
            if lines:
                for interval, line in tuple(lines.items()):
                    self._issue(line.hear(trade), is_kept=True)
                    if line.next_ns < line.scheduled_ns:
                        self._schedule((trade.symbol, interval), line)

        return heard

    def _on_not_fetched(self, event: HistoryNotFetched) -> None:
        line = self._asked.pop(event.number, None)
        if line is not None:
            self._carry_on(line, lambda: line.not_fetched(event.reason, event.retry_after_s))

    def _on_feed(self, event: FeedChanged) -> None:
        """While a feed is down nobody knows that nothing is traded."""
        if event.feed is FeedKind.MARKET and event.state is FeedState.DOWN:
            for line in self._lines.values():
                if not event.symbols or line.symbol in event.symbols:
                    line.pause()

    def pass_time(self, name: str) -> None:
        """The deadline of a line has come."""
        symbol, _, interval = name.rpartition(" ")
        line = self._lines.get((symbol, interval))
        if line is not None:
            line.scheduled_ns = NEVER_NS
            self._carry_on(line, lambda: line.pass_time(self._engine.now_ns))

    # --- what lines ask for (LineDesk) ----------------------------------------------------

    @property
    def now_ns(self) -> int:
        return self._engine.now_ns

    def ask(self, line: Line, question: Any) -> None:
        """Send the question under a new number; an older one of the line counts no more."""
        self._questions += 1
        self._asked = {number: asker for number, asker in self._asked.items() if asker is not line}
        self._asked[self._questions] = line
        self._engine.command(msgspec.structs.replace(question, number=self._questions))

    def failed(self, line: Line, reason: str) -> None:
        """Write down that history could not be had."""
        subject = f"{line.symbol} {line.interval.text}"
        self._engine.incident("warm_up_failed", subject, reason, severity="warning")

    # --- how it is done -------------------------------------------------------------------

    def _issue(self, bars: Iterable[Bar], *, is_kept: bool) -> None:
        for bar in bars:
            key = (bar.symbol, bar.interval)
            if not is_kept and bar.closed and key in self._series:
                self._series[key].keep(bar)
            self._publish(bar)
            longer = self._built_on.get(key)
            if longer:
                for interval, line in tuple(longer.items()):
                    self._issue(line.hear(bar), is_kept=True)
                    if line.next_ns < line.scheduled_ns:
                        self._schedule((bar.symbol, interval), line)

    def _answered(self, number: int, rows: Sequence[msgspec.Struct]) -> None:
        line = self._asked.pop(number, None)
        if line is not None:
            self._carry_on(line, lambda: line.fetched(rows))

    def _carry_on(self, line: Line, step: Callable[[], list[Bar]]) -> None:
        was_warm = line.is_warm
        self._issue(step(), is_kept=True)
        key = (line.symbol, line.interval.text)
        self._schedule(key, line)
        if line.is_warm and not was_warm:
            # Last: who starts now finds in the series what others have just been told.
            self._engine.warmup.arrived(key)

    def _schedule(self, key: Key, line: Line) -> None:
        if line.next_ns < line.scheduled_ns:
            line.scheduled_ns = line.next_ns
            self._engine.deadlines.set(BARS, f"{key[0]} {key[1]}", line.next_ns)

    def _line(self, key: Key, interval: Interval, market: Market) -> Line:
        line = self._lines.get(key)
        if line is not None:
            return line
        symbol, series = key[0], self._series[key]
        lower = interval if interval.is_native(market) else source_interval(interval, market)
        if lower is None:
            most = self._engine.config.warm_up_trades
            made = TradeLine(self, symbol, interval, series, market=market, most=most)
            kind = AggTrade if made.kind is StreamKind.AGG_TRADES else TradeTick
            self._from_trades[kind].setdefault(symbol, {})[key[1]] = made
            self._handlers[kind] = self._then_build(kind, self._plain[kind])
            line = made
        elif lower is interval:
            line = self._native[key] = BarLine(
                self, symbol, interval, series, source=interval, maker=None
            )
        else:
            maker = LongerBars(symbol, interval, lower)
            built = BarLine(self, symbol, interval, series, source=lower, maker=maker)
            self._built_on.setdefault((symbol, lower.text), {})[key[1]] = built
            line = built
        self._lines[key] = line
        if not self._is_native(key):
            self._engine.subscriptions.want(BARS, self._source(line))
        return line

    def _source(self, line: Line) -> Subscription:
        if isinstance(line, BarLine):
            return Subscription(StreamKind.BARS, line.symbol, line.source.text)
        assert isinstance(line, TradeLine)
        return Subscription(line.kind, line.symbol)

    def _is_native(self, key: Key) -> bool:
        return interval_of(key[1]).is_native(self._market(key[0]))

    def _read(self, wish: Subscription) -> tuple[Interval, Market]:
        interval, market = interval_of(wish.detail), self._market(wish.symbol)
        if interval.kind is IntervalKind.QUOTE_VOLUME and market is Market.COINM:
            raise ValueError(
                f"bar interval {wish.detail!r}: COIN-M trades contracts, "
                "count them with v, as in 500v"
            )
        return interval, market

    def _market(self, symbol: str) -> Market:
        return split_symbol(symbol, self._engine.config.market)[0]
