"""What one message says of many symbols, and symbols of other markets."""

import pytest

from bot.domain.commands import StreamKind, Subscribe, Subscription
from bot.domain.market import MiniTicker, QuoteTick, TradeTick, WholeMarket
from bot.engine.host import StrategySpec
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy


class Watcher(Strategy[StrategyParams]):
    """Hears mini tickers and quotes of what it was told to."""

    asks: tuple[tuple[str, str], ...] = ()

    def on_start(self):
        self.heard = []
        for method, symbol in self.asks:
            getattr(self, method)(symbol)

    def on_mini_ticker(self, ticker):
        self.heard.append(ticker)

    on_quote = on_trade = on_mini_ticker


@pytest.fixture
def watching(engine_driver):
    def make(*asks):
        kind = type("Watching", (Watcher,), {"asks": asks})
        driver = engine_driver(StrategySpec("w", kind, StrategyParams(), ("BTCUSDT",))).live()
        return driver, driver.engine.host.plugins["w"].strategy.heard

    return make


def mini(symbol, recv_ns, *, from_array=True):
    return MiniTicker(symbol, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, recv_ns, recv_ns, from_array)


def quote(update_id, recv_ns, *, from_array):
    return QuoteTick("BTCUSDT", 1.0, 1.0, 2.0, 1.0, update_id, recv_ns, recv_ns, from_array)


def test_each_event_of_a_whole_market_reaches_who_asked_for_it_in_its_order(watching):
    driver, heard = watching(("subscribe_mini_ticker", "*"))
    now_ns = driver.tick()
    events = (mini("B", now_ns), mini("A", now_ns))
    driver.feed(WholeMarket("*", events, now_ns, now_ns))
    assert heard == list(events)


def test_who_asked_for_a_symbol_hears_nothing_of_the_whole_market(watching):
    driver, heard = watching(("subscribe_mini_ticker", "BTCUSDT"))
    now_ns = driver.tick()
    driver.feed(WholeMarket("*", (mini("BTCUSDT", now_ns),), now_ns, now_ns))
    own = mini("BTCUSDT", driver.tick(), from_array=False)
    driver.feed(own)
    assert heard == [own]


def test_a_whole_market_does_not_put_an_older_quote_in_the_place_of_a_newer_one(watching):
    driver, _ = watching(("subscribe_quotes", "BTCUSDT"))
    newer = quote(9, driver.tick(), from_array=False)
    driver.feed(newer)
    now_ns = driver.tick()
    driver.feed(WholeMarket("*", (quote(8, now_ns, from_array=True),), now_ns, now_ns))
    assert driver.engine.cache.quotes["BTCUSDT"] == newer
    now_ns = driver.tick()
    driver.feed(WholeMarket("*", (quote(10, now_ns, from_array=True),), now_ns, now_ns))
    assert driver.engine.cache.quotes["BTCUSDT"].update_id == 10


def test_a_late_trade_is_told_and_is_not_the_latest(watching):
    driver, heard = watching(("subscribe_trades", "BTCUSDT"))
    times = [driver.tick(), driver.tick()]
    live = TradeTick("BTCUSDT", 5.0, 1.0, 9, False, times[0], times[0])  # noqa: FBT003
    late = TradeTick("BTCUSDT", 4.0, 1.0, 8, False, 1, times[1], True)  # noqa: FBT003
    driver.feed(live)
    driver.feed(late)
    assert heard == [live, late]
    assert driver.engine.cache.trades["BTCUSDT"] == live


def test_a_symbol_of_another_market_is_watched_under_its_own_name(watching):
    driver, heard = watching(("subscribe_quotes", "usdm:BTCUSDT"))
    asked = [wish for command in driver.sent(Subscribe) for wish in command.subscriptions]
    assert Subscription(StreamKind.QUOTES, "usdm:BTCUSDT") in asked
    now_ns = driver.tick()
    away = QuoteTick("usdm:BTCUSDT", 1.0, 1.0, 2.0, 1.0, 1, now_ns, now_ns)
    driver.feed(away)
    driver.feed(quote(1, driver.tick(), from_array=False))
    assert heard == [away]


def test_the_home_market_in_front_of_a_symbol_is_taken_off(watching):
    driver, heard = watching(("subscribe_quotes", "spot:BTCUSDT"))
    own = quote(1, driver.tick(), from_array=False)
    driver.feed(own)
    assert heard[-1] == own
