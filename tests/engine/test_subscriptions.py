"""Streams are shared, counted by owner, and let go with the last wish."""

import pytest

from bot.domain.commands import StreamKind, Subscribe, Subscription, Unsubscribe
from bot.domain.errors import SettingsError

TRADES = Subscription(StreamKind.TRADES, "BTCUSDT")
QUOTES = Subscription(StreamKind.QUOTES, "BTCUSDT")


@pytest.fixture
def wishes(live_engine):
    return live_engine.engine.subscriptions


def _asked(driver):
    """(command, subscription) since the last look."""
    return [
        (type(command), wish)
        for command in driver.take().commands
        if isinstance(command, Subscribe | Unsubscribe)
        for wish in command.subscriptions
    ]


def test_only_the_first_wish_and_the_last_release_reach_the_shell(live_engine, wishes):
    wishes.want("a", TRADES)
    wishes.want("b", TRADES)
    wishes.want("a", TRADES)
    assert _asked(live_engine) == [(Subscribe, TRADES)]
    assert wishes.release("a", TRADES)
    assert not wishes.release("a", TRADES)
    assert not _asked(live_engine)
    assert wishes.release("b", TRADES)
    assert _asked(live_engine) == [(Unsubscribe, TRADES)]
    wishes.want("b", TRADES)
    assert _asked(live_engine) == [(Subscribe, TRADES)]


def test_what_nobody_asked_for_cannot_be_released(live_engine, wishes):
    assert not wishes.release("a", TRADES)
    wishes.release_all("a")
    assert not _asked(live_engine)


def test_an_owner_can_be_asked_what_it_wants(wishes):
    wishes.want("a", TRADES)
    wishes.want("b", QUOTES)
    wishes.want("a", QUOTES)
    assert set(wishes.of("a")) == {TRADES, QUOTES}
    assert wishes.of("nobody") == ()


def test_a_strategy_that_unsubscribes_hears_no_more(live_engine):
    d = live_engine
    before = len(d.puppet().told("on_quote"))
    d.quote()
    assert len(d.puppet().told("on_quote")) == before + 1
    d.take()
    unsubscribed = d.act(lambda s: (s.unsubscribe(QUOTES), s.unsubscribe(QUOTES)))
    assert unsubscribed == (True, False)
    before = len(d.puppet().told("on_quote"))
    d.quote()
    assert len(d.puppet().told("on_quote")) == before


def test_quarantine_and_stop_let_go_of_what_only_that_strategy_wanted(live_engine):
    d = live_engine
    d.engine.watch_prices()
    d.take()
    d.engine.subscriptions.want("puppet", TRADES)
    d.take()
    d.engine.host.quarantine("puppet", "test")
    # Quotes stay: the engine itself needs them.
    assert _asked(d) == [(Unsubscribe, TRADES)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Subscription(StreamKind.BOOK, "BTCUSDT", "5@250ms"), "Binance has 100ms, 1000ms"),
        (Subscription(StreamKind.MARK_PRICE, "BTCUSDT", "1s"), "spot has no such stream"),
        (Subscription(StreamKind.QUOTES, "bybit:BTCUSDT"), "write it as Binance does"),
        (Subscription(StreamKind.BARS, "BTCUSDT", "1x"), "1x"),
    ],
)
def test_what_binance_lacks_is_said_to_the_strategy_at_once(live_engine, wrong, words):
    d = live_engine
    d.take()
    with pytest.raises((SettingsError, ValueError), match=words):
        d.engine.subscribe("puppet", wrong)
    assert not _asked(d)
    assert wrong not in d.engine.subscriptions
