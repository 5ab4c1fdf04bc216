"""Names of futures streams."""

import pytest

from bot.simulation.wire.futures.contracts import Contract
from bot.simulation.wire.futures.streams import MARKET, PUBLIC, Kind, parse

CONTRACTS = {
    "BTCUSDT": Contract("BTCUSDT", "BTCUSDT", "PERPETUAL", 1, 2, 3),
    "BTCUSD_PERP": Contract("BTCUSD_PERP", "BTCUSD", "PERPETUAL", 2, 1, 0),
}


@pytest.mark.parametrize(
    ("name", "kind", "every_ms"),
    [
        ("btcusdt@aggTrade", Kind.AGG_TRADE, 0),
        ("btcusdt@trade", Kind.TRADE, 0),
        ("btcusdt@bookTicker", Kind.BOOK_TICKER, 0),
        ("btcusdt@depth", Kind.DEPTH, 250),
        ("btcusdt@depth@100ms", Kind.DEPTH, 100),
        ("btcusdt@depth@500ms", Kind.DEPTH, 500),
        ("btcusdt@rpiDepth@500ms", Kind.DEPTH, 500),
        ("btcusdt@depth20@100ms", Kind.PARTIAL_DEPTH, 100),
        ("btcusdt@markPrice", Kind.MARK_PRICE, 3000),
        ("btcusdt@markPrice@1s", Kind.MARK_PRICE, 1000),
        ("btcusdt@kline_1m", Kind.KLINE, 250),
        ("btcusdt_perpetual@continuousKline_1m", Kind.CONTINUOUS_KLINE, 250),
        ("btcusd_perpetual@continuousKline_1M", Kind.CONTINUOUS_KLINE, 250),
        ("btcusd@indexPrice@1s", Kind.INDEX_PRICE, 1000),
        ("btcusd_perp@ticker", Kind.TICKER, 2000),
        ("btcusd_perp@markPriceKline_5m", Kind.MARK_PRICE_KLINE, 250),
        ("btcusd@indexPriceKline_5m", Kind.INDEX_PRICE_KLINE, 250),
        ("!miniTicker@arr", Kind.ALL_MINI_TICKERS, 1000),
        ("!bookTicker", Kind.ALL_BOOK_TICKERS, 5000),
        ("!forceOrder@arr", Kind.ALL_FORCE_ORDERS, 1000),
        ("!contractInfo", Kind.CONTRACT_INFO, 0),
        ("!assetIndex@arr", Kind.ALL_ASSET_INDICES, 1000),
        ("btcusd@assetIndex", Kind.ASSET_INDEX, 1000),
        ("btcusdt@compositeIndex", Kind.COMPOSITE_INDEX, 1000),
        ("tradingSession", Kind.TRADING_SESSION, 1000),
    ],
)
def test_a_stream_has_its_kind_and_speed(name, kind, every_ms):
    stream = parse(name, CONTRACTS)
    assert (stream.kind, stream.every_ms) == (kind, every_ms)


@pytest.mark.parametrize(
    "name",
    [
        "BTCUSDT@aggTrade",
        "dogeusdt@aggTrade",
        "btcusdt@kline_1s",
        "btcusdt@depth@200ms",
        "btcusdt@depth7",
        "btcusdt@indexPrice",
        "btcusdt@continuousKline_1m",
        "btcusdt@avgPrice",
        "btcusdt@markPriceKline_1m",
        "btcusdt@indexPriceKline_1m",
        "btcusd_perp@1m",
        "btcusd@indexPriceKline_1s",
        "!assetIndex",
        "",
    ],
)
def test_other_names_are_no_streams(name):
    assert parse(name, CONTRACTS) is None


def test_the_paths_have_no_kind_in_common_and_leave_none_out():
    assert not PUBLIC & MARKET
    assert set(Kind) == PUBLIC | MARKET
