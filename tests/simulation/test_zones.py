"""Bars of other time zones: boundaries move, times stay UTC."""

import pytest

from bot.simulation.bars import Bars
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import notional, parse, text
from bot.simulation.zones import zone_ms, zoned

HOUR_MS = 3_600_000
MONDAY_MS = 1_699_833_600_000  # 2023-11-13 00:00 UTC
EAST_8 = 8 * HOUR_MS


def hourly(prices, start_ms):
    """One trade of quantity 1 in each hour; ids count up from 1."""
    bars = Bars()
    for i, price in enumerate(prices):
        price_e8, one = parse(str(price)), parse("1")
        bars.add(
            price_e8,
            one,
            notional(price_e8, one),
            buyer_is_maker=bool(i % 2),
            time_ms=start_ms + i * HOUR_MS + 1,
            trade_id=i + 1,
        )
    return bars


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("0", 0),
        ("8", 8),
        ("-1:00", -1),
        ("05:45", 5.75),
        ("+08:00", 8),
        ("14:00", 14),
        ("-12", -12),
    ],
)
def test_a_zone_is_read(said, hours):
    assert zone_ms({"timeZone": said}) == hours * HOUR_MS


@pytest.mark.parametrize("said", ["15", "14:01", "-12:30", "x", "1:60", "8.5", "--1", "UTC"])
def test_what_is_no_zone_is_refused(said):
    with pytest.raises(ApiError) as caught:
        zone_ms({"timeZone": said})
    assert caught.value.code == -1130


def test_days_of_utc_plus_8_begin_at_16_utc():
    bars = hourly(range(100, 140), MONDAY_MS)
    days = zoned(bars, "1d", EAST_8, MONDAY_MS + 40 * HOUR_MS - 1)
    assert [(d.open_ms - MONDAY_MS) // HOUR_MS for d in days] == [-8, 16]
    assert [d.end_ms - d.open_ms for d in days] == [24 * HOUR_MS] * 2
    first, second = days
    assert (text(first.open), text(first.close)) == ("100.00000000", "115.00000000")
    assert (first.trades, first.first_id, first.last_id) == (16, 1, 16)
    assert (second.trades, second.first_id, second.last_id) == (24, 17, 40)
    assert text(second.low) == "116.00000000"
    assert text(second.high) == "139.00000000"
    assert text(second.base) == "24.00000000"
    assert text(second.taker_base) == "12.00000000"


def test_weeks_and_months_move_with_their_days():
    bars = hourly(range(100, 120), MONDAY_MS)
    weeks = zoned(bars, "1w", EAST_8, MONDAY_MS + 20 * HOUR_MS - 1)
    # Monday in UTC+8 began eight hours before Monday in UTC.
    assert [(w.open_ms - MONDAY_MS) // HOUR_MS for w in weeks] == [-8]
    (month,) = zoned(bars, "1M", EAST_8, MONDAY_MS + 20 * HOUR_MS - 1)
    assert month.open_ms == 1_698_768_000_000  # 2023-10-31 16:00 UTC
    assert month.end_ms == 1_701_360_000_000  # 2023-11-30 16:00 UTC


def test_bars_that_the_zone_does_not_move_are_the_same():
    bars = hourly(range(100, 110), MONDAY_MS)
    now_ms = MONDAY_MS + 10 * HOUR_MS
    for interval in ("1s", "1m", "15m", "1h", "4h", "8h"):
        assert zoned(bars, interval, EAST_8, now_ms) is bars.roll(interval, now_ms)


def test_a_zone_of_quarter_hours_is_put_together_from_quarter_hours():
    bars = hourly([100], MONDAY_MS)
    opens = [
        bar.open_ms - MONDAY_MS
        for bar in zoned(bars, "1h", zone_ms({"timeZone": "05:45"}), MONDAY_MS)
    ]
    assert opens == [-45 * 60_000]


def test_a_bar_before_its_first_trade_repeats_the_last_price():
    bars = hourly([100, 90], MONDAY_MS + 14 * HOUR_MS)
    quiet = zoned(bars, "1d", EAST_8, MONDAY_MS + 41 * HOUR_MS)[-1]
    assert (quiet.trades, quiet.first_id) == (0, -1)
    assert text(quiet.open) == text(quiet.high) == text(quiet.low) == "90.00000000"
