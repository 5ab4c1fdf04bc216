"""A whole book on the stage: it changes, it is heard of, it can be asked for."""

import pytest

from bot import DepthUpdate, FeedState, Strategy, StrategyParams
from bot.domain.commands import FetchBook
from bot.runtime.plugins.wholebook import WholeBooks
from bot.testing import Stage


class Reader(Strategy[StrategyParams]):
    def on_start(self) -> None:
        self.heard: list[DepthUpdate] = []
        self.subscribe_depth(self.symbols[0])

    def on_depth(self, update: DepthUpdate) -> None:
        self.heard.append(update)


@pytest.fixture
def stage() -> Stage:
    return Stage(Reader)


def test_the_book_can_be_read_after_the_first_call(stage):
    assert stage.strategy.book("BTCUSDT") is None
    stage.depth(bids=[(99.0, 1.0), (98.0, 2.0)], asks=[(101.0, 1.0)])

    book = stage.strategy.book("BTCUSDT")
    assert (book.bids(9), book.asks(9)) == ([(99.0, 1.0), (98.0, 2.0)], [(101.0, 1.0)])


def test_only_what_changed_is_told(stage):
    stage.depth(bids=[(99.0, 1.0), (98.0, 2.0)], asks=[(101.0, 1.0)])
    stage.depth(bids=[(99.0, 1.0), (97.0, 3.0)], asks=[(101.0, 5.0)])

    update = stage.strategy.heard[-1]
    assert (update.bids, update.asks) == (((98.0, 0.0), (97.0, 3.0)), ((101.0, 5.0),))
    assert stage.strategy.book("BTCUSDT").bids(9) == [(99.0, 1.0), (97.0, 3.0)]


def test_quotes_of_the_stage_are_no_check_of_its_books(stage):
    for step in range(20):
        stage.quote(90.0, 110.0)
        stage.depth(bids=[(99.0, 1.0 + step)], asks=[(101.0, 1.0)])

    assert stage.incidents == []


def test_a_lost_feed_takes_the_book_until_it_changes_again(stage):
    stage.depth(bids=[(99.0, 1.0)], asks=[(101.0, 1.0)])
    stage.market_feed(FeedState.DOWN)
    assert stage.strategy.book("BTCUSDT") is None
    stage.market_feed(FeedState.UP)
    stage.depth(bids=[(99.0, 2.0)], asks=[(101.0, 1.0)])
    assert stage.strategy.book("BTCUSDT").best_bid == (99.0, 2.0)


def test_a_book_that_nobody_spoke_of_is_empty():
    (answer,) = WholeBooks().answer(FetchBook(symbol="ETHUSDT", limit=5), 7)
    assert (answer.bids, answer.asks, answer.limit, answer.recv_ns) == ((), (), 5, 7)
