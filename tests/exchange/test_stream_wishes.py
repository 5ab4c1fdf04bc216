"""Binance's names of streams, as wishes that lead back to the same names."""

import pytest

from bot.domain.errors import SettingsError
from bot.domain.streams import stream_name
from bot.domain.values import Market
from bot.exchange.stream_wishes import every_stream, wish


@pytest.mark.parametrize("market", Market)
def test_every_stream_of_a_market_is_asked_for_by_its_own_name(market):
    for stream in every_stream(market):
        assert stream_name(wish(stream, "BTCUSDT"), market) == f"btcusdt@{stream}"


@pytest.mark.parametrize(
    "stream",
    ["aggTrade", "miniTicker", "depth20@100ms", "kline_1M", "ticker_4h", "depth@1000ms"],
)
def test_a_name_comes_back_as_it_was_given(stream):
    name = stream_name(wish(stream, "BTCUSDT"), Market.SPOT)
    assert name in {f"btcusdt@{stream}", f"btcusdt@{stream.removesuffix('@1000ms')}"}


@pytest.mark.parametrize("stream", ["trades", "depth7", "kline", "", "depth@fast"])
def test_a_name_that_is_none_is_refused_with_those_that_are(stream):
    with pytest.raises(SettingsError, match=r"--stream '.*': Binance has trade, aggTrade"):
        wish(stream, "BTCUSDT")
