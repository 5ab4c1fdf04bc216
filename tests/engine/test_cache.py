"""The latest of everything observed, and how far it can be trusted."""

from decimal import Decimal

import pytest

from bot.domain.market import Bar, BookSnapshot, QuoteTick, TradeTick
from bot.engine.cache import Cache


@pytest.fixture
def cache(btcusdt):
    return Cache({"BTCUSDT": btcusdt})


def quote(recv_ns, bid=99.0, ask=101.0):
    return QuoteTick(
        symbol="BTCUSDT",
        bid=bid,
        bid_size=1.0,
        ask=ask,
        ask_size=1.0,
        update_id=1,
        ts_ns=0,
        recv_ns=recv_ns,
    )


def trade(recv_ns, price=90.0):
    return TradeTick(
        symbol="BTCUSDT",
        price=price,
        size=1.0,
        trade_id=1,
        buyer_is_maker=True,
        ts_ns=0,
        recv_ns=recv_ns,
    )


def test_without_an_observation_there_is_no_price(cache):
    assert cache.last_price("BTCUSDT") is None
    assert cache.exact_price("BTCUSDT") is None
    assert cache.price_age_ns("BTCUSDT", 10) is None


def test_the_mid_of_the_quote_goes_before_the_trade(cache):
    cache.update(trade(1))
    assert cache.last_price("BTCUSDT") == 90.0
    cache.update(quote(2))
    cache.update(trade(3))
    assert cache.last_price("BTCUSDT") == 100.0


def test_the_age_is_that_of_the_price_that_is_used(cache):
    cache.update(quote(2))
    cache.update(trade(8))
    assert cache.price_age_ns("BTCUSDT", 10) == 8


@pytest.mark.parametrize(("bid", "ask"), [(0.0, 101.0), (99.0, 0.0)])
def test_a_book_with_an_empty_side_has_no_middle(cache, bid, ask):
    cache.update(quote(2, bid, ask))
    assert cache.last_price("BTCUSDT") is None
    cache.update(trade(1))
    assert cache.last_price("BTCUSDT") == 90.0


def test_the_exact_price_is_the_shortest_decimal(cache):
    cache.update(quote(1, 0.1, 0.1))
    assert cache.exact_price("BTCUSDT") == Decimal("0.1")


def test_prices_from_before_a_gap_are_history(cache):
    cache.update(quote(5))
    cache.darken("market 1", ("BTCUSDT",), 6)
    assert cache.is_dark("BTCUSDT")
    assert not cache.is_dark("ETHUSDT")
    assert cache.price_age_ns("BTCUSDT", 7) is None
    assert cache.last_price("BTCUSDT") == 100.0, "still the best guess of what it is worth"
    cache.update(quote(7))
    assert cache.price_age_ns("BTCUSDT", 8) == 1


def test_a_price_at_the_moment_of_the_gap_is_no_proof_of_life(cache):
    cache.update(quote(6))
    cache.darken("market 1", (), 6)
    assert cache.price_age_ns("BTCUSDT", 7) is None


def test_after_a_gap_a_fresh_trade_goes_before_an_old_quote(cache):
    cache.update(quote(5))
    cache.darken("market 1", (), 6)
    cache.update(trade(7))
    assert cache.last_price("BTCUSDT") == 90.0
    assert cache.price_age_ns("BTCUSDT", 9) == 2


def test_a_feed_without_symbols_carries_all(cache):
    cache.darken("market 1", (), 6)
    assert cache.is_dark("BTCUSDT")
    cache.dark.pop("market 1")
    assert not cache.is_dark("BTCUSDT")


def test_a_symbol_is_dark_while_any_of_its_feeds_is(cache):
    cache.darken("market 1", ("BTCUSDT",), 6)
    cache.darken("market 2", ("BTCUSDT",), 7)
    cache.dark.pop("market 1")
    assert cache.is_dark("BTCUSDT")


def test_bars_are_kept_by_interval_and_books_by_symbol(cache):
    numbers = dict.fromkeys(("open", "high", "low", "close", "volume", "quote_volume"), 1.0)
    times = {"open_ns": 1, "close_ns": 2, "ts_ns": 2, "recv_ns": 2}
    for interval in ("1m", "5m"):
        cache.update(
            Bar(symbol="BTCUSDT", interval=interval, trades=1, closed=True, **numbers, **times)
        )
    assert set(cache.bars) == {("BTCUSDT", "1m"), ("BTCUSDT", "5m")}
    book = BookSnapshot(symbol="BTCUSDT", bids=(), asks=(), update_id=1, ts_ns=1, recv_ns=1)
    cache.update(book)
    assert cache.books["BTCUSDT"] is book


def test_an_asset_is_worth_what_the_traded_symbols_tell(cache):
    cache.update(quote(1))
    assert cache.value_in("USDT", "USDT") == 1
    assert cache.value_in("BTC", "USDT") == 100
    assert cache.value_in("BNB", "USDT") is None
    assert cache.value_in("BTC", "EUR") is None
