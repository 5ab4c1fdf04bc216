"""What periodic streams say, of an exchange that is told what to answer."""

from bot.simulation.errors import ApiError
from bot.simulation.wire.feeds import feed
from bot.simulation.wire.streams import parse


class Exchange:
    symbols = ("BTCUSDT", "ETHUSDT")

    def __init__(self):
        self.prices = {"BTCUSDT": "1.00", "ETHUSDT": None}
        self.time_ms = 1

    def reference_price(self, params):
        symbol = params["symbol"]
        if symbol not in self.prices:
            raise ApiError(400, -2043, "This symbol doesn't have a reference price.")
        return {
            "symbol": symbol,
            "referencePrice": self.prices[symbol],
            "timestamp": self.time_ms,
        }

    def update_id(self, symbol):
        return 7

    def top(self, symbol, n):
        return [["1", "2"]] * n, []


def opened(name, exchange):
    source = feed(parse(name, exchange.symbols), exchange)
    assert source is not None
    return source


def test_a_reference_price_may_be_null_and_has_no_event_time():
    exchange = Exchange()
    assert opened("btcusdt@referencePrice", exchange).due(99) == [
        {"e": "referencePrice", "s": "BTCUSDT", "r": "1.00", "t": 1}
    ]
    assert opened("ethusdt@referencePrice", exchange).due(99)[0]["r"] is None


def test_a_symbol_without_a_reference_price_is_silent_until_it_has_one():
    exchange = Exchange()
    del exchange.prices["BTCUSDT"]
    source = opened("btcusdt@referencePrice", exchange)
    assert source.due(1) == []
    exchange.prices["BTCUSDT"] = "2.00"
    assert source.due(2)[0]["r"] == "2.00"


def test_what_was_said_is_not_said_again():
    source = opened("btcusdt@depth5", Exchange())
    (said,) = source.due(1)
    assert said == {"lastUpdateId": 7, "bids": [["1", "2"]] * 5, "asks": []}
    assert source.due(2) == []


def test_streams_that_follow_events_are_not_looked_at():
    for name in ("btcusdt@trade", "btcusdt@aggTrade", "btcusdt@bookTicker"):
        assert feed(parse(name, Exchange.symbols), Exchange()) is None
