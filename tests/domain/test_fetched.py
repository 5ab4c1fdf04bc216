"""What was asked for over REST comes back as events that a session can keep."""

import msgspec

from bot.domain.events import Event
from bot.domain.fetched import BookFetched, BookNotFetched


def test_a_book_is_kept_level_by_level():
    book = BookFetched(
        symbol="BTCUSDT",
        last_update_id=10,
        bids=((99.0, 1.0), (98.5, 0.25)),
        asks=((101.0, 2.0),),
        limit=1000,
        recv_ns=7,
    )
    assert msgspec.json.decode(msgspec.json.encode(book), type=Event) == book


def test_a_failure_says_how_long_to_be_silent_if_the_exchange_said():
    failure = BookNotFetched(symbol="BTCUSDT", reason="too fast; wait 3 s", recv_ns=7)
    assert failure.retry_after_s == 0.0
