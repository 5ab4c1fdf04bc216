"""The documented numbers, and what scaled time does to them."""

from bot.simulation.wire.rules import WireRules


def test_the_numbers_are_those_of_the_documentation():
    rules = WireRules()
    assert (rules.ping_interval_s, rules.pong_timeout_s) == (20, 60)
    assert rules.lifetime_s == 24 * 3_600
    assert (rules.connects, rules.connects_window_s) == (300, 300)
    assert (rules.client_messages, rules.max_streams) == (5, 1024)
    assert (rules.weight_per_minute, rules.raw_requests) == (6_000, 300_000)
    assert (rules.ban_s, rules.ban_max_s) == (120, 3 * 24 * 3_600)


def test_scaled_time_changes_durations_and_no_counts():
    scaled = WireRules().scaled(0.01)
    assert (scaled.ping_interval_s, scaled.lifetime_s, scaled.ban_s) == (0.2, 864, 1.2)
    assert (scaled.connects, scaled.client_messages, scaled.weight_per_minute) == (300, 5, 6_000)
