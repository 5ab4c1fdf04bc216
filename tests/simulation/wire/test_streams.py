"""Which stream names mean what."""

import pytest

from bot.simulation.wire.streams import Kind, parse

SYMBOLS = ("BTCUSDT",)


@pytest.mark.parametrize(
    ("name", "kind", "every_ms"),
    [
        ("btcusdt@trade", Kind.TRADE, 0),
        ("btcusdt@aggTrade", Kind.AGG_TRADE, 0),
        ("btcusdt@bookTicker", Kind.BOOK_TICKER, 0),
        ("btcusdt@depth", Kind.DEPTH, 1000),
        ("btcusdt@depth@100ms", Kind.DEPTH, 100),
        ("btcusdt@depth5", Kind.PARTIAL_DEPTH, 1000),
        ("btcusdt@depth20@100ms", Kind.PARTIAL_DEPTH, 100),
        ("btcusdt@kline_1s", Kind.KLINE, 1000),
        ("btcusdt@kline_1M", Kind.KLINE, 2000),
        ("btcusdt@ticker", Kind.TICKER, 1000),
        ("btcusdt@miniTicker", Kind.MINI_TICKER, 1000),
        ("btcusdt@avgPrice", Kind.AVG_PRICE, 1000),
        ("!miniTicker@arr", Kind.MINI_TICKER, 1000),
        ("!miniTicker@arr@3000ms", Kind.MINI_TICKER, 3000),
        ("btcusdt@ticker_1h", Kind.WINDOW_TICKER, 1000),
        ("!ticker_1d@arr", Kind.WINDOW_TICKER, 1000),
        ("btcusdt@kline_1d@+08:00", Kind.KLINE, 2000),
        ("btcusdt@kline_1s@+08:00", Kind.KLINE, 1000),
        ("btcusdt@referencePrice", Kind.REFERENCE_PRICE, 1000),
    ],
)
def test_a_known_name_is_a_stream(name, kind, every_ms):
    stream = parse(name, SYMBOLS)
    assert stream is not None
    assert (stream.kind, stream.every_ms, stream.name) == (kind, every_ms, name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "@", "btcusdt", "BTCUSDT@trade", "xyz@trade", "btcusdt@kline_7m", "btcusdt@depth7"),
        *("btcusdt@depth5@50ms", "!ticker@arr", "btcusdt@depth@1000ms", "btcusdt@"),
        *("btcusdt@blockTrade", "btcusdt@ticker_2h", "!ticker_2h@arr", "!ticker_1h", "!bookTicker"),
        *("btcusdt@kline_1d@+09:00", "btcusdt@kline_1d@", "btcusdt@kline_", "!miniTicker@x"),
    ],
)
def test_an_unknown_name_is_none(name):
    assert parse(name, SYMBOLS) is None


def test_a_stream_is_matched_by_its_event_and_a_list_by_its_brackets():
    events = {
        "btcusdt@trade": "trade",
        "btcusdt@ticker_4h": "4hTicker",
        "!ticker_1h@arr": "1hTicker[]",
        "!miniTicker@arr": "24hrMiniTicker[]",
        "btcusdt@kline_1d@+08:00": "kline",
    }
    for name, event in events.items():
        stream = parse(name, SYMBOLS)
        assert stream is not None
        assert stream.event == event
