"""What a bar covers: names, boundaries, and what others are built from."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.interval import IntervalKind, interval_of, native_intervals, source_interval
from bot.domain.values import MS_NS, SECOND_NS, Market

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors" / "timeframes.json"


def at(iso):
    return int(datetime.fromisoformat(iso).timestamp()) * SECOND_NS


def iso(ns):
    return datetime.fromtimestamp(ns / SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("text", "moment", "opens", "next_opens"),
    [
        ("7m", "2024-08-08T12:00:00Z", "2024-08-08T11:54:00Z", "2024-08-08T12:01:00Z"),
        ("90s", "2024-08-08T12:00:00Z", "2024-08-08T12:00:00Z", "2024-08-08T12:01:30Z"),
        ("2d", "2024-08-08T12:00:00Z", "2024-08-07T00:00:00Z", "2024-08-09T00:00:00Z"),
        ("1w", "2024-08-08T12:00:00Z", "2024-08-05T00:00:00Z", "2024-08-12T00:00:00Z"),
        ("2w", "2024-08-08T12:00:00Z", "2024-08-05T00:00:00Z", "2024-08-19T00:00:00Z"),
        ("1M", "2024-02-29T23:59:59Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("3M", "2024-08-08T12:00:00Z", "2024-07-01T00:00:00Z", "2024-10-01T00:00:00Z"),
        ("1y", "2024-08-08T12:00:00Z", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("1d@+08:00", "2024-08-08T12:00:00Z", "2024-08-07T16:00:00Z", "2024-08-08T16:00:00Z"),
        ("1d@-05:30", "2024-08-08T12:00:00Z", "2024-08-08T05:30:00Z", "2024-08-09T05:30:00Z"),
        ("1w@+08:00", "2024-08-08T12:00:00Z", "2024-08-04T16:00:00Z", "2024-08-11T16:00:00Z"),
        ("1M@+08:00", "2024-08-31T20:00:00Z", "2024-08-31T16:00:00Z", "2024-09-30T16:00:00Z"),
    ],
)
def test_boundaries_are_aligned_as_binance_aligns_its_own(text, moment, opens, next_opens):
    interval = interval_of(text)
    opened_ns = interval.open_ns(at(moment))
    assert iso(opened_ns) == opens
    assert iso(interval.next_ns(opened_ns)) == next_opens
    assert interval.close_ns(opened_ns) == at(next_opens) - MS_NS


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("100t", IntervalKind.TICKS, 100),
        ("50v", IntervalKind.BASE_VOLUME, 50),
        ("0.5v", IntervalKind.BASE_VOLUME, 0.5),
        ("10000q", IntervalKind.QUOTE_VOLUME, 10_000),
    ],
)
def test_bars_that_do_not_follow_the_clock(text, kind, amount):
    interval = interval_of(text)
    assert (interval.kind, float(interval.amount), interval.is_time) == (kind, amount, False)
    assert source_interval(interval, Market.SPOT) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write a number and a unit"),
        ("1x", "write a number and a unit"),
        ("m1", "write a number and a unit"),
        ("1 m", "write a number and a unit"),
        ("-5m", "write a number and a unit"),
        ("1D", "write a number and a unit"),
        ("\u0661m", "write a number and a unit"),
        ("0m", "above 0"),
        ("1.5m", "whole units"),
        ("1.5t", "whole numbers"),
        ("1ms", "at least 10ms"),
        ("999999999999d", "at most ten years"),
        ("999M", "at most ten years"),
        ("50v@+08:00", "only bars of time"),
        ("1d@+15:00", "from -12:00 to +14:00"),
        ("1d@+00:60", "from -12:00 to +14:00"),
        ("1d@8", "write a number and a unit"),
        (None, "write a number and a unit"),
        (["1m"], "write a number and a unit"),
    ],
)
def test_nonsense_is_said_in_one_line(text, says):
    with pytest.raises(ValueError, match=r"^bar interval") as error:
        interval_of(text)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "market", "source"),
    [
        ("7m", Market.SPOT, "1m"),
        ("10m", Market.SPOT, "5m"),
        ("45m", Market.SPOT, "15m"),
        ("60s", Market.SPOT, "1m"),
        ("90s", Market.SPOT, "1s"),
        ("90s", Market.USDM, None),
        ("1s", Market.USDM, None),
        ("500ms", Market.SPOT, None),
        ("3h", Market.COINM, "1h"),
        ("2d", Market.SPOT, "1d"),
        ("6d", Market.SPOT, "3d"),
        ("7d", Market.SPOT, "1d"),
        ("2w", Market.SPOT, "1w"),
        ("3M", Market.SPOT, "1M"),
        ("1y", Market.USDM, "1M"),
        ("1d@+08:00", Market.USDM, "8h"),
        ("1d@-05:30", Market.SPOT, "30m"),
        ("2d@+08:00", Market.SPOT, "8h"),
        ("1w@+02:00", Market.SPOT, "2h"),
        ("1M@+05:45", Market.SPOT, "15m"),
    ],
)
def test_others_are_built_from_the_longest_of_binances_own_that_fits(text, market, source):
    found = source_interval(interval_of(text), market)
    assert (None if found is None else found.text) == source


def test_what_binance_streams_is_native_and_futures_have_no_second():
    assert interval_of("1d@+08:00").is_native(Market.SPOT)
    assert not interval_of("1d@+08:00").is_native(Market.USDM)
    assert not interval_of("1d@+02:00").is_native(Market.SPOT)
    assert not interval_of("60s").is_native(Market.SPOT)
    assert set(native_intervals(Market.SPOT)) > set(native_intervals(Market.COINM))
    assert "1s" not in native_intervals(Market.USDM)


INTERVALS = st.builds(
    lambda count, unit, zone: f"{count}{unit}{zone}",
    st.integers(1, 60),
    st.sampled_from(["s", "m", "h", "d", "w", "M"]),
    st.sampled_from(["", "@+08:00", "@-05:30", "@+05:45"]),
)


@given(INTERVALS, st.integers(0, 4_000_000_000 * SECOND_NS))
def test_every_instant_lies_in_exactly_one_bar(text, ts_ns):
    interval = interval_of(text)
    opened_ns = interval.open_ns(ts_ns)
    next_ns = interval.next_ns(opened_ns)
    assert opened_ns <= ts_ns < next_ns
    assert interval.open_ns(opened_ns) == interval.open_ns(next_ns - 1) == opened_ns
    assert interval.open_ns(next_ns) == next_ns


@given(INTERVALS, st.integers(0, 4_000_000_000 * SECOND_NS))
def test_a_bar_is_made_of_whole_bars_of_its_source(text, ts_ns):
    interval = interval_of(text)
    source = source_interval(interval, Market.SPOT)
    assert source is not None
    opened_ns = interval.open_ns(ts_ns)
    assert source.open_ns(opened_ns) == opened_ns
    last_ns = interval.next_ns(opened_ns) - 1
    assert source.next_ns(source.open_ns(last_ns)) == last_ns + 1


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared vectors are not there")
def test_the_known_answers_of_others():
    cases = json.loads(VECTORS.read_text())["cases"]
    assert len(cases) == 17
    begins_of = {"1W-MON": "2024-08-05T00:00:00Z", "1YS": "2024-01-01T00:00:00Z"}
    for case in cases:
        interval, expected = interval_of(case["timeframe"]), case["expected"]
        match case["function"]:
            case "timeframe to seconds":
                assert interval.length_ns == expected * SECOND_NS
            case "pandas resample freq" if expected in begins_of:
                assert iso(interval.open_ns(at("2024-08-08T12:00:00Z"))) == begins_of[expected]
            case "pandas resample freq":
                assert interval.length_ns == int(expected.removesuffix("s")) * SECOND_NS
            case "candle open time containing ts":
                assert iso(interval.open_ns(case["ts"] * SECOND_NS)) == expected
            case "next candle open time after ts":
                opened_ns = interval.open_ns(case["ts"] * SECOND_NS)
                assert iso(interval.next_ns(opened_ns)) == expected
            case other:
                pytest.fail(f"no answer to {other}")
