"""Known defects, and nothing else, are found: planted ones and those of real files."""

import csv
import gzip
import json
import math
import sqlite3
from pathlib import Path

import pytest

from bot.history.quality import (
    BarCheck,
    ChainCheck,
    Finding,
    Findings,
    IdCheck,
    PriceCheck,
    TimeCheck,
)

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MINUTE_NS = 60 * 10**9
DAY_NS = 86_400 * 10**9
NOON_NS = 1_723_118_400 * 10**9


def bars(*minutes, interval="1m", high=2.0, low=1.0, first=1.5, last=1.5, volume=1.0):
    check = BarCheck(interval)
    for minute in minutes:
        check.see(NOON_NS + minute * MINUTE_NS, first, high, low, last, volume)
    return check


def whats(findings):
    return [(finding.row, finding.what) for finding in findings]


# --- bars ------------------------------------------------------------------------------


def test_bars_in_a_row_are_whole():
    check = bars(*range(100))

    assert (check.rows, check.findings, check.missing, check.repeated) == (100, [], [], 0)


def test_missing_bars_are_named_by_their_open_times():
    check = bars(0, 1, 4, 5)

    assert check.missing == [NOON_NS + 2 * MINUTE_NS, NOON_NS + 3 * MINUTE_NS]
    assert whats(check.findings) == [(3, "bars are missing from 2024-08-08T12:02:00.000000Z on")]


def test_a_bar_twice_and_a_bar_too_late_are_told_apart():
    check = bars(0, 1, 1, 0, 2)

    assert (check.repeated, check.unordered, check.missing) == (1, 1, [])
    assert [row for row, _ in whats(check.findings)] == [3, 4]


def test_months_are_as_long_as_they_are():
    check = BarCheck("1M")
    for month in ("2024-01", "2024-02", "2024-03", "2024-05"):
        open_ns = int(
            1_704_067_200 * 10**9
            + {"2024-01": 0, "2024-02": 31, "2024-03": 60, "2024-05": 121}[month] * DAY_NS
        )
        check.see(open_ns, 1.5, 2.0, 1.0, 1.5, 1.0)

    assert check.missing == [1_704_067_200 * 10**9 + 91 * DAY_NS]


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"high": math.nan}, "a price or the volume is not a number"),
        ({"volume": math.inf}, "a price or the volume is not a number"),
        ({"low": 0.0}, "a price is not above 0"),
        ({"high": 0.5}, "the high 0.5 is below the low 1"),
        ({"last": 2.5}, "open or close lies outside of high and low"),
        ({"first": 0.9}, "open or close lies outside of high and low"),
        ({"volume": -1.0}, "the volume is negative"),
    ],
)
def test_impossible_bars_are_found(wrong, what):
    assert whats(bars(0, **wrong).findings) == [(1, what)]


def test_a_bar_that_opens_between_two_bars_is_found():
    assert whats(bars(0, 1, 1.5, 2).findings) == [
        (3, "no bar opens at 2024-08-08T12:01:30.000000Z")
    ]


def test_what_is_listed_is_bounded_and_what_is_counted_is_not():
    check = bars(0, 20_002, *([20_002] * 10_500))

    assert (len(check.missing), check.missing_count) == (10_000, 20_001)
    assert (len(check.findings), check.findings.total) == (10_000, 10_501)


def _gap_cases():
    path = SHARED_DATA / "vectors" / "kline_gaps.json"
    if not path.is_file():
        missing = pytest.mark.skip(reason=f"the shared vectors are not there: {path}")
        return [pytest.param(None, marks=missing)]
    cases = json.loads(path.read_text())["cases"]
    return [pytest.param(case, id=case["file"].rsplit("/", 1)[1]) for case in cases]


def _candles(name):
    """(open time, o, h, l, c, v) of a file, or of one series of a database."""
    path, _, series = name.partition(" ")
    content = (SHARED_DATA / path).read_bytes()
    if path.endswith(".gz"):
        content = gzip.decompress(content)
    if not series:
        rows = csv.reader(content.decode().splitlines())
        return [tuple(map(float, row[:6])) for row in rows if row[0].isdigit()]
    symbol, frame = series.split(" ")
    database = sqlite3.connect(":memory:")
    database.deserialize(content)
    rows = database.execute(
        "SELECT candle FROM ohlcv WHERE symbol = ? AND time_frame = ? ORDER BY timestamp",
        (symbol, frame),
    ).fetchall()
    database.close()
    return [json.loads(candle)[:6] for (candle,) in rows]


@pytest.mark.parametrize("case", _gap_cases())
def test_outages_of_the_exchange_are_found_in_its_own_bars(case):
    unit_ns = 10**6 if case["unit"] == "ms" else 10**9
    step_s = case["step"] * unit_ns // 10**9
    check = BarCheck(f"{step_s}s")
    candles = _candles(case["file"])
    for open_at, *values in candles:
        check.see(int(open_at) * unit_ns, *map(float, values))

    assert [missing // unit_ns for missing in check.missing] == case["missing_open_times"]
    assert (check.rows, check.repeated) == (case["rows"], case["duplicates"])
    assert (check.unordered == 0) == case["sorted_ascending"]
    # Nothing else is wrong with real bars.
    holes = [what for _, what in whats(check.findings) if not what.startswith("bars are missing")]
    assert holes == []


# --- ids, prices, times, chains ----------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        ((5, 6, 7, 8), []),
        ((5, 6, 9, 10), [(3, "ids 7 to 8 are missing")]),
        ((5, 6, 6, 7, 8), [(3, "id 6 was there before")]),
        ((5, 6, 6, 8, 9), [(3, "id 6 in the place of 7")]),
        ((5, 6, 3, 7), [(3, "id 3 was there before")]),
        ((5, 6, 9), [(3, "ids 7 to 8 are missing")]),
        ((5, 8, 8, 9), [(2, "ids 6 to 7 are missing"), (3, "id 8 was there before")]),
        ((5, 7, 9), [(2, "ids 6 to 6 are missing"), (3, "ids 8 to 8 are missing")]),
    ],
)
def test_breaks_of_ids_are_told_by_the_row_after(ids, found):
    findings = Findings()
    check = IdCheck(findings)
    for row, number in enumerate(ids, 1):
        check.see(row, number)
    check.end()

    assert whats(findings) == found


@pytest.mark.parametrize(
    ("prices", "rows"),
    [
        ((100.0, 101.0, 99.5), []),
        ((100.0, 153.0, 100.5), [2]),
        ((100.0, 153.0, 80.0, 100.5), [2, 3]),
        ((100.0, 120.0, 121.0, 122.0, 121.0), []),
        ((100.0, 0.0, 100.0), [2]),
        ((100.0, math.nan, -1.0), [2, 3]),
    ],
)
def test_a_price_that_leaps_and_comes_back_is_odd_and_a_true_move_is_not(prices, rows):
    findings = Findings()
    check = PriceCheck(findings)
    for row, price in enumerate(prices, 1):
        check.see(row, price, 1.0)

    assert [finding.row for finding in findings] == rows


def test_sizes_are_numbers_and_not_negative():
    findings = Findings()
    for row, size in enumerate((0.0, 1.0, -1.0, math.nan), 1):
        PriceCheck(findings).see(row, 1.0, size)

    assert [finding.row for finding in findings] == [3, 4]


def test_times_fit_each_other_and_the_day():
    findings = Findings()
    check = TimeCheck(findings)
    ms = 10**6
    for row, (ts_ns, recv_ns) in enumerate(
        [
            (NOON_NS, NOON_NS + 900 * ms),
            (0, NOON_NS),
            (NOON_NS + 2 * ms, NOON_NS),
            (NOON_NS, NOON_NS + 1001 * ms),
            (NOON_NS + DAY_NS, NOON_NS + DAY_NS),
        ],
        1,
    ):
        check.see(row, ts_ns, recv_ns)

    assert whats(findings) == [
        (2, "there is no time"),
        (3, "it came 2 ms before it happened"),
        (4, "it came 1001 ms after it happened"),
        (5, "it came on 2024-08-09, the first on 2024-08-08"),
    ]


@pytest.mark.parametrize(
    ("diffs", "rows"),
    [
        ([(1, 5, -1), (6, 6, -1), (7, 9, -1)], []),
        ([(1, 5, -1), (7, 7, -1), (8, 9, -1)], [3, 4]),
        ([(1, 5, 0), (7, 9, 5), (12, 14, 9)], []),
        # Something is missing before the second ...
        ([(1, 5, 0), (9, 11, 7), (12, 14, 11)], [3, 4]),
        # ... and here the first claims too much.
        ([(1, 6, 0), (7, 9, 5), (12, 14, 9)], [1, 2]),
    ],
)
def test_each_diff_continues_the_one_before(diffs, rows):
    findings = Findings()
    check = ChainCheck(findings)
    for number, diff in enumerate(diffs):
        check.see(range(1 + 2 * number, 3 + 2 * number), *diff)

    assert [finding.row for finding in findings] == rows


def test_findings_are_ordered_by_row():
    assert min(Finding(3, "a"), Finding(1, "z")).row == 1
