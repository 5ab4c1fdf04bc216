"""The watchman of streams: he tells of silence once, and cures connections with patience."""

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.values import SECOND_NS
from bot.exchange.continuity import StreamState
from bot.exchange.quiet import QuietRules
from bot.exchange.watch import StreamWatch

NEVER_HEARD = (
    "no data since it was asked for: a thin symbol, or none (names that do not exist are "
    "acknowledged too)"
)
START = 1_700_000_000 * SECOND_NS


class Connection:
    """As much of a shard as a watchman sees."""

    def __init__(self):
        self.carried = {}
        self.rolls = []

    def roll(self, cause):
        self.rolls.append(cause)


class Post:
    def __init__(self):
        self.now_ns = START
        self.told = []
        self.watch = StreamWatch(
            QuietRules(),
            lambda: self.now_ns,
            on_silent=lambda watched, cause: self.told.append((watched.state.name, cause)),
        )
        self.shard = Connection()

    def stream(self, kind, symbol="BTCUSDT", shard=None):
        shard = shard or self.shard
        state = StreamState(f"{symbol}@{kind}", Subscription(kind, symbol))
        self.watch.add(state, shard)
        shard.carried[state.name] = self.now_ns
        return state

    def pass_time(self, seconds, *speaking):
        for _ in range(seconds):
            self.now_ns += SECOND_NS
            for state in speaking:
                state.heard_ns = self.now_ns
            self.watch.look()


@pytest.fixture
def post():
    return Post()


def test_a_silence_is_told_once(post):
    trades = post.stream(StreamKind.TRADES)
    post.pass_time(20, trades)
    post.pass_time(60)
    assert post.told == [(trades.name, "silent")]


def test_a_stream_that_is_not_carried_is_not_missed(post):
    trades = post.stream(StreamKind.TRADES)
    post.pass_time(20, trades)
    post.shard.carried.clear()
    post.pass_time(600)
    assert not post.told


def test_a_new_stream_is_given_longer_where_others_of_its_kind_on_the_connection_speak(post):
    busy, thin = post.stream(StreamKind.TRADES), post.stream(StreamKind.TRADES, "THINUSDT")
    elsewhere = Connection()
    lone = post.stream(StreamKind.TRADES, "LONEUSDT", elsewhere)
    post.pass_time(40, busy)
    assert post.told == [(lone.name, NEVER_HEARD)]
    post.pass_time(300, busy)
    assert post.told[1:] == [(thin.name, NEVER_HEARD)]


def test_a_connection_is_replaced_less_and_less_often(post):
    for seconds in range(600):
        post.now_ns = START + seconds * SECOND_NS
        post.watch.cure(post.shard, str(seconds))
    assert post.shard.rolls == ["0", "60", "180", "420"]


def test_a_cure_that_helped_makes_the_next_one_quick_again(post):
    for seconds in (0, 60, 180, 3600, 3660):
        post.now_ns = START + seconds * SECOND_NS
        post.watch.cure(post.shard, str(seconds))
    assert post.shard.rolls == ["0", "60", "180", "3600", "3660"]
