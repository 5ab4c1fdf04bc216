"""Binance's names of streams, as wishes that lead back to the same names."""

import pytest

from bot.domain.commands import StreamKind
from bot.domain.errors import SettingsError
from bot.domain.streams import stream_name
from bot.domain.values import Market
from bot.exchange.stream_wishes import every_stream, wish

SYMBOLS = {Market.SPOT: "BTCUSDT", Market.USDM: "BTCUSDT", Market.COINM: "BTCUSD_PERP"}
OF_A_PAIR = ("indexPrice", "indexPriceKline", "continuousKline")


@pytest.mark.parametrize("market", Market)
def test_every_stream_of_a_market_is_asked_for_by_its_own_name(market):
    symbol = SYMBOLS[market]
    for stream in every_stream(market):
        name = stream_name(wish(stream, symbol, market), market)
        assert name.endswith(f"@{stream}")
        of_symbol = not stream.startswith(OF_A_PAIR)
        assert name.startswith(symbol.lower() if of_symbol else "btcusd")


@pytest.mark.parametrize("market", Market)
def test_all_of_a_symbol_is_every_kind_that_its_market_has(market):
    recorded = {wish(stream, SYMBOLS[market], market).kind for stream in every_stream(market)}
    # Of indices, of assets and of the whole market: not of a symbol.
    apart = {
        StreamKind.CONTRACT_INFO,
        StreamKind.COMPOSITE_INDEX,
        StreamKind.ASSET_INDEX,
        StreamKind.TRADING_SESSION,
    }
    for kind in set(StreamKind) - apart - recorded:
        with pytest.raises(SettingsError, match="has no such stream"):
            stream_name(wish(_any_name_of(kind), SYMBOLS[market], market), market)


def _any_name_of(kind):
    names = {name for market in Market for name in every_stream(market)}
    return next(name for name in sorted(names) if wish(name, "X").kind is kind)


@pytest.mark.parametrize(
    ("market", "stream"),
    [
        *((Market.SPOT, name) for name in ("aggTrade", "kline_1M", "kline_1d@+08:00")),
        *((Market.SPOT, name) for name in ("ticker_4h", "depth20@100ms", "depth5", "depth")),
        *((Market.USDM, name) for name in ("depth5", "depth20@500ms", "depth", "depth@500ms")),
        *((Market.USDM, name) for name in ("markPrice", "markPrice@1s", "rpiDepth@500ms")),
    ],
)
def test_a_name_comes_back_as_it_was_given(market, stream):
    assert stream_name(wish(stream, "BTCUSDT", market), market) == f"btcusdt@{stream}"


@pytest.mark.parametrize(
    ("market", "stream"),
    [
        *((Market.SPOT, name) for name in ("!miniTicker@arr", "!ticker_1h@arr")),
        *((Market.USDM, name) for name in ("!bookTicker", "!ticker@arr", "!forceOrder@arr")),
        *((Market.USDM, name) for name in ("!markPrice@arr", "!markPrice@arr@1s")),
        *((Market.USDM, name) for name in ("!assetIndex@arr", "!contractInfo", "tradingSession")),
    ],
)
def test_a_whole_market_is_named_without_a_symbol(market, stream):
    assert stream_name(wish(stream, "BTCUSDT", market), market) == stream


def test_bars_of_the_contract_and_the_index_are_those_of_the_symbols_pair():
    coinm = Market.COINM
    name = stream_name(wish("continuousKline_5m", "BTCUSD_PERP", coinm), coinm)
    assert name == "btcusd_perpetual@continuousKline_5m"
    name = stream_name(wish("indexPriceKline_1h", "BTCUSD_PERP", coinm), coinm)
    assert name == "btcusd@indexPriceKline_1h"


@pytest.mark.parametrize(
    "stream", ["trades", "depth7", "kline", "", "depth@fast", "!trade", "contractInfo"]
)
def test_a_name_that_is_none_is_refused_with_those_that_are(stream):
    with pytest.raises(SettingsError, match=r"--stream '.*': Binance has trade, aggTrade"):
        wish(stream, "BTCUSDT")
