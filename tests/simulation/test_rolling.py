"""Tickers of a chosen window and of the trading day."""

import pytest

from bot.simulation.errors import ApiError

MINUTE, DAY = 60_000, 86_400_000
BOTH = {
    *("symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume"),
    *("openTime", "closeTime", "firstId", "lastId", "count"),
}
FULL_ONLY = {"priceChange", "priceChangePercent", "weightedAvgPrice"}


def _window(alice, size):
    return alice.exchange.ticker_window({"symbol": "BTCUSDT", "windowSize": size})


def test_a_window_forgets_what_is_older_than_it_and_begins_at_a_minute(alice):
    alice.place(kind="MARKET", quantity="1")
    alice.clock[0] += 10 * MINUTE
    alice.place("SELL", kind="MARKET", quantity="0.5")
    row = _window(alice, "5m")
    assert (row["count"], row["volume"], row["openPrice"]) == (1, "0.50000000", "60000.00000000")
    assert row["openTime"] % MINUTE == 0
    assert 5 * MINUTE <= row["closeTime"] - row["openTime"] < 6 * MINUTE
    whole = _window(alice, "1h")
    assert (whole["count"], whole["openPrice"], whole["lastPrice"]) == (
        2,
        "60001.00000000",
        "60000.00000000",
    )
    assert (whole["priceChange"], whole["priceChangePercent"]) == ("-1.00000000", "-0.002")
    assert whole["weightedAvgPrice"] == "60000.66666666"
    assert (whole["firstId"], whole["lastId"]) == (row["firstId"] - 1, row["lastId"])


def test_a_window_of_days_is_made_of_longer_bars(alice):
    alice.place(kind="MARKET", quantity="1")
    alice.clock[0] += 2 * DAY
    alice.place("SELL", kind="MARKET", quantity="0.5")
    assert _window(alice, "1d")["count"] == 1
    assert _window(alice, "3d")["count"] == 2


def test_a_quiet_window_repeats_the_last_price(alice):
    alice.place(kind="MARKET", quantity="1")
    alice.clock[0] += 10 * MINUTE
    alice.exchange.advance(alice.clock[0])
    row = _window(alice, "1m")
    assert (row["count"], row["openPrice"], row["volume"]) == (0, "60001.00000000", "0.00000000")


@pytest.mark.parametrize("zone", ["0", "8", "-5:30"])
def test_a_trading_day_is_a_day_of_its_zone(alice, zone):
    alice.place(kind="MARKET", quantity="1")
    row = alice.exchange.trading_day({"symbol": "BTCUSDT", "timeZone": zone})
    hours, _, minutes = zone.partition(":")
    offset_ms = int(hours) * 3_600_000 - int(minutes or 0) * MINUTE
    assert (row["openTime"] + offset_ms) % DAY == 0
    assert row["closeTime"] == row["openTime"] + DAY - 1
    assert row["count"] == 1


def test_forms_and_symbols(alice):
    ask = alice.exchange.ticker_window
    assert set(ask({"symbol": "BTCUSDT"})) == BOTH | FULL_ONLY
    (mini,) = ask({"symbols": '["BTCUSDT"]', "type": "MINI"})
    assert set(mini) == BOTH


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, -1102),
        ({"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
        ({"symbol": "BTCUSDT", "windowSize": "60m"}, -1130),
        ({"symbol": "BTCUSDT", "windowSize": "8d"}, -1130),
        ({"symbol": "BTCUSDT", "type": "SHORT"}, -1139),
        ({"symbol": "NONE"}, -1121),
        ({"symbol": "BTCUSDT", "limit": "1"}, -1104),
    ],
)
def test_bad_questions_are_refused(alice, params, code):
    with pytest.raises(ApiError) as refused:
        alice.exchange.ticker_window(params)
    assert refused.value.code == code
