"""When the markets behind TradFi perpetuals trade: stocks, commodities and currencies.

Source: Binance USDⓈ-M documentation, "Trading Schedule" and "Trading Session Stream"; the hours
are those of the exchanges themselves. Their holidays are not known here.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

__all__ = ["MARKETS", "Session", "schedule", "session"]

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_DAY: Final = 1440
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_AROUND: Final = 4
"""Days around a moment in which its session lies: a weekend and what is next to it."""

Hours = tuple[tuple[int, int, str], ...]


class Session(NamedTuple):
    start_ms: int
    end_ms: int
    kind: str


class Market(NamedTuple):
    """``hours`` of a weekday (Monday is 0) in minutes of its own clock; all others are closed."""

    event: str
    """``e`` of its stream."""
    offset: Callable[[date], int]
    """Of its clock from UTC, in minutes."""
    hours: Callable[[int], Hours]


def _new_york(day: date) -> int:
    """Summer time: second Sunday of March to first Sunday of November."""
    begins = _sunday(date(day.year, 3, 8))
    ends = _sunday(date(day.year, 11, 1))
    return -240 if begins <= day < ends else -300


def _sunday(day: date) -> date:
    """The first one from that day on."""
    return day + timedelta(days=(_SUNDAY - day.weekday()) % 7)


def _fixed(minutes: int) -> Callable[[date], int]:
    return lambda _: minutes


def _us_equity(weekday: int) -> Hours:
    night = (1200, _DAY, "OVERNIGHT")
    if weekday == _SATURDAY:
        return ()
    if weekday == _SUNDAY:
        return (night,)
    hours = (
        (0, 240, "OVERNIGHT"),
        (240, 570, "PRE_MARKET"),
        (570, 960, "REGULAR"),
        (960, 1200, "AFTER_MARKET"),
    )
    return hours if weekday == _FRIDAY else (*hours, night)


def _commodity(weekday: int) -> Hours:
    """From Sunday 18:00 to Friday 17:00, with an hour's rest each day."""
    before, after = (0, 1020, "REGULAR"), (1080, _DAY, "REGULAR")
    return {_FRIDAY: (before,), _SATURDAY: (), _SUNDAY: (after,)}.get(weekday, (before, after))


def _fx(weekday: int) -> Hours:
    """From Sunday 17:00 to Friday 17:00."""
    before, after = (0, 1020, "REGULAR"), (1020, _DAY, "REGULAR")
    return {_FRIDAY: (before,), _SATURDAY: (), _SUNDAY: (after,)}.get(weekday, (before, after))


def _weekdays(*spans: tuple[int, int]) -> Callable[[int], Hours]:
    hours = tuple((start, end, "REGULAR") for start, end in spans)
    return lambda weekday: hours if weekday < _SATURDAY else ()


MARKETS: Final[Mapping[str, Market]] = {
    "EQUITY": Market("EquityUpdate", _new_york, _us_equity),
    "COMMODITY": Market("CommodityUpdate", _new_york, _commodity),
    "KR_EQUITY": Market("KR_EquityUpdate", _fixed(540), _weekdays((540, 930))),
    "HK_EQUITY": Market("HK_EquityUpdate", _fixed(480), _weekdays((570, 720), (780, 960))),
    "CN_EQUITY": Market("CN_EquityUpdate", _fixed(480), _weekdays((570, 690), (780, 900))),
    "FX": Market("FXUpdate", _new_york, _fx),
}
"""By the name that the schedule has for them."""


def schedule(now_ms: int) -> dict[str, Any]:
    """``GET tradingSchedule``: a week back and a week on from the day before."""
    day_ms = now_ms // _DAY_MS * _DAY_MS - _DAY_MS
    start_ms, end_ms = day_ms - 7 * _DAY_MS, day_ms + 7 * _DAY_MS
    return {
        "updateTime": now_ms,
        "marketSchedules": {
            name: {
                "sessions": [
                    {"startTime": s.start_ms, "endTime": s.end_ms, "type": s.kind}
                    for s in _sessions(market, start_ms, end_ms)
                ]
            }
            for name, market in MARKETS.items()
        },
    }


def session(market: Market, now_ms: int) -> Session:
    """The one that is on."""
    around = _AROUND * _DAY_MS
    return next(
        s
        for s in _sessions(market, now_ms - around, now_ms + around)
        if s.start_ms <= now_ms < s.end_ms
    )


def _sessions(market: Market, start_ms: int, end_ms: int) -> list[Session]:
    """All that touch the span, one after the other without a gap."""
    found: list[Session] = []
    day = datetime.fromtimestamp(start_ms / 1000, UTC).date() - timedelta(days=_AROUND)
    last = datetime.fromtimestamp(end_ms / 1000, UTC).date() + timedelta(days=_AROUND)
    while day <= last:
        for piece in _of_day(market, day):
            if found and found[-1].kind == piece.kind:
                found[-1] = found[-1]._replace(end_ms=piece.end_ms)
            else:
                found.append(piece)
        day += timedelta(days=1)
    return [s for s in found if s.end_ms > start_ms and s.start_ms < end_ms]


def _of_day(market: Market, day: date) -> Iterator[Session]:
    """A whole day of the market's clock, what is closed included."""
    midnight_ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    opens_ms = midnight_ms - market.offset(day) * _MINUTE_MS
    # On the night when the clocks change, the day is an hour longer or shorter.
    closes_ms = midnight_ms + _DAY_MS - market.offset(day + timedelta(days=1)) * _MINUTE_MS
    at_ms = opens_ms
    for start, end, kind in market.hours(day.weekday()):
        start_ms = opens_ms + start * _MINUTE_MS
        if start_ms > at_ms:
            yield Session(at_ms, start_ms, "NO_TRADING")
        at_ms = closes_ms if end == _DAY else opens_ms + end * _MINUTE_MS
        yield Session(start_ms, at_ms, kind)
    if at_ms < closes_ms:
        yield Session(at_ms, closes_ms, "NO_TRADING")
