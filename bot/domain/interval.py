"""What a bar covers: so much time, so many trades, so much volume.

Binance's own intervals keep its names (``1s 1m 3m ... 1d 3d 1w 1M``). Any other number of the
same units is written alike (``7m``, ``90s``, ``2d``, also ``500ms`` and ``1y``) and so are bars
that do not follow the clock: ``100t`` is a hundred trades, ``50v`` fifty base units, ``10000q``
ten thousand quote units traded ("dollar bars"). ``1d@+08:00`` is a day of another time zone.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Final

from bot.domain.values import MS_NS, SECOND_NS, Market

__all__ = ["Interval", "IntervalKind", "interval_of", "native_intervals", "source_interval"]

_MINUTE_NS: Final = 60 * SECOND_NS
_HOUR_NS: Final = 60 * _MINUTE_NS
_DAY_NS: Final = 24 * _HOUR_NS
_WEEK_NS: Final = 7 * _DAY_NS
_MONDAY_NS: Final = 4 * _DAY_NS
"""The epoch was a Thursday: weeks begin four days later."""
_LENGTHS_NS: Final = {
    "ms": MS_NS,
    "s": SECOND_NS,
    "m": _MINUTE_NS,
    "h": _HOUR_NS,
    "d": _DAY_NS,
    "w": _WEEK_NS,
}
_MONTHS: Final = {"M": 1, "y": 12}
_SHORTEST_NS: Final = 10 * MS_NS
_LONGEST_NS: Final = 3_660 * _DAY_NS
_LONGEST_MONTHS: Final = 120
_WEST_NS: Final = -12 * _HOUR_NS
_EAST_NS: Final = 14 * _HOUR_NS

_NATIVE: Final = tuple("1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M".split())  # noqa: SIM905 - reads like Binance's documentation
_ZONED: Final = "@+08:00"
"""The one time zone that Binance's spot streams know (and futures do not)."""
_TEXT: Final = re.compile(
    r"([0-9]{1,12}(?:\.[0-9]{1,8})?)(ms|[smhdwMytvq])(?:@([+-])(\d\d):(\d\d))?"
)
_HELP: Final = (
    "write a number and a unit, as in 1m, 7m, 90s, 2d, 1w, 1M, 1d@+08:00, "
    "100t (trades), 50v (base volume) or 10000q (quote volume)"
)


class IntervalKind(Enum):
    """What ends a bar."""

    TIME = "time"
    TICKS = "ticks"
    BASE_VOLUME = "base volume"
    QUOTE_VOLUME = "quote volume"


_KINDS: Final = {
    "t": IntervalKind.TICKS,
    "v": IntervalKind.BASE_VOLUME,
    "q": IntervalKind.QUOTE_VOLUME,
}


@dataclass(frozen=True, slots=True)
class Interval:
    """One kind of bar.

    Boundaries of time are aligned as Binance's are: to the epoch, weeks to Monday, months and
    years to the calendar, all shifted by the time zone if there is one.
    """

    text: str
    kind: IntervalKind
    amount: Decimal
    """Of what ends a bar that time does not end: trades, base units, quote units; else 0."""
    length_ns: int = 0
    """0 for months and years, and for bars that time does not end."""
    months: int = 0
    anchor_ns: int = 0
    """An instant at which a bar of fixed length opens."""
    zone_ns: int = 0
    """How far local time is ahead of UTC."""

    @property
    def is_time(self) -> bool:
        return self.kind is IntervalKind.TIME

    def open_ns(self, ts_ns: int) -> int:
        """When the bar that holds that instant opens. For bars of time only."""
        if self.length_ns:
            return ts_ns - (ts_ns - self.anchor_ns) % self.length_ns
        month = _month(ts_ns + self.zone_ns)
        return _month_ns(month - month % self.months) - self.zone_ns

    def next_ns(self, open_ns: int) -> int:
        """When the bar after the one that opens at ``open_ns`` opens. For bars of time only."""
        if self.length_ns:
            return open_ns + self.length_ns
        return _month_ns(_month(open_ns + self.zone_ns) + self.months) - self.zone_ns

    def close_ns(self, open_ns: int) -> int:
        """The last millisecond of the bar, as Binance tells the end of a kline."""
        return self.next_ns(open_ns) - MS_NS

    def is_native(self, market: Market) -> bool:
        """Whether Binance has a stream of these bars."""
        return self.text in native_intervals(market)

    def nests_in(self, longer: "Interval") -> bool:
        """Whether each bar of ``longer`` is made of whole bars of this interval."""
        if not (self.is_time and longer.is_time):
            return False
        if self.months:
            return (
                bool(longer.months)
                and longer.zone_ns == self.zone_ns
                and (longer.months % self.months == 0)
            )
        # Months begin at midnight of their zone, whichever day that is.
        length_ns = longer.length_ns or _DAY_NS
        anchor_ns = longer.anchor_ns if longer.length_ns else -longer.zone_ns
        return (
            length_ns % self.length_ns == 0 and (anchor_ns - self.anchor_ns) % self.length_ns == 0
        )


def interval_of(text: str) -> Interval:
    """The interval that a text names.

    Raises:
        ValueError: it names none; one line says what is wrong and how to write one.
    """
    try:
        return _parsed(text)
    except TypeError:
        raise ValueError(f"bar interval {text!r}: {_HELP}") from None


@lru_cache(maxsize=512)
def _parsed(text: str) -> Interval:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"bar interval {text!r}: {_HELP}")
    number, unit, sign, hours, minutes = match.groups()
    amount = Decimal(number)
    if amount == 0:
        raise ValueError(f"bar interval {text!r}: it must be above 0")
    if unit in _KINDS:
        return _counted(text, _KINDS[unit], amount, zoned=sign is not None)
    zone_ns = 0
    if sign is not None:
        zone_ns = int(f"{sign}1") * (int(hours) * _HOUR_NS + int(minutes) * _MINUTE_NS)
        if int(minutes) > 59 or not _WEST_NS <= zone_ns <= _EAST_NS:  # noqa: PLR2004 - minutes of an hour
            raise ValueError(f"bar interval {text!r}: time zones go from -12:00 to +14:00")
    if amount != int(amount):
        raise ValueError(f"bar interval {text!r}: time is counted in whole units")
    return _timed(text, int(amount), unit, zone_ns)


def _timed(text: str, count: int, unit: str, zone_ns: int) -> Interval:
    if unit in _MONTHS:
        months = count * _MONTHS[unit]
        if months > _LONGEST_MONTHS:
            raise ValueError(f"bar interval {text!r}: at most ten years")
        return Interval(text, IntervalKind.TIME, Decimal(0), months=months, zone_ns=zone_ns)
    length_ns = count * _LENGTHS_NS[unit]
    if not _SHORTEST_NS <= length_ns <= _LONGEST_NS:
        raise ValueError(f"bar interval {text!r}: at least 10ms, at most ten years")
    anchor_ns = (_MONDAY_NS if unit == "w" else 0) - zone_ns
    return Interval(
        text,
        IntervalKind.TIME,
        Decimal(0),
        length_ns=length_ns,
        anchor_ns=anchor_ns % length_ns,
        zone_ns=zone_ns,
    )


def _counted(text: str, kind: IntervalKind, amount: Decimal, *, zoned: bool) -> Interval:
    if zoned:
        raise ValueError(f"bar interval {text!r}: only bars of time have a time zone")
    if kind is IntervalKind.TICKS and amount != int(amount):
        raise ValueError(f"bar interval {text!r}: trades are counted in whole numbers")
    return Interval(text, kind, amount)


def native_intervals(market: Market) -> tuple[str, ...]:
    """The bars that Binance streams, shortest first.

    Futures have no bars of a second. Source: Binance documentation, "Kline/Candlestick Streams".
    """
    if market is Market.SPOT:
        return (*_NATIVE, *(name + _ZONED for name in _NATIVE))
    return _NATIVE[1:]


@lru_cache(maxsize=512)
def source_interval(interval: Interval, market: Market) -> Interval | None:
    """The longest of Binance's own intervals that others are built from; None: from trades."""
    fitting = [
        lower
        for lower in map(interval_of, native_intervals(market))
        if lower.zone_ns == 0 and lower.nests_in(interval)
    ]
    return max(fitting, key=_span_ns, default=None)


def _span_ns(interval: Interval) -> int:
    return interval.length_ns or math.ceil(interval.months * 30.4) * _DAY_NS


def _month(local_ns: int) -> int:
    """Months since January 1970."""
    moment = datetime.fromtimestamp(local_ns // SECOND_NS, UTC)
    return (moment.year - 1970) * 12 + moment.month - 1


def _month_ns(month: int) -> int:
    moment = datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return int(moment.timestamp()) * SECOND_NS
