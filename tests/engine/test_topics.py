"""A subscription means the events of its own stream, and no others."""

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import Bar, BookSnapshot, DepthUpdate, MiniTicker, PriceBar, WindowTicker
from bot.domain.values import Market
from bot.engine.topics import canonical, is_of_instrument, topic_of, topic_wanted, whole_market_of

TIMES = {"ts_ns": 1, "recv_ns": 1}
OHLC = dict.fromkeys(("open", "high", "low", "close"), 1.0)


def bar(interval):
    return Bar(
        symbol="X",
        interval=interval,
        **OHLC,
        volume=1.0,
        quote_volume=1.0,
        trades=1,
        open_ns=1,
        close_ns=1,
        closed=True,
        **TIMES,
    )


def price_bar(source):
    return PriceBar(
        symbol="X",
        source=source,
        interval="1m",
        **OHLC,
        samples=1,
        open_ns=1,
        close_ns=1,
        closed=True,
        **TIMES,
    )


def mini(symbol, from_array):
    return MiniTicker(symbol, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1, 1, from_array)


def depth(speed_ms):
    return DepthUpdate("X", 1, 2, 0, (), (), 1, 1, speed_ms)


def window(name, from_array=False):
    return WindowTicker("X", name, *[1.0] * 9, 1, 1, 1, 1, 1, 1, 1, from_array)


PAIRS = [
    (Subscription(StreamKind.BARS, "X", "1m"), bar("1m")),
    (Subscription(StreamKind.BARS, "X", "1d@+08:00"), bar("1d@+08:00")),
    (Subscription(StreamKind.MARK_BARS, "X", "1m"), price_bar("mark")),
    (Subscription(StreamKind.INDEX_BARS, "X", "1m"), price_bar("index")),
    (Subscription(StreamKind.BOOK, "X", "5"), BookSnapshot("X", (), (), 1, 1, 1, 5)),
    (Subscription(StreamKind.BOOK, "X", "20"), BookSnapshot("X", (), (), 1, 1, 1)),
    (Subscription(StreamKind.BOOK, "X", "20@1000ms"), BookSnapshot("X", (), (), 1, 1, 1, 20, 1000)),
    (Subscription(StreamKind.DEPTH, "X", "100ms"), depth(100)),
    (Subscription(StreamKind.DEPTH, "X", "500ms"), depth(500)),
    (Subscription(StreamKind.MINI_TICKER, "X"), mini("X", from_array=False)),
    (Subscription(StreamKind.MINI_TICKER, "*"), mini("X", from_array=True)),
    (Subscription(StreamKind.MINI_TICKER, "usdm:*"), mini("usdm:X", from_array=True)),
    (Subscription(StreamKind.WINDOW_TICKER, "X", "1h"), window("1h")),
    (Subscription(StreamKind.WINDOW_TICKER, "X", "4h"), window("4h")),
    (Subscription(StreamKind.WINDOW_TICKER, "*", "4h"), window("4h", from_array=True)),
]


@pytest.mark.parametrize(("wish", "event"), PAIRS)
def test_a_wish_has_the_topic_of_its_events_and_of_no_others(wish, event):
    others = [other for other, of in PAIRS if type(of) is type(event) and other is not wish]
    assert topic_wanted(wish) == topic_of(event)
    assert topic_of(event) not in [topic_wanted(other) for other in others]


@pytest.mark.parametrize(
    ("wish", "detail"),
    [
        (Subscription(StreamKind.BARS, "X"), "1m"),
        (Subscription(StreamKind.BOOK, "X"), "20"),
        (Subscription(StreamKind.DEPTH, "X"), "100ms"),
        (Subscription(StreamKind.MARK_PRICE, "X"), "1s"),
        (Subscription(StreamKind.WINDOW_TICKER, "X"), "1d"),
        (Subscription(StreamKind.QUOTES, "X"), ""),
        (Subscription(StreamKind.BARS, "X", "5m"), "5m"),
    ],
)
def test_a_wish_has_one_form(wish, detail):
    assert canonical(wish) == Subscription(wish.kind, "X", detail)


def test_a_symbol_of_the_home_market_is_plain():
    wish = Subscription(StreamKind.QUOTES, "usdm:BTCUSDT")
    assert canonical(wish, Market.USDM).symbol == "BTCUSDT"
    assert canonical(wish, Market.SPOT).symbol == "usdm:BTCUSDT"


@pytest.mark.parametrize(
    ("kind", "symbol", "expected"),
    [
        (StreamKind.QUOTES, "BTCUSDT", True),
        (StreamKind.QUOTES, "usdm:BTCUSDT", False),
        (StreamKind.LIQUIDATIONS, "*", False),
        (StreamKind.CONTINUOUS_BARS, "BTCUSDT_PERPETUAL", False),
        (StreamKind.INDEX_PRICE, "BTCUSD", False),
        (StreamKind.MARK_PRICE, "BTCUSDT", True),
    ],
)
def test_only_plain_symbols_of_instruments_must_be_traded(kind, symbol, expected):
    assert is_of_instrument(Subscription(kind, symbol)) is expected


def test_the_whole_market_of_a_symbol():
    assert [whole_market_of(key) for key in ("BTCUSDT", "usdm:BTCUSDT", "*")] == [
        "*",
        "usdm:*",
        "*",
    ]
