"""Bars are what Binance made of the same trades; quiet times have flat bars."""

from decimal import Decimal

from bot.simulation.bars import INTERVALS, Bars, bar_open
from bot.simulation.fixedpoint import notional, parse

MONDAY_MS = 1_699_833_600_000  # 2023-11-13 00:00 UTC


def added(bars, price, quantity, time_ms, trade_id, *, buyer_is_maker=False):
    price, quantity = parse(price), parse(quantity)
    bars.add(
        price,
        quantity,
        notional(price, quantity),
        buyer_is_maker=buyer_is_maker,
        time_ms=time_ms,
        trade_id=trade_id,
    )


def test_klines_of_recorded_aggregates(shared_json):
    cases = shared_json("vectors/kline_from_aggtrades.json")["cases"]
    compared = 0
    for case in cases:
        kline = case["kline"]
        bars = Bars()
        for agg in case["aggTrades"]:
            added(bars, agg["p"], agg["q"], agg["T"], agg["f"], buyer_is_maker=agg["m"])
        payload = bars.roll(kline["i"], kline["t"])[-1].payload(
            kline["s"], kline["i"], closed=kline["x"]
        )
        # One aggregate can hold several trades, so counts and last ids are not comparable.
        assert case["holds_exactly"]
        for key in ("t", "T", "s", "i", "f", "x", "B"):
            assert payload[key] == kline[key], key
        for key in ("o", "c", "h", "l", "v", "V"):
            assert Decimal(payload[key]) == Decimal(kline[key]), key
        compared += 1
    assert compared == 7


def test_a_minute_without_trades_repeats_the_last_price():
    bars = Bars()
    added(bars, "100", "2", MONDAY_MS + 1000, 1)
    added(bars, "101", "1", MONDAY_MS + 3 * 60_000, 2)
    rows = [bar.row() for bar in bars.roll("1m", MONDAY_MS + 4 * 60_000)]
    assert [row[0] for row in rows] == [MONDAY_MS + n * 60_000 for n in range(5)]
    assert [row[4] for row in rows] == [f"{p}.00000000" for p in (100, 100, 100, 101, 101)]
    assert [row[8] for row in rows] == [1, 0, 0, 1, 0]
    assert rows[3][1] == "101.00000000"


def test_a_flat_bar_opens_anew_with_its_first_trade():
    bars = Bars()
    added(bars, "100", "1", MONDAY_MS, 1)
    bars.roll("1m", MONDAY_MS + 60_000)
    added(bars, "105", "1", MONDAY_MS + 60_500, 2)
    bar = bars.roll("1m", MONDAY_MS + 61_000)[-1]
    assert (bar.open, bar.low, bar.high, bar.first_id, bar.trades) == (
        parse("105"),
        parse("105"),
        parse("105"),
        2,
        1,
    )


def test_weeks_open_on_monday_and_months_on_the_first():
    wednesday = MONDAY_MS + 2 * 86_400_000 + 12_345
    assert bar_open("1w", wednesday) == MONDAY_MS
    assert bar_open("1w", MONDAY_MS - 1) == MONDAY_MS - 7 * 86_400_000
    november = 1_698_796_800_000
    assert bar_open("1M", wednesday) == november
    bars = Bars()
    added(bars, "1", "1", wednesday, 1)
    assert bars.roll("1M", wednesday)[-1].row()[6] == 1_701_388_800_000 - 1


def test_a_long_silence_stays_bounded():
    bars = Bars()
    added(bars, "100", "1", MONDAY_MS, 1)
    rolled = bars.roll("1s", MONDAY_MS + 30 * 86_400_000)
    assert len(rolled) <= 1500
    assert rolled[-1].open_ms == MONDAY_MS + 30 * 86_400_000
    opens = [bar.open_ms for bar in rolled][1:]
    assert opens == list(range(opens[0], opens[0] + 1000 * len(opens), 1000))


def test_every_interval_is_kept():
    bars = Bars()
    added(bars, "100", "1", MONDAY_MS, 1)
    assert all(len(bars.roll(interval, MONDAY_MS)) == 1 for interval in INTERVALS)
