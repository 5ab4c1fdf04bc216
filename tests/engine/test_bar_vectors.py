"""Bars of Binance against the engine's, from the shared vectors: every case."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.interval import interval_of, source_interval
from bot.domain.market import AggTrade, Bar
from bot.domain.values import MS_NS, SECOND_NS, Market
from bot.engine.longerbars import LongerBars
from bot.engine.tradebars import TimeBars

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors"
pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the shared vectors are not there")


def cases(name):
    path = VECTORS / name
    return json.loads(path.read_text())["cases"] if path.is_file() else []


def part(row, interval):
    open_s, opened, high, low, close, volume = row
    open_ns = open_s * SECOND_NS
    return Bar(
        symbol="ADABTC",
        interval=interval.text,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        quote_volume=0.0,
        trades=0,
        open_ns=open_ns,
        close_ns=interval.close_ns(open_ns),
        closed=True,
        ts_ns=interval.next_ns(open_ns),
        recv_ns=interval.next_ns(open_ns),
    )


def test_there_are_as_many_cases_as_there_were():
    assert len(cases("candle_resampling.json")) == 36
    assert len(cases("kline_from_aggtrades.json")) == 7


@pytest.mark.parametrize("case", cases("candle_resampling.json"))
def test_longer_bars_are_the_exchanges_own(case):
    lower, longer = interval_of(case["from_tf"]), interval_of(case["to_tf"])
    assert lower.nests_in(longer)
    maker = LongerBars("ADABTC", longer, lower)
    issued = [bar for row in case["lower"] for bar in maker.add(part(row, lower))]
    (bar,) = [bar for bar in issued if bar.closed]
    assert [
        bar.open_ns // SECOND_NS,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
    ] == pytest.approx(case["higher"], rel=1e-12)


@pytest.mark.parametrize(
    "case", cases("kline_from_aggtrades.json"), ids=lambda case: case["symbol"]
)
def test_bars_from_trades_are_the_exchanges_own_to_the_last_digit(case):
    kline = case["kline"]
    assert case["holds_exactly"]
    maker = TimeBars(case["symbol"], interval_of(kline["i"]))
    maker.begin_whole(kline["t"] * MS_NS)
    issued = [
        bar
        for wire in case["aggTrades"]
        for bar in maker.add(
            AggTrade(
                symbol=wire["s"],
                price=float(wire["p"]),
                size=float(wire["q"]),
                agg_id=wire["a"],
                first_trade_id=wire["f"],
                last_trade_id=wire["l"],
                buyer_is_maker=wire["m"],
                ts_ns=wire["T"] * MS_NS,
                recv_ns=wire["E"] * MS_NS,
            )
        )
    ]
    bar = issued[-1]
    assert (bar.open_ns, bar.close_ns) == (kline["t"] * MS_NS, kline["T"] * MS_NS)
    prices = tuple(float(kline[key]) for key in "ohlc")
    assert (bar.open, bar.high, bar.low, bar.close) == prices
    amounts = tuple(float(kline[key]) for key in "vqVQ")
    assert (
        bar.volume,
        bar.quote_volume,
        bar.taker_volume,
        bar.taker_quote_volume,
    ) == amounts
    assert (bar.trades, bar.first_trade_id, bar.last_trade_id) == tuple(kline[k] for k in "nfL")


def test_the_source_of_each_resampled_bar_fits():
    for case in cases("candle_resampling.json"):
        longer = interval_of(case["to_tf"])
        opened = datetime.fromtimestamp(case["open_time_s"], UTC)
        assert (
            longer.open_ns(int(opened.timestamp()) * SECOND_NS) == case["open_time_s"] * SECOND_NS
        )
        assert source_interval(longer, Market.SPOT) is not None
