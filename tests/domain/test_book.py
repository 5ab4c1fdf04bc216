"""Books walked by hand: what is known, what is not, and what an order would meet."""

import random

import pytest

from bot.domain.book import Best, OrderBook
from bot.domain.values import Side

BIDS = ((100.0, 1.0), (99.0, 2.0), (97.0, 4.0))
ASKS = ((101.0, 1.5), (102.0, 2.5), (105.0, 3.0))


@pytest.fixture
def book() -> OrderBook:
    """Three levels a side were asked for and came: what lies deeper is unknown."""
    made = OrderBook("BTCUSDT")
    made.restart(10, BIDS, ASKS, limit=3)
    return made


def test_an_empty_book_knows_no_best():
    empty = OrderBook("BTCUSDT")

    assert (empty.best, empty.best_bid, empty.best_ask, empty.mid, empty.spread) == (None,) * 5
    assert empty.bids(5) == empty.asks(5) == []
    assert not empty.is_crossed


def test_the_best_is_the_highest_bid_and_the_lowest_ask(book):
    assert book.best == Best(100.0, 1.0, 101.0, 1.5)
    assert (book.best_bid, book.best_ask) == ((100.0, 1.0), (101.0, 1.5))
    assert (book.mid, book.spread, book.update_id) == (100.5, 1.0, 10)


def test_sizes_are_absolute_and_zero_takes_a_level_away(book):
    book.write(12, [(100.0, 0.0), (99.0, 7.0), (99.5, 0.5)], [(101.0, 9.0), (103.0, 0.0)])

    assert book.bids(9) == [(99.5, 0.5), (99.0, 7.0), (97.0, 4.0)]
    assert book.asks(9) == [(101.0, 9.0), (102.0, 2.5), (105.0, 3.0)]
    assert book.update_id == 12


def test_levels_come_best_first_and_no_more_than_asked_for(book):
    assert book.bids(2) == [(100.0, 1.0), (99.0, 2.0)]
    assert book.asks(2) == [(101.0, 1.5), (102.0, 2.5)]
    assert book.bids(0) == book.asks(-1) == []


def test_levels_end_where_knowledge_ends(book):
    # Beyond the snapshot one price changed; whether others rest between is not known.
    book.write(11, [(90.0, 5.0)], [(120.0, 5.0)])

    assert book.bids(9) == list(BIDS)
    assert book.asks(9) == list(ASKS)
    assert book.bids(9, beyond=True) == [*BIDS, (90.0, 5.0)]
    assert book.asks(9, beyond=True) == [*ASKS, (120.0, 5.0)]
    assert book.known_levels == (3, 3)
    assert book.known_prices == (97.0, 105.0)


def test_knowledge_does_not_shrink_when_the_last_level_goes(book):
    book.write(11, [(97.0, 0.0)], [])

    assert book.known_prices == (97.0, 105.0)
    assert book.volume_to(Side.SELL, 97.0) == 3.0


def test_a_side_with_fewer_levels_than_asked_for_is_known_whole():
    book = OrderBook()
    book.restart(10, BIDS, ASKS, limit=4)
    book.write(11, [(1.0, 5.0)], [])

    assert book.bids(9)[-1] == (1.0, 5.0)
    assert book.volume_to(Side.SELL, 0.5) == 12.0


def test_a_book_whose_every_known_bid_is_gone_still_tells_what_it_saw(book):
    book.write(11, [(price, 0.0) for price, _ in BIDS] + [(90.0, 5.0)], [])

    assert book.best_bid == (90.0, 5.0)
    assert book.bids(5) == []
    assert book.known_levels == (0, 3)


@pytest.mark.parametrize(
    ("side", "price", "volume"),
    [
        (Side.BUY, 100.5, 0.0),
        (Side.BUY, 101.0, 1.5),
        (Side.BUY, 104.0, 4.0),
        (Side.BUY, 105.0, 7.0),
        (Side.BUY, 105.5, None),
        (Side.SELL, 100.5, 0.0),
        (Side.SELL, 99.0, 3.0),
        (Side.SELL, 97.0, 7.0),
        (Side.SELL, 96.0, None),
    ],
)
def test_the_volume_up_to_a_price_is_what_an_order_at_it_could_take(book, side, price, volume):
    assert book.volume_to(side, price) == volume


@pytest.mark.parametrize(
    ("side", "size", "cost"),
    [
        (Side.BUY, 1.0, 101.0),
        (Side.BUY, 2.0, 101.0 * 1.5 + 102.0 * 0.5),
        (Side.BUY, 7.5, None),
        (Side.SELL, 3.0, 298.0),
        (Side.SELL, 7.1, None),
    ],
)
def test_the_cost_of_a_size_walks_the_levels(book, side, size, cost):
    assert book.cost_of(side, size) == cost


def test_the_size_at_a_price_tells_nothing_from_not_known(book):
    assert book.size_at(99.0) == 2.0
    assert book.size_at(102.0) == 2.5
    assert book.size_at(98.0) == 0.0
    assert book.size_at(96.0) is None
    book.write(11, [(96.0, 3.0)], [])
    assert book.size_at(96.0) == 3.0


def test_a_bid_at_the_best_ask_is_a_crossed_book(book):
    book.write(11, [(101.0, 1.0)], [])

    assert book.is_crossed


def test_a_snapshot_replaces_everything(book):
    book.write(11, [(90.0, 5.0)], [])
    book.restart(20, [(50.0, 1.0)], [(51.0, 1.0), (52.0, 0.0)])

    assert book.bids(9) == [(50.0, 1.0)]
    assert book.asks(9) == [(51.0, 1.0)]
    assert book.size_at(0.01) == 0.0


def test_it_agrees_with_a_plain_dictionary_after_thousands_of_changes():
    draw = random.Random(7)
    book, plain = OrderBook(), {Side.BUY: {}, Side.SELL: {}}
    book.restart(0, [], [])
    for number in range(3000):
        changes = {
            side: [
                (base + draw.randrange(200) / 10, draw.choice((0.0, 1.0, 2.5))) for _ in range(4)
            ]
            for side, base in ((Side.BUY, 80.0), (Side.SELL, 101.0))
        }
        book.write(number, changes[Side.BUY], changes[Side.SELL])
        for side, levels in changes.items():
            plain[side].update(levels)
    bids = sorted(((p, s) for p, s in plain[Side.BUY].items() if s), reverse=True)
    asks = sorted((p, s) for p, s in plain[Side.SELL].items() if s)

    assert book.bids(1000) == bids
    assert book.asks(1000) == asks


def test_it_does_not_grow_for_ever():
    book = OrderBook()
    book.restart(0, [], [])
    book.write(1, [(i / 100, 1.0) for i in range(1, 20_002)], [])
    book.write(2, [], [(1000 + i / 100, 1.0) for i in range(1, 20_002)])

    bids, asks = book.known_levels
    assert bids == asks == 10_001
    assert (book.best_bid, book.best_ask) == ((200.01, 1.0), (1000.01, 1.0))
    # What was forgotten is unknown, and not nothing.
    assert book.size_at(0.05) is None
    assert book.volume_to(Side.BUY, 1200.0) is None
