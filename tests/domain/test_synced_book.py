"""Walks by the rules of "How to manage a local order book correctly", spot and futures."""

import pytest

from bot.domain.book import Best, Step
from bot.domain.market import DepthUpdate
from bot.domain.synced_book import SyncedBook

TEN = (10, [(99.0, 1.0)], [(101.0, 1.0)])


def spot(first: int, last: int, bids=(), asks=()) -> DepthUpdate:
    return DepthUpdate("BTCUSDT", first, last, -1, tuple(bids), tuple(asks), 0, 0)


def futures(first: int, last: int, previous: int, bids=()) -> DepthUpdate:
    return DepthUpdate("BTCUSDT", first, last, previous, tuple(bids), (), 0, 0)


def best(book: SyncedBook) -> Best | None:
    return book.book.best if book.in_step else None


def test_diffs_before_the_snapshot_are_dropped_and_later_ones_applied():
    book = SyncedBook()
    assert book.update(spot(5, 8, bids=[(99.0, 7.0)])) is Step.WAITING
    assert book.update(spot(9, 12, bids=[(100.0, 2.0)])) is Step.WAITING

    assert book.snapshot(*TEN)
    assert book.update(spot(13, 14, bids=[(99.0, 0.0)], asks=[(100.5, 3.0)])) is Step.APPLIED

    assert best(book) == Best(100.0, 2.0, 100.5, 3.0)
    assert book.book.size_at(99.0) == 0.0
    assert (book.update_id, book.updates, book.gaps) == (14, 3, 0)


def test_the_first_diff_may_begin_right_after_the_snapshot():
    book = SyncedBook()
    book.snapshot(*TEN)

    assert book.update(spot(11, 12)) is Step.APPLIED
    assert (book.update_id, book.in_step, book.linked) == (12, True, True)


def test_a_snapshot_alone_is_not_in_step():
    book = SyncedBook()

    assert book.snapshot(*TEN)
    assert best(book) is None


def test_a_chain_that_was_there_before_the_snapshot_makes_it_readable_at_once():
    book = SyncedBook()
    book.update(spot(8, 10))

    assert book.snapshot(*TEN)
    assert best(book) == Best(99.0, 1.0, 101.0, 1.0)
    # ... and the next diff still has to link to it.
    assert not book.linked
    assert book.update(spot(11, 12)) is Step.APPLIED


def test_a_snapshot_older_than_the_first_diff_does_not_start_the_book():
    book = SyncedBook()
    book.update(spot(12, 13))

    assert not book.snapshot(*TEN)
    assert best(book) is None
    assert book.snapshot(12, [(1.0, 1.0)], [(2.0, 1.0)])
    assert book.update_id == 13


def test_a_snapshot_that_the_next_diff_does_not_reach_is_thrown_away():
    book = SyncedBook()
    book.snapshot(*TEN)

    assert book.update(spot(12, 13)) is Step.WAITING
    assert (book.in_step, book.update_id, book.gaps) == (False, None, 0)
    assert book.snapshot(11, [(98.0, 1.0)], [(102.0, 1.0)])
    assert book.update_id == 13


def test_a_gap_throws_the_book_away_until_the_next_snapshot():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(spot(11, 12))

    assert book.update(spot(14, 15)) is Step.GAP
    assert (book.gaps, best(book), book.missing) == (1, None, (13, 13))
    assert book.snapshot(14, [(98.0, 1.0)], [(102.0, 1.0)])
    assert best(book) == Best(98.0, 1.0, 102.0, 1.0)


def test_without_a_snapshot_the_chain_is_followed_all_the_same():
    book = SyncedBook()
    for first, last in ((1, 2), (3, 5), (7, 8), (9, 9)):
        book.update(spot(first, last))

    assert (book.updates, book.gaps, best(book)) == (4, 1, None)


def test_a_repeated_diff_changes_nothing():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(spot(11, 12, bids=[(99.0, 5.0)]))

    assert book.update(spot(11, 12, bids=[(99.0, 1.0)])) is Step.STALE
    assert (book.book.size_at(99.0), book.repeated, book.gaps) == (5.0, 1, 0)


def test_a_snapshot_in_the_middle_leaves_a_book_in_step_alone():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(spot(11, 12, bids=[(99.0, 5.0)]))

    assert not book.snapshot(*TEN)
    assert book.update_id == 12


def test_a_renewal_takes_the_snapshot_and_what_came_since_it_was_asked_for():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(spot(11, 12, bids=[(99.0, 5.0)]))
    book.renew()
    book.update(spot(13, 14, bids=[(99.0, 6.0)]))
    book.update(spot(15, 16, asks=[(100.0, 1.0)]))

    assert book.snapshot(14, [(99.0, 6.0), (98.0, 1.0)], [(101.0, 1.0)])
    assert book.book.bids(9) == [(99.0, 6.0), (98.0, 1.0)]
    assert (best(book), book.update_id) == (Best(99.0, 6.0, 100.0, 1.0), 16)
    assert book.update(spot(17, 18)) is Step.APPLIED


def test_a_renewal_that_comes_too_late_leaves_the_book_as_it_is():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(spot(11, 12))
    book.renew()
    book.update(spot(13, 14))

    assert not book.snapshot(11, [(1.0, 1.0)], [(2.0, 1.0)])
    assert best(book) == Best(99.0, 1.0, 101.0, 1.0)


def test_a_crossed_book_is_noticed():
    book = SyncedBook()
    book.snapshot(*TEN)

    assert book.update(spot(11, 12, bids=[(101.0, 1.0)])) is Step.CROSSED


def test_a_distrusted_book_waits_for_a_snapshot_with_its_chain_unbroken():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(spot(11, 12))
    book.distrust()

    assert book.update(spot(13, 14)) is Step.WAITING
    assert book.snapshot(13, [(98.0, 1.0)], [(102.0, 1.0)])
    assert (book.gaps, best(book)) == (0, Best(98.0, 1.0, 102.0, 1.0))


@pytest.mark.parametrize(
    "first", [futures(8, 12, 7), futures(10, 10, 7), futures(15, 17, 10), futures(4, 10, 3)]
)
def test_futures_link_by_id_or_by_the_previous_final_id(first):
    book = SyncedBook()
    book.snapshot(*TEN)
    last = first.last_update_id

    assert book.update(first) is Step.APPLIED
    assert book.update(futures(last + 5, last + 9, last)) is Step.APPLIED
    assert book.gaps == 0


def test_on_futures_only_the_previous_final_id_counts():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(futures(9, 12, 8))

    assert book.update(futures(13, 18, 14)) is Step.GAP
    assert (book.gaps, book.missing) == (1, (13, 14))


def test_on_one_connection_of_futures_an_overlap_is_a_break():
    book = SyncedBook()
    book.snapshot(*TEN)
    book.update(futures(9, 12, 8))

    assert book.update(futures(13, 14, 11)) is Step.GAP
    assert book.gaps == 1


def test_diffs_of_another_connection_may_overlap():
    book = SyncedBook(may_overlap=True)
    book.snapshot(*TEN)
    book.update(futures(9, 12, 8))
    assert book.update(futures(11, 15, 10, bids=[(99.5, 1.0)])) is Step.APPLIED
    assert book.update(futures(11, 14, 10, bids=[(99.5, 9.0)])) is Step.STALE
    assert book.update(futures(16, 18, 15)) is Step.APPLIED

    assert (book.gaps, best(book).bid_size) == (0, 1.0)


def test_a_futures_diff_older_than_the_snapshot_is_dropped():
    book = SyncedBook()
    book.update(futures(5, 9, 4, bids=[(99.0, 9.0)]))
    book.update(futures(11, 13, 9))

    # The one that holds 10 begins after 9, so the snapshot at 10 lies between the two.
    assert not book.snapshot(*TEN)
    assert best(book) is None
