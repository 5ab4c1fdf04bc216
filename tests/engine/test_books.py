"""Whole books: asked for when the stream begins, thrown away and asked for again when it breaks."""

import pytest

from bot.domain.commands import FetchBook, StreamKind, Subscribe, Subscription
from bot.domain.events import FeedState
from bot.domain.fetched import BookFetched, BookNotFetched
from bot.domain.market import DepthUpdate, QuoteTick
from bot.domain.records import IncidentClosed, IncidentOpened
from bot.engine.host import StrategySpec
from bot.strategy.params import StrategyParams

BOOK = ((99.0, 1.0), (98.0, 2.0)), ((101.0, 1.0), (102.0, 2.0))


@pytest.fixture
def d(engine_driver, puppet_type):
    """A live engine whose strategy has just asked for the book of BTCUSDT."""

    class Reader(puppet_type):
        """Writes down what it sees of the book when it is told of an update."""

        def on_depth(self, update):
            book = self.book(update.symbol)
            self._hear("on_depth", (update.last_update_id, book and book.best_bid))

    spec = StrategySpec("puppet", Reader, StrategyParams(), ("BTCUSDT", "ETHUSDT"))
    driver = engine_driver(spec).live()
    driver.act(lambda s: s.subscribe_depth("BTCUSDT"))
    return driver


def update(d, first, last, *, previous=-1, bids=(), asks=(), symbol="BTCUSDT", speed_ms=100):
    now_ns = d.tick()
    return d.feed(
        DepthUpdate(
            symbol, first, last, previous, tuple(bids), tuple(asks), now_ns, now_ns, speed_ms
        )
    )


def fetched(d, last_update_id, *, symbol="BTCUSDT", bids=BOOK[0], asks=BOOK[1], limit=1000):
    return d.feed(
        BookFetched(
            symbol=symbol,
            last_update_id=last_update_id,
            bids=bids,
            asks=asks,
            limit=limit,
            recv_ns=d.tick(),
        )
    )


def refused(d, reason="no answer", retry_after_s=0.0):
    return d.feed(
        BookNotFetched(
            symbol="BTCUSDT", reason=reason, retry_after_s=retry_after_s, recv_ns=d.tick()
        )
    )


def asked(effects):
    return [command.symbol for command in effects.commands if isinstance(command, FetchBook)]


def opened(effects, kind="feed_gap"):
    return [
        record.cause
        for record in effects.records
        if isinstance(record, IncidentOpened) and record.kind == kind
    ]


def healed(effects):
    return [record.healed_by for record in effects.records if isinstance(record, IncidentClosed)]


def book(d, symbol="BTCUSDT"):
    return d.act(lambda s: s.book(symbol))


def synced(d):
    update(d, 9, 10)
    fetched(d, 10)
    return d


def test_the_first_update_brings_the_question_and_the_answer_the_book(d):
    assert Subscription(StreamKind.DEPTH, "BTCUSDT", "100ms") in [
        wish for command in d.sent(Subscribe) for wish in command.subscriptions
    ]
    assert book(d) is None
    assert update(d, 9, 10).commands == [FetchBook(symbol="BTCUSDT", limit=1000)]
    assert asked(update(d, 11, 12, bids=[(99.5, 3.0)])) == []
    assert book(d) is None
    fetched(d, 10)

    seen = book(d)
    assert (seen.best_bid, seen.best_ask, seen.update_id) == ((99.5, 3.0), (101.0, 1.0), 12)


def test_the_strategy_is_told_once_the_book_has_the_update(d):
    synced(d)
    update(d, 11, 12, bids=[(99.5, 3.0)])

    assert d.puppet().told("on_depth") == [(10, None), (12, (99.5, 3.0))]


def test_a_book_can_be_read_without_a_callback_for_its_updates(engine_driver):
    d = engine_driver().live()
    d.act(lambda s: s.subscribe_depth("BTCUSDT"))
    synced(d)

    assert book(d).best_bid == (99.0, 1.0)


def test_missing_updates_are_a_row_a_word_to_the_strategies_and_a_new_question(d):
    synced(d)
    update(d, 11, 12)
    effects = update(d, 15, 16)

    assert opened(effects) == ["updates 13 to 14 are missing"]
    assert asked(effects) == ["BTCUSDT"]
    assert book(d) is None
    told = d.puppet().told("on_feed")[-1]
    assert (told.state, told.from_id, told.to_id) == (FeedState.GAP, 13, 14)

    effects = fetched(d, 16, bids=((97.0, 1.0),))
    assert healed(effects) == ["resync"]
    assert d.puppet().told("on_feed")[-1].state is FeedState.HEALED
    assert book(d).best_bid == (97.0, 1.0)


def test_breaks_while_it_is_out_of_step_are_one_hole(d):
    synced(d)
    update(d, 13, 14)
    effects = update(d, 17, 18)
    assert (opened(effects), asked(effects)) == ([], [])

    # The snapshot that was under way is older than the second break.
    assert healed(fetched(d, 15)) == []
    assert asked(d.wait(1)) == ["BTCUSDT"]
    assert healed(fetched(d, 18)) == ["resync, after 1 more breaks"]


def test_a_futures_book_breaks_where_the_update_before_is_another(d):
    update(d, 9, 10, previous=8)
    fetched(d, 10)
    update(d, 13, 14, previous=10)
    assert book(d) is not None

    assert opened(update(d, 17, 19, previous=15)) == ["updates 15 to 15 are missing"]


def test_a_crossed_book_is_thrown_away(d):
    synced(d)
    effects = update(d, 11, 12, bids=[(101.5, 1.0)])

    assert opened(effects) == ["the book is crossed after update 12"]
    assert asked(effects) == ["BTCUSDT"]
    assert book(d) is None


def test_a_crossed_snapshot_is_not_believed(d):
    update(d, 9, 10)
    effects = fetched(d, 10, bids=((105.0, 1.0),))

    assert opened(effects) == ["the book is crossed at update 10"]
    assert book(d) is None


@pytest.mark.parametrize(("size", "disagreements"), [(3.0, 0), (4.0, 1)])
def test_a_quote_of_the_same_update_says_the_same_or_the_book_is_wrong(d, size, disagreements):
    synced(d)
    now_ns = d.tick()
    d.feed(QuoteTick("BTCUSDT", 99.5, size, 101.0, 1.0, 12, now_ns, now_ns))
    effects = update(d, 11, 12, bids=[(99.5, 3.0)])

    books = d.engine.books
    assert (books.checked, books.disagreements) == (1, disagreements)
    cause = "the best prices differ from the book ticker's at update 12"
    assert opened(effects) == [cause] * disagreements
    assert asked(effects) == ["BTCUSDT"] * disagreements
    assert (book(d) is None) == bool(disagreements)


def test_a_quote_of_another_update_proves_nothing(d):
    synced(d)
    now_ns = d.tick()
    d.feed(QuoteTick("BTCUSDT", 90.0, 1.0, 101.0, 1.0, 11, now_ns, now_ns))
    update(d, 11, 12)

    assert (d.engine.books.checked, d.engine.books.disagreements) == (0, 0)


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.STALE])
def test_a_lost_connection_hides_the_book_until_an_update_continues_it(d, state):
    synced(d)
    d.market(state, symbols=("BTCUSDT",))
    assert book(d) is None
    d.market(FeedState.UP)
    assert book(d) is None

    assert asked(update(d, 11, 12)) == []
    assert book(d).update_id == 12


def test_updates_lost_with_the_connection_are_a_hole(d):
    synced(d)
    d.market(FeedState.DOWN)
    d.market(FeedState.UP)

    assert opened(update(d, 21, 22)) == ["updates 11 to 20 are missing"]


def test_a_lost_connection_of_other_symbols_changes_nothing(d):
    synced(d)
    d.market(FeedState.DOWN, symbols=("ETHUSDT",))

    assert book(d) is not None


def test_silence_of_another_stream_says_nothing_of_the_book(d):
    synced(d)
    d.market(FeedState.STALE, name="btcusdt@trade", symbols=("BTCUSDT",))
    assert book(d) is not None
    d.market(FeedState.STALE, name="btcusdt@depth@100ms", symbols=("BTCUSDT",))
    assert book(d) is None


def test_repeated_updates_change_nothing_and_a_new_count_of_ids_begins_the_book_anew(d):
    synced(d)
    update(d, 11, 12, bids=[(99.5, 1.0)])
    assert update(d, 11, 12, bids=[(99.5, 7.0)]).commands == []
    assert book(d).best_bid == (99.5, 1.0)

    d.tick(6000)
    effects = update(d, 3, 4)
    assert opened(effects) == ["update ids begin anew at 3"]
    assert asked(effects) == ["BTCUSDT"]
    assert book(d) is None
    assert healed(fetched(d, 4, bids=((50.0, 1.0),))) == ["resync"]
    assert book(d).best_bid == (50.0, 1.0)


def test_the_same_events_give_the_same_books_and_questions(d, engine_driver, puppet_type):
    def day(driver):
        driver.act(lambda s: s.subscribe_depth("BTCUSDT"))
        done = [update(driver, 9, 10), fetched(driver, 5), driver.wait(1), fetched(driver, 10)]
        done += [update(driver, 11, 12), update(driver, 20, 21), refused(driver), driver.wait(3)]
        done += [fetched(driver, 30, bids=((98.0, 1.0),)), update(driver, 22, 33)]
        return done, driver.act(lambda s: s.book("BTCUSDT").bids(9))

    spec = StrategySpec("puppet", puppet_type, StrategyParams(), ("BTCUSDT",))
    first, second = (day(engine_driver(spec).live()) for _ in range(2))
    assert first == second
    assert first[1] == [(98.0, 1.0)]


def test_a_snapshot_that_is_too_old_is_asked_for_again_after_a_pause(d):
    update(d, 9, 10)

    assert asked(fetched(d, 5)) == []
    assert asked(d.wait(0.1)) == []
    assert asked(d.wait(1)) == ["BTCUSDT"]


def test_a_book_that_cannot_be_had_is_one_row_however_often_it_is_tried(d):
    update(d, 9, 10)

    assert opened(refused(d), "book_blind") == ["no answer"]
    assert asked(d.wait(0.2)) == []
    assert asked(d.wait(1)) == ["BTCUSDT"]
    assert opened(refused(d), "book_blind") == []
    assert asked(d.wait(1)) == ["BTCUSDT"]
    assert healed(fetched(d, 10)) == ["the book was fetched"]


def test_it_asks_less_and_less_often(d):
    update(d, 9, 10)
    pauses = []
    for _ in range(10):
        refused(d)
        waited = 0.0
        while not asked(d.wait(0.125)):
            waited += 0.125
        pauses.append(waited)

    assert pauses == sorted(pauses)
    assert pauses[0] < 0.3
    assert 29 < pauses[-1] < 31


def test_a_book_lost_right_after_it_was_fetched_is_not_asked_for_at_once(d):
    synced(d)
    assert asked(update(d, 13, 14)) == ["BTCUSDT"]
    fetched(d, 14)
    assert asked(update(d, 17, 18)) == []
    assert asked(d.wait(1)) == ["BTCUSDT"]
    fetched(d, 18)

    # After ten good seconds what was is forgotten.
    d.wait(11)
    assert asked(update(d, 25, 26)) == ["BTCUSDT"]
    for first in range(30, 130, 10):
        fetched(d, first - 4)
        update(d, first, first + 6)
    assert asked(d.wait(4)) == ["BTCUSDT"]


def test_each_time_that_it_cannot_be_had_is_a_row(d):
    update(d, 9, 10)
    for update_id in (10, 20):
        assert opened(refused(d), "book_blind") == ["no answer"]
        d.wait(1)
        assert "the book was fetched" in healed(fetched(d, update_id))
        d.wait(11)
        update(d, update_id + 10, update_id + 10)


def test_the_exchange_is_left_alone_for_as_long_as_it_says(d):
    update(d, 9, 10)
    refused(d, retry_after_s=20)

    assert asked(d.wait(19)) == []
    assert asked(d.wait(2)) == ["BTCUSDT"]


def test_only_a_few_books_are_asked_for_at_the_same_time(engine_driver, puppet_type):
    symbols = tuple(f"usdm:S{number}" for number in range(6))
    spec = StrategySpec("puppet", puppet_type, StrategyParams(), ("BTCUSDT",))
    d = engine_driver(spec).live()
    for symbol in symbols:
        d.act(lambda s, symbol=symbol: s.subscribe_depth(symbol))
        update(d, 9, 10, symbol=symbol)

    assert [command.symbol for command in d.sent(FetchBook)] == list(symbols[:4])
    assert asked(fetched(d, 10, symbol=symbols[1])) == [symbols[4]]
    assert asked(fetched(d, 10, symbol=symbols[0])) == [symbols[5]]


def test_a_book_that_runs_out_of_known_levels_is_fetched_anew_and_stays_readable(d):
    update(d, 9, 10)
    fetched(d, 10, limit=2)
    asked_for = [symbol for n in range(11, 75) for symbol in asked(update(d, n, n))]

    assert asked_for == ["BTCUSDT"]
    assert book(d) is not None
    fetched(d, 80, bids=((99.0, 1.0), (98.0, 1.0), (97.0, 1.0)))
    assert book(d).bids(9) == [(99.0, 1.0), (98.0, 1.0), (97.0, 1.0)]
    assert d.engine.counts["incident:feed_gap"] == 0


def test_a_book_nobody_wants_any_more_cannot_be_read_and_begins_anew_later(d):
    synced(d)
    wish = Subscription(StreamKind.DEPTH, "BTCUSDT", "100ms")
    assert d.engine.unsubscribe("puppet", wish)
    assert book(d) is None
    d.act(lambda s: s.subscribe_depth("BTCUSDT"))

    effects = update(d, 90, 91)
    assert (opened(effects), asked(effects)) == ([], ["BTCUSDT"])


def test_a_second_speed_of_the_same_book_is_not_mixed_in(d):
    synced(d)
    d.act(lambda s: s.subscribe_depth("BTCUSDT", 1000))
    update(d, 5, 30, bids=[(50.0, 1.0)], speed_ms=1000)

    assert d.puppet().told("on_depth")[-1][0] == 30
    assert book(d).update_id == 10
    # ... until it is the only one that is left.
    d.engine.unsubscribe("puppet", Subscription(StreamKind.DEPTH, "BTCUSDT", "100ms"))
    update(d, 31, 40, speed_ms=1000)
    fetched(d, 40)
    assert book(d).update_id == 40


def test_an_answer_for_a_book_that_nobody_asked_for_is_ignored(d):
    assert not fetched(d, 10, symbol="ETHUSDT").commands
    assert book(d, "ETHUSDT") is None


def test_a_book_of_another_market_is_read_under_its_full_name(d):
    d.act(lambda s: s.subscribe_depth("usdm:BTCUSDT"))
    update(d, 9, 10, symbol="usdm:BTCUSDT", previous=5)
    fetched(d, 10, symbol="usdm:BTCUSDT")

    assert book(d, "usdm:BTCUSDT").symbol == "usdm:BTCUSDT"
    assert book(d) is None


def test_its_own_market_may_be_named(d):
    synced(d)

    assert book(d, "spot:BTCUSDT").best_bid == (99.0, 1.0)
