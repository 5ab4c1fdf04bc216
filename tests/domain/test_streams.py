"""The names of streams and the connections that carry them, on each market."""

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError
from bot.domain.streams import Address, address, category_of, check, stream_name
from bot.domain.values import Market

K = StreamKind
SPOT = [
    (K.TRADES, "BTCUSDT", "", "btcusdt@trade"),
    (K.AGG_TRADES, "BTCUSDT", "", "btcusdt@aggTrade"),
    (K.BLOCK_TRADES, "BTCUSDT", "", "btcusdt@blockTrade"),
    (K.QUOTES, "BTCUSDT", "", "btcusdt@bookTicker"),
    (K.BARS, "BTCUSDT", "", "btcusdt@kline_1m"),
    (K.BARS, "BTCUSDT", "1M", "btcusdt@kline_1M"),
    (K.BARS, "BTCUSDT", "1s", "btcusdt@kline_1s"),
    (K.BARS, "BTCUSDT", "1d@+08:00", "btcusdt@kline_1d@+08:00"),
    (K.BOOK, "BTCUSDT", "", "btcusdt@depth20@100ms"),
    (K.BOOK, "BTCUSDT", "5", "btcusdt@depth5@100ms"),
    (K.BOOK, "BTCUSDT", "5@1000ms", "btcusdt@depth5"),
    (K.DEPTH, "BTCUSDT", "", "btcusdt@depth@100ms"),
    (K.DEPTH, "BTCUSDT", "1000ms", "btcusdt@depth"),
    (K.MINI_TICKER, "BTCUSDT", "", "btcusdt@miniTicker"),
    (K.MINI_TICKER, "*", "", "!miniTicker@arr"),
    (K.TICKER, "BTCUSDT", "", "btcusdt@ticker"),
    (K.WINDOW_TICKER, "BTCUSDT", "4h", "btcusdt@ticker_4h"),
    (K.WINDOW_TICKER, "*", "1h", "!ticker_1h@arr"),
    (K.AVERAGE_PRICE, "BTCUSDT", "", "btcusdt@avgPrice"),
    (K.REFERENCE_PRICE, "BTCUSDT", "", "btcusdt@referencePrice"),
]
USDM = [
    (K.TRADES, "BTCUSDT", "", "public", "btcusdt@trade"),
    (K.QUOTES, "BTCUSDT", "", "public", "btcusdt@bookTicker"),
    (K.QUOTES, "*", "", "public", "!bookTicker"),
    (K.DEPTH, "BTCUSDT", "", "public", "btcusdt@depth@100ms"),
    (K.DEPTH, "BTCUSDT", "250ms", "public", "btcusdt@depth"),
    (K.DEPTH, "BTCUSDT", "500ms", "public", "btcusdt@depth@500ms"),
    (K.BOOK, "BTCUSDT", "10@250ms", "public", "btcusdt@depth10"),
    (K.RPI_DEPTH, "BTCUSDT", "", "public", "btcusdt@rpiDepth@500ms"),
    (K.AGG_TRADES, "BTCUSDT", "", "market", "btcusdt@aggTrade"),
    (K.BARS, "BTCUSDT", "5m", "market", "btcusdt@kline_5m"),
    (
        K.CONTINUOUS_BARS,
        "BTCUSDT_PERPETUAL",
        "1h",
        "market",
        "btcusdt_perpetual@continuousKline_1h",
    ),
    (K.MARK_PRICE, "BTCUSDT", "", "market", "btcusdt@markPrice@1s"),
    (K.MARK_PRICE, "BTCUSDT", "3s", "market", "btcusdt@markPrice"),
    (K.MARK_PRICE, "*", "1s", "market", "!markPrice@arr@1s"),
    (K.MARK_PRICE, "*", "3s", "market", "!markPrice@arr"),
    (K.MINI_TICKER, "*", "", "market", "!miniTicker@arr"),
    (K.TICKER, "*", "", "market", "!ticker@arr"),
    (K.LIQUIDATIONS, "BTCUSDT", "", "market", "btcusdt@forceOrder"),
    (K.LIQUIDATIONS, "*", "", "market", "!forceOrder@arr"),
    (K.COMPOSITE_INDEX, "DEFIUSDT", "", "market", "defiusdt@compositeIndex"),
    (K.CONTRACT_INFO, "*", "", "market", "!contractInfo"),
    (K.ASSET_INDEX, "*", "", "market", "!assetIndex@arr"),
    (K.ASSET_INDEX, "ADAUSD", "", "market", "adausd@assetIndex"),
    (K.TRADING_SESSION, "*", "", "market", "tradingSession"),
]
COINM = [
    (K.INDEX_PRICE, "BTCUSD", "", "btcusd@indexPrice@1s"),
    (K.INDEX_PRICE, "*", "3s", "!indexPrice@arr"),
    (K.INDEX_BARS, "BTCUSD", "5m", "btcusd@indexPriceKline_5m"),
    (K.MARK_BARS, "BTCUSD_PERP", "5m", "btcusd_perp@markPriceKline_5m"),
    (K.DEPTH, "BTCUSD_PERP", "250ms", "btcusd_perp@depth"),
]


@pytest.mark.parametrize(("kind", "symbol", "detail", "name"), SPOT)
def test_each_stream_of_spot_has_its_name(kind, symbol, detail, name):
    assert stream_name(Subscription(kind, symbol, detail)) == name


@pytest.mark.parametrize(("kind", "symbol", "detail", "category", "name"), USDM)
def test_streams_of_usdm_are_public_or_of_the_market(kind, symbol, detail, category, name):
    wish = Subscription(kind, symbol, detail)
    assert address(wish, Market.USDM) == Address(Market.USDM, category, name)
    away = Subscription(kind, f"usdm:{symbol}", detail)
    assert address(away, Market.SPOT) == Address(Market.USDM, category, name)
    assert category_of(wish, Market.USDM) == category


@pytest.mark.parametrize(("kind", "symbol", "detail", "name"), COINM)
def test_each_stream_of_coinm_has_its_name(kind, symbol, detail, name):
    wish = Subscription(kind, symbol, detail)
    assert address(wish, Market.COINM) == Address(Market.COINM, "market", name)


@pytest.mark.parametrize(
    ("wish", "home"),
    [
        (Subscription(K.BARS, "X", "7m"), Market.SPOT),
        (Subscription(K.BARS, "X", "1s"), Market.USDM),
        (Subscription(K.BARS, "X", "1d@+08:00"), Market.USDM),
        (Subscription(K.BOOK, "X", "50"), Market.SPOT),
        (Subscription(K.WINDOW_TICKER, "X", "2h"), Market.SPOT),
        (Subscription(K.MARK_PRICE, "X", "2s"), Market.USDM),
    ],
)
def test_what_binance_does_not_have_is_said_with_what_it_has(wish, home):
    with pytest.raises(SettingsError) as raised:
        stream_name(wish, home)
    assert f"{wish.detail!r}: Binance has" in str(raised.value)


@pytest.mark.parametrize(
    ("wish", "home", "speeds"),
    [
        (Subscription(K.DEPTH, "X", "250ms"), Market.SPOT, "100ms, 1000ms"),
        (Subscription(K.BOOK, "X", "5@1000ms"), Market.USDM, "100ms, 250ms, 500ms"),
    ],
)
def test_markets_have_their_own_speeds_of_books(wish, home, speeds):
    with pytest.raises(SettingsError, match=f"Binance has {speeds}"):
        stream_name(wish, home)


@pytest.mark.parametrize(
    ("wish", "home"),
    [
        (Subscription(K.MARK_PRICE, "BTCUSDT"), Market.SPOT),
        (Subscription(K.AVERAGE_PRICE, "BTCUSDT"), Market.USDM),
        (Subscription(K.RPI_DEPTH, "BTCUSD_PERP"), Market.COINM),
        (Subscription(K.INDEX_PRICE, "BTCUSDT"), Market.USDM),
    ],
)
def test_a_kind_that_a_market_lacks_is_refused(wish, home):
    with pytest.raises(SettingsError, match=f"{home.value} has no such stream"):
        stream_name(wish, home)


@pytest.mark.parametrize(
    ("wish", "home"),
    [
        (Subscription(K.TICKER, "*"), Market.SPOT),
        (Subscription(K.QUOTES, "*"), Market.SPOT),
        (Subscription(K.TRADES, "*"), Market.USDM),
        (Subscription(K.BARS, "*", "1m"), Market.SPOT),
    ],
)
def test_a_whole_market_that_binance_does_not_stream_is_refused(wish, home):
    with pytest.raises(SettingsError, match="no stream of the whole market"):
        stream_name(wish, home)


@pytest.mark.parametrize("kind", [K.CONTRACT_INFO, K.TRADING_SESSION])
def test_what_is_told_of_the_whole_market_only_cannot_be_had_of_one_symbol(kind):
    with pytest.raises(SettingsError, match=r"subscribe '\*'"):
        stream_name(Subscription(kind, "BTCUSDT"), Market.USDM)
    with pytest.raises(SettingsError, match=r"subscribe 'usdm:\*'"):
        stream_name(Subscription(kind, "usdm:BTCUSDT"), Market.SPOT)


@pytest.mark.parametrize(
    "symbol", ["", "usdm:", "btcusdt", "BTC USDT", "bybit:BTCUSDT", "usdm:*/x"]
)
def test_what_cannot_be_a_symbol_is_refused_before_binance_acknowledges_it(symbol):
    with pytest.raises(SettingsError, match="write it as Binance does") as raised:
        address(Subscription(K.QUOTES, symbol), Market.SPOT)
    assert repr(symbol) in str(raised.value)


def test_a_symbol_need_not_be_ascii():
    assert stream_name(Subscription(K.QUOTES, "币安人生USDT")) == "币安人生usdt@bookTicker"


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTCUSDT_NEVER"])
def test_continuous_bars_are_of_a_contract(symbol):
    with pytest.raises(SettingsError, match="Binance has PERPETUAL"):
        stream_name(Subscription(K.CONTINUOUS_BARS, symbol, "1m"), Market.USDM)


def test_bars_of_any_interval_may_be_asked_for_where_there_are_some_to_build_them_from():
    check(Subscription(K.BARS, "usdm:BTCUSDT", "7m"))
    check(Subscription(K.BARS, "BTCUSDT", "100t"))
    with pytest.raises(ValueError, match="7x"):
        check(Subscription(K.BARS, "BTCUSDT", "7x"))
    with pytest.raises(SettingsError, match="no stream of the whole market"):
        check(Subscription(K.BARS, "*", "7m"))
    with pytest.raises(SettingsError, match="bar interval '7m'"):
        check(Subscription(K.MARK_BARS, "coinm:BTCUSD_PERP", "7m"))


def test_every_kind_is_on_some_market():
    shown = {row[0] for row in (*SPOT, *USDM, *COINM)}
    assert shown == set(StreamKind)
