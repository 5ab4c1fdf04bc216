"""The market's past as the served simulated exchange tells it, on all three markets."""

import time
from itertools import pairwise

import pytest

from bot.domain.errors import Rejected
from bot.domain.fetched import BookFetched, BookNotFetched
from bot.exchange.endpoints import from_url
from bot.exchange.market_history import BinanceMarketHistory
from bot.exchange.session import Session
from bot.testing.exchange import ServedExchange

SYMBOLS = ("BTCUSDT", "usdm:BTCUSDT", "coinm:BTCUSD_PERP")
MINUTE_NS = 60 * 10**9


@pytest.fixture(scope="module")
def exchange():
    served = ServedExchange(("--seed", "1"))
    time.sleep(2)  # for trades to be there
    yield served
    served.stop()


@pytest.fixture
async def past(exchange, wall):
    session = Session(from_url(exchange.http), api_key=exchange.key, api_secret=exchange.secret)
    yield BinanceMarketHistory(session, wall)
    await session.close()


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_a_book_is_ordered_and_not_crossed(past, symbol):
    book = await past.book(symbol, 100)

    assert isinstance(book, BookFetched)
    assert [*book.bids] == sorted(book.bids, reverse=True)
    assert [*book.asks] == sorted(book.asks)
    assert book.bids[0][0] < book.asks[0][0]
    assert book.last_update_id > 0


async def test_a_symbol_that_does_not_exist_is_no_book(past):
    answer = await past.book("NOSUCHUSDT", 100)

    assert isinstance(answer, BookNotFetched)
    assert "-1121" in answer.reason


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_trades_between_two_ids_are_all_there(past, symbol):
    newest = (await past.agg_trades(symbol, 1, 10**9))[-1].last_trade_id
    trades = await past.trades(symbol, newest - 4, newest)

    assert [trade.trade_id for trade in trades] == list(range(newest - 4, newest + 1))
    assert {trade.symbol for trade in trades} == {symbol}


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_aggregate_trades_hold_the_trades_without_a_hole(past, symbol):
    trades = await past.agg_trades(symbol, 1, 50)

    ids = [trade.agg_id for trade in trades]
    assert ids == list(range(ids[0], ids[-1] + 1))
    for before, after in pairwise(trades):
        assert after.first_trade_id == before.last_trade_id + 1


@pytest.mark.parametrize("symbol", [*SYMBOLS, "usdm:BTCUSDT_PERPETUAL", "coinm:BTCUSD_PERPETUAL"])
async def test_the_newest_bars_and_those_of_a_span_are_the_same(past, symbol):
    newest = await past.bars(symbol, "1m", None, None, 500)
    again = await past.bars(symbol, "1m", newest[0].open_ns, newest[-2].open_ns, 5000)

    assert len(newest) == 500
    assert [bar.open_ns for bar in again] == [bar.open_ns for bar in newest[:-1]]
    assert {b.open_ns - a.open_ns for a, b in pairwise(newest)} == {MINUTE_NS}
    assert all(bar.closed for bar in newest[:-1])


async def test_days_of_another_time_zone_begin_at_its_midnight(past):
    (*_, today) = await past.bars("BTCUSDT", "1d@+08:00", None, None, 5)
    assert (today.open_ns // MINUTE_NS) % (24 * 60) == 16 * 60
    assert today.interval == "1d@+08:00"


async def test_an_interval_that_does_not_exist_is_refused(past):
    with pytest.raises(Rejected):
        await past.bars("BTCUSDT", "7m", None, None, 5)
