"""When stock, commodity and currency markets trade."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from bot.simulation.futures.sessions import MARKETS, schedule, session


def ms(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_the_session_that_binance_published():
    # EquityUpdate of 2025-12-09 01:35:43 UTC.
    assert session(MARKETS["EQUITY"], 1_765_244_143_062) == (
        1_765_242_000_000,
        1_765_270_800_000,
        "OVERNIGHT",
    )


@pytest.mark.parametrize(
    ("market", "at", "kind"),
    [
        ("EQUITY", "2026-01-07T14:29", "PRE_MARKET"),
        ("EQUITY", "2026-01-07T14:30", "REGULAR"),
        ("EQUITY", "2026-01-07T21:00", "AFTER_MARKET"),
        # In summer New York is an hour nearer.
        ("EQUITY", "2026-07-08T13:30", "REGULAR"),
        ("EQUITY", "2026-07-08T20:00", "AFTER_MARKET"),
        ("EQUITY", "2026-07-11T12:00", "NO_TRADING"),
        ("COMMODITY", "2026-01-07T22:30", "NO_TRADING"),
        ("COMMODITY", "2026-01-07T23:00", "REGULAR"),
        ("KR_EQUITY", "2026-01-07T06:29", "REGULAR"),
        ("KR_EQUITY", "2026-01-07T06:30", "NO_TRADING"),
        ("HK_EQUITY", "2026-01-07T04:30", "NO_TRADING"),
        ("CN_EQUITY", "2026-01-07T03:00", "REGULAR"),
        ("FX", "2026-01-09T21:59", "REGULAR"),
        ("FX", "2026-01-09T22:00", "NO_TRADING"),
    ],
)
def test_each_market_keeps_its_hours(market, at, kind):
    assert session(MARKETS[market], ms(at)).kind == kind


def test_a_weekend_is_one_session_without_trading():
    start, end, kind = session(MARKETS["FX"], ms("2026-01-10T12:00"))
    assert (start, end, kind) == (ms("2026-01-09T22:00"), ms("2026-01-11T22:00"), "NO_TRADING")


@pytest.mark.parametrize("at", ["2026-01-07T12:00", "2026-03-08T12:00", "2026-11-01T12:00"])
def test_the_schedule_has_no_gap_also_when_clocks_change(at):
    body = schedule(ms(at))
    assert list(body["marketSchedules"]) == list(MARKETS)
    day_ms = 86_400_000
    for name, market in body["marketSchedules"].items():
        sessions = market["sessions"]
        for before, after in pairwise(sessions):
            assert before["endTime"] == after["startTime"], name
            assert before["type"] != after["type"]
        assert sessions[0]["startTime"] <= ms(at) // day_ms * day_ms - 8 * day_ms
        assert sessions[-1]["endTime"] >= ms(at) // day_ms * day_ms + 6 * day_ms
