"""Weight windows, bans and connection attempts, at known instants."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.wire.limits import Allowance
from bot.simulation.wire.rules import WireRules

NOON_MS = 1_800_000_000_000 - 1_800_000_000_000 % 60_000


def refused(allowance, weight, now_ms):
    with pytest.raises(ApiError) as caught:
        allowance.charge(weight, now_ms)
    return caught.value


def test_weight_runs_in_windows_of_the_clock_not_in_sliding_ones():
    allowance = Allowance(WireRules(weight_per_minute=100))
    allowance.charge(100, NOON_MS + 59_999)
    assert allowance.used_weight == 100
    allowance.charge(100, NOON_MS + 60_000)
    assert allowance.used_weight == 100


def test_too_much_weight_is_a_429_until_the_window_ends():
    allowance = Allowance(WireRules(weight_per_minute=100))
    allowance.charge(100, NOON_MS)
    error = refused(allowance, 1, NOON_MS + 10_000)
    assert (error.status, error.code) == (429, -1003)
    assert error.data == {"serverTime": NOON_MS + 10_000, "retryAfter": NOON_MS + 60_000}


def test_going_on_regardless_is_a_ban_and_the_next_one_is_twice_as_long():
    allowance = Allowance(WireRules(weight_per_minute=1, ban_after=2, ban_s=120))
    allowance.charge(1, NOON_MS)
    assert [refused(allowance, 1, NOON_MS).status for _ in range(4)] == [429, 429, 418, 418]
    until_ms = NOON_MS + 120_000
    assert refused(allowance, 1, until_ms - 1).data["retryAfter"] == until_ms
    allowance.charge(1, until_ms)
    statuses = [refused(allowance, 1, until_ms) for _ in range(3)]
    assert statuses[-1].data["retryAfter"] == until_ms + 240_000


def test_a_refund_never_goes_below_nothing():
    allowance = Allowance(WireRules())
    allowance.charge(1, NOON_MS + 59_000)
    allowance.refund(1)
    allowance.refund(1)
    assert allowance.used_weight == 0


def test_raw_requests_have_a_window_of_five_minutes():
    allowance = Allowance(WireRules(raw_requests=2))
    start_ms = NOON_MS - NOON_MS % 300_000
    allowance.charge(0, start_ms)
    allowance.charge(0, start_ms + 200_000)
    assert refused(allowance, 0, start_ms + 299_999).status == 429
    allowance.charge(0, start_ms + 300_000)


def test_connection_attempts_are_counted_in_a_sliding_window():
    allowance = Allowance(WireRules(connects=2, connects_window_s=300))
    assert [allowance.connects(t) for t in (0.0, 1.0, 299.0, 300.0, 300.5, 301.0)] == [
        *(True, True, False),
        *(True, False, True),
    ]
