import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError
from bot.exchange.streams import stream_name


@pytest.mark.parametrize(
    ("kind", "detail", "name"),
    [
        (StreamKind.TRADES, "", "btcusdt@trade"),
        (StreamKind.AGG_TRADES, "", "btcusdt@aggTrade"),
        (StreamKind.QUOTES, "", "btcusdt@bookTicker"),
        (StreamKind.BARS, "", "btcusdt@kline_1m"),
        (StreamKind.BARS, "1M", "btcusdt@kline_1M"),
        (StreamKind.BOOK, "", "btcusdt@depth20@100ms"),
        (StreamKind.BOOK, "5", "btcusdt@depth5@100ms"),
        (StreamKind.MINI_TICKER, "", "btcusdt@miniTicker"),
        (StreamKind.TICKER, "", "btcusdt@ticker"),
    ],
)
def test_each_kind_has_its_name(kind, detail, name):
    assert stream_name(Subscription(kind, "BTCUSDT", detail)) == name


@pytest.mark.parametrize(
    "wish",
    [Subscription(StreamKind.BARS, "X", "7m"), Subscription(StreamKind.BOOK, "X", "50")],
)
def test_what_binance_does_not_have_is_said_with_what_it_has(wish):
    with pytest.raises(SettingsError, match=f"{wish.detail!r}: Binance has"):
        stream_name(wish)
