"""Days and bars of other time zones; all times stay UTC, only boundaries move.

Source: Binance spot documentation, "Kline/Candlestick data": ``timeZone`` is ``8``, ``-1:00`` or
``05:45``, from -12:00 to +14:00.
"""

import re
from collections.abc import Sequence
from typing import Final

from bot.simulation.bars import INTERVALS, Bar, Bars, bar_end, bar_open
from bot.simulation.errors import ApiError
from bot.simulation.parameters import Params, optional

__all__ = ["zone_ms", "zoned"]

_ZONE: Final = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-5][0-9]))?")
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
_WEST_MS: Final = -12 * _HOUR_MS
_EAST_MS: Final = 14 * _HOUR_MS


def zone_ms(params: Params) -> int:
    """How far local time is ahead of UTC: the parameter ``timeZone``, 0 without it (-1130)."""
    text = optional(params, "timeZone")
    if text is None:
        return 0
    found = _ZONE.fullmatch(text)
    if found is None:
        raise ApiError.invalid("timeZone")
    sign, hours, minutes = found.groups()
    offset_ms = int(hours) * _HOUR_MS + int(minutes or 0) * _MINUTE_MS
    offset_ms = -offset_ms if sign == "-" else offset_ms
    if not _WEST_MS <= offset_ms <= _EAST_MS:
        raise ApiError.invalid("timeZone")
    return offset_ms


def zoned(bars: Bars, interval: str, offset_ms: int, time_ms: int) -> Sequence[Bar]:
    """The bars of a zone up to that moment, oldest first, the last one still forming.

    Bars whose boundaries the zone moves are put together from the longest ones that fit into both;
    they reach back as far as those are kept.
    """
    # A zone moves weeks and months by what it moves their days.
    span_ms = INTERVALS[interval] if INTERVALS[interval] < _DAY_MS else 0
    span_ms = span_ms or _DAY_MS
    if not offset_ms % span_ms:
        return bars.roll(interval, time_ms)
    fitting = [n for n, ms in INTERVALS.items() if ms and not offset_ms % ms and not span_ms % ms]
    whole: list[Bar] = []
    for part in bars.roll(max(fitting, key=lambda n: INTERVALS[n]), time_ms):
        open_ms = bar_open(interval, part.open_ms + offset_ms) - offset_ms
        if not whole or whole[-1].open_ms != open_ms:
            end_ms = bar_end(interval, open_ms + offset_ms) - offset_ms
            whole.append(Bar(open_ms, end_ms, part.open))
        whole[-1].absorb(part)
    return whole
