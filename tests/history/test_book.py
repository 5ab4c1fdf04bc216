"""Walks by the rules of "How to manage a local order book correctly", spot and futures."""

import pytest

from bot.history.book import SyncedBook
from bot.history.messages import DepthUpdate, Snapshot

TEN = Snapshot(last_update_id=10, bids=[(99.0, 1.0)], asks=[(101.0, 1.0)])


def spot(first: int, final: int, bids=(), asks=()) -> DepthUpdate:
    return DepthUpdate(first_id=first, final_id=final, bids=list(bids), asks=list(asks))


def futures(first: int, final: int, previous: int, bids=()) -> DepthUpdate:
    return DepthUpdate(
        first_id=first, final_id=final, bids=list(bids), asks=[], previous_id=previous
    )


def test_diffs_before_the_snapshot_are_dropped_and_later_ones_applied():
    book = SyncedBook()
    book.update(spot(5, 8, bids=[(99.0, 7.0)]))
    book.update(spot(9, 12, bids=[(100.0, 2.0)]))

    assert book.snapshot(TEN)
    book.update(spot(13, 14, bids=[(99.0, 0.0)], asks=[(100.5, 3.0)]))

    assert book.best() == (100.0, 2.0, 100.5, 3.0)
    assert 99.0 not in book.bids
    assert (book.update_id, book.updates, book.gaps) == (14, 3, 0)


def test_the_first_diff_may_begin_right_after_the_snapshot():
    book = SyncedBook()
    book.snapshot(TEN)

    assert book.update(spot(11, 12))
    assert book.update_id == 12


def test_a_snapshot_older_than_the_first_diff_does_not_start_the_book():
    book = SyncedBook()
    book.update(spot(12, 13))

    assert not book.snapshot(TEN)
    assert book.best() is None
    assert book.snapshot(Snapshot(last_update_id=12, bids=[(1.0, 1.0)], asks=[(2.0, 1.0)]))
    assert book.update_id == 13


def test_a_gap_throws_the_book_away_until_the_next_snapshot():
    book = SyncedBook()
    book.snapshot(TEN)
    book.update(spot(11, 12))

    assert not book.update(spot(14, 15))
    assert (book.gaps, book.best()) == (1, None)
    assert book.snapshot(Snapshot(last_update_id=14, bids=[(98.0, 1.0)], asks=[(102.0, 1.0)]))
    assert book.best() == (98.0, 1.0, 102.0, 1.0)


def test_without_a_snapshot_the_chain_is_followed_all_the_same():
    book = SyncedBook()
    for first, final in ((1, 2), (3, 5), (7, 8), (9, 9)):
        book.update(spot(first, final))

    assert (book.updates, book.gaps, book.best()) == (4, 1, None)


def test_a_repeated_diff_changes_nothing():
    book = SyncedBook()
    book.snapshot(TEN)
    book.update(spot(11, 12, bids=[(99.0, 5.0)]))

    assert not book.update(spot(11, 12, bids=[(99.0, 1.0)]))
    assert (book.bids[99.0], book.repeated, book.gaps) == (5.0, 1, 0)


def test_a_snapshot_in_the_middle_leaves_a_book_in_step_alone():
    book = SyncedBook()
    book.snapshot(TEN)
    book.update(spot(11, 12, bids=[(99.0, 5.0)]))

    assert not book.snapshot(TEN)
    assert book.update_id == 12


@pytest.mark.parametrize(
    "first", [futures(8, 12, 7), futures(10, 10, 7), futures(15, 17, 10), futures(4, 10, 3)]
)
def test_futures_link_by_id_or_by_the_previous_final_id(first):
    book = SyncedBook()
    book.snapshot(TEN)

    assert book.update(first)
    assert book.update(futures(first.final_id + 5, first.final_id + 9, first.final_id))
    assert book.gaps == 0


def test_on_futures_only_the_previous_final_id_counts():
    book = SyncedBook()
    book.snapshot(TEN)
    book.update(futures(9, 12, 8))

    assert not book.update(futures(13, 14, 11))
    assert book.gaps == 1


def test_a_futures_diff_older_than_the_snapshot_is_dropped():
    book = SyncedBook()
    book.update(futures(5, 9, 4, bids=[(99.0, 9.0)]))
    book.update(futures(11, 13, 9))

    # The one that holds 10 begins after 9, so the snapshot at 10 lies between the two.
    assert not book.snapshot(TEN)
    assert book.best() is None
