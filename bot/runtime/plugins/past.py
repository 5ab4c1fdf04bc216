"""The history that a rehearsal or a test gives a strategy: bars that ended before it starts."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bot.domain.commands import Command, FetchBars, FetchTrades
from bot.domain.events import Event
from bot.domain.fetched import BarsFetched, TradesFetched
from bot.domain.interval import Interval, interval_of
from bot.domain.market import Bar
from bot.domain.values import SECOND_NS
from bot.engine.bars import Key

__all__ = ["Past", "no_more", "past_of"]

Past = Mapping[str | Key, Sequence[float | Bar]]
"""By interval (of the first symbol), or by symbol and interval: closes, or whole bars."""


def past_of(given: Past, symbol: str, start_ns: int) -> dict[Key, list[Bar]]:
    """The bars by symbol and interval, oldest first, the last one over when it starts.

    Raises:
        ValueError: there is no such interval.
    """
    found: dict[Key, list[Bar]] = {}
    for name, values in given.items():
        key = (symbol, name) if isinstance(name, str) else name
        spans = reversed(list(zip(range(len(values)), _spans(key[1], start_ns), strict=False)))
        found[key] = [
            _bar(key, value, *span) for value, (_, span) in zip(values, spans, strict=True)
        ]
    return found


def no_more(command: Command, now_ns: int) -> Iterator[Event]:
    """The answer to a question for more of the past than was given: there is none."""
    match command:
        case FetchBars(number=number, symbol=symbol):
            yield BarsFetched(number=number, symbol=symbol, bars=(), recv_ns=now_ns)
        case FetchTrades(number=number, symbol=symbol):
            yield TradesFetched(number=number, symbol=symbol, trades=(), recv_ns=now_ns)


def _spans(text: str, end_ns: int) -> Iterator[tuple[int, int]]:
    """(open, next open) of the bars before that instant, newest first."""
    interval: Interval = interval_of(text)
    if not interval.is_time:
        # Bars that time does not end: one each second.
        while True:
            yield end_ns - SECOND_NS, end_ns
            end_ns -= SECOND_NS
    end_ns = interval.open_ns(end_ns)
    while True:
        open_ns = interval.open_ns(end_ns - 1)
        yield open_ns, end_ns
        end_ns = open_ns


def _bar(key: Key, value: float | Bar, open_ns: int, end_ns: int) -> Bar:
    symbol, interval = key
    if isinstance(value, Bar):
        return msgspec.structs.replace(value, symbol=symbol, interval=interval, late=True)
    return Bar(
        symbol=symbol,
        interval=interval,
        open=value,
        high=value,
        low=value,
        close=value,
        volume=1.0,
        quote_volume=value,
        trades=1,
        open_ns=open_ns,
        close_ns=end_ns - 1_000_000,
        closed=True,
        ts_ns=end_ns,
        recv_ns=end_ns,
        late=True,
    )
