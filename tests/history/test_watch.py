from bot.history.messages import BookTicker, DepthUpdate, Snapshot
from bot.history.watch import BookWatch, IdWatch


def quote(update_id: int, bid_size: float) -> BookTicker:
    return BookTicker(update_id=update_id, bid=99.0, bid_size=bid_size, ask=101.0, ask_size=1.0)


def test_quotes_are_compared_before_and_after_the_diff_with_their_id():
    watch = BookWatch()
    watch.snapshot(Snapshot(last_update_id=10, bids=[(99.0, 1.0)], asks=[(101.0, 1.0)]))
    watch.quote(quote(11, 2.0))
    watch.quote(quote(12, 3.0))
    watch.update(DepthUpdate(first_update_id=11, last_update_id=12, bids=[(99.0, 3.0)], asks=[]))
    watch.quote(quote(12, 4.0))

    assert watch.as_dict() == {
        "updates": 1,
        "gaps": 0,
        "checked_against_book_ticker": 2,
        "disagreements": 1,
    }
    assert watch.defects("X book") == ["X book: 1 disagreement"]


def test_quotes_alone_are_no_book():
    watch = BookWatch()
    watch.quote(quote(12, 3.0))

    assert not watch.has_book


def test_ids_count_up_by_one():
    ids = IdWatch()
    for number in (5, 6, 6, 8, 11, 12):
        ids.see(number)

    assert ids.defects("X trades") == ["X trades: 2 gaps", "X trades: 1 repeated id"]
