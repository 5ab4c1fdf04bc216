"""What of the past is known before a strategy starts, and how the stream follows it."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from bot.domain.commands import FetchBars, FetchTrades, StreamKind, Subscribe, Unsubscribe
from bot.domain.events import FeedState
from bot.domain.market import TradeTick
from bot.domain.values import MS_NS, SECOND_NS
from bot.engine.host import StrategySpec
from bot.strategy.history import BarsWanted
from bot.strategy.params import StrategyParams

STORY = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "bar_story.py"))
)
NOON_NS = STORY.NOON_NS
MINUTE_NS = STORY.MINUTE_NS
bar = STORY.bar
agg = STORY.agg
brief = STORY.brief
heard = STORY.heard
wanted = STORY.wanted
answer = STORY.answer
answer_trades = STORY.answer_trades
refuse = STORY.refuse
is_started = STORY.is_started


@pytest.fixture
def begun(engine_driver, puppet_type):
    """Make an engine with one puppet on bars; its account is seen."""
    return lambda *intervals, **kwargs: STORY.begun(
        engine_driver, puppet_type, *intervals, **kwargs
    )


# --- warm-up --------------------------------------------------------------------------------------


def test_a_strategy_starts_when_its_history_is_here(begun):
    d = begun("1m", wants=[wanted(count=2)])
    assert not is_started(d)
    kinds = [type(c) for c in d.commands if isinstance(c, Subscribe | FetchBars)]
    assert kinds == [Subscribe, FetchBars]
    (question,) = d.sent(FetchBars)
    assert (question.symbol, question.interval, question.limit) == ("BTCUSDT", "1m", 2)
    assert (question.start_ns, question.end_ns) == (None, None)

    answer(d, bar(0, 1.0, late=True), bar(1, 2.0, late=True))

    assert is_started(d)
    assert brief(d.engine.bars.closed(("BTCUSDT", "1m"), 9)) == [
        (0, 1.0, "late closed"),
        (1, 2.0, "late closed"),
    ]
    assert heard(d) == []


def test_the_first_live_bar_follows_the_last_one_of_the_past(begun):
    d = begun("1m", wants=[wanted(count=2)])
    answer(d, bar(0, 1.0, late=True), bar(1, 2.0, late=True))
    d.feed(bar(1, 2.0))  # the stream says again what the past had said
    d.feed(bar(2, 3.0, closed=False))
    d.feed(bar(2, 3.5))
    assert heard(d) == [(2, 3.0, "forming"), (2, 3.5, "closed")]
    assert [b[0] for b in brief(d.engine.bars.closed(("BTCUSDT", "1m"), 9))] == [0, 1, 2]


def test_a_hole_between_past_and_stream_is_filled_before_anything_is_heard(begun):
    d = begun("1m", wants=[wanted(count=2)])
    answer(d, bar(0, 1.0, late=True), bar(1, 2.0, late=True))
    d.feed(bar(4, 5.0, closed=False))
    d.feed(bar(4, 5.5))
    assert heard(d) == []
    question = d.sent(FetchBars)[-1]
    assert question.start_ns == NOON_NS + 2 * MINUTE_NS
    assert question.end_ns == NOON_NS + 4 * MINUTE_NS - 1

    answer(d, bar(2, 3.0, late=True), bar(3, 4.0, late=True))

    assert heard(d) == [
        (2, 3.0, "late closed"),
        (3, 4.0, "late closed"),
        (4, 5.0, "forming"),
        (4, 5.5, "closed"),
    ]


def test_a_hole_that_is_there_before_the_start_is_filled_before_the_start(begun):
    """The stream speaks first, and the answer of the exchange is a little old."""
    d = begun("1m", wants=[wanted(count=2)])
    d.feed(bar(3, 4.0, closed=False))
    answer(d, bar(0, 1.0, late=True), bar(1, 2.0, late=True))
    assert not is_started(d)
    answer(d, bar(2, 3.0, late=True))
    assert is_started(d)
    assert [b[0] for b in brief(d.engine.bars.closed(("BTCUSDT", "1m"), 9))] == [0, 1, 2]


def test_built_bars_are_warmed_up_from_what_they_are_built_from(begun):
    d = begun("2m", wants=[wanted("2m", 2)])
    (question,) = d.sent(FetchBars)
    assert (question.interval, question.limit) == ("1m", 6)
    answer(d, *(bar(n, float(n), late=True) for n in range(5)))
    assert is_started(d)
    assert brief(d.engine.bars.closed(("BTCUSDT", "2m"), 9)) == [
        (0, 1.0, "late closed"),
        (2, 3.0, "late closed"),
    ]
    d.feed(bar(5, 5.0))
    (whole,) = d.puppet().told("on_bar")
    assert (whole.open, whole.close, whole.closed, whole.late) == (4.0, 5.0, True, False)


def test_two_strategies_with_different_wishes_ask_once_for_the_larger(engine_driver, puppet_type):
    specs = [
        StrategySpec(
            name,
            STORY.wanting(puppet_type, wants=(wanted(count=count),)),
            StrategyParams(),
            ("BTCUSDT",),
        )
        for name, count in (("one", 2), ("other", 5))
    ]
    d = engine_driver(*specs, "plain", start_ns=NOON_NS)
    d.user()
    d.swept()
    assert [question.limit for question in d.sent(FetchBars)] == [5]
    assert [is_started(d, name) for name in ("one", "other", "plain")] == [False, False, True]
    answer(d, bar(0, late=True))
    assert [is_started(d, name) for name in ("one", "other")] == [True, True]


def test_history_that_cannot_be_had_is_asked_for_again_and_then_done_without(begun):
    d = begun("1m", wants=[wanted()])
    pauses = []
    for _ in range(3):
        refuse(d)
        asked = len(d.sent(FetchBars))
        at_ns = d.now_ns
        while len(d.sent(FetchBars)) == asked:
            d.wait(0.1)
        pauses.append(round((d.now_ns - at_ns) / SECOND_NS))
    assert pauses == [1, 2, 4]
    assert not is_started(d)
    refuse(d)
    assert is_started(d)
    (incident,) = d.incidents("warm_up_failed")
    assert (incident.subject, incident.cause) == ("BTCUSDT 1m", "503 (4 times)")
    d.feed(bar(7))
    assert heard(d) == [(7, 100.0, "closed")]


def test_the_exchange_says_for_how_long_not_to_ask(begun):
    d = begun("1m", wants=[wanted()])
    refuse(d, retry_after_s=30.0)
    d.wait(29)
    assert len(d.sent(FetchBars)) == 1
    d.wait(2)
    assert len(d.sent(FetchBars)) == 2


def test_required_history_is_waited_for(begun):
    d = begun("1m", wants=[wanted(required=True)])
    for _ in range(9):
        refuse(d)
        d.wait(61)
    assert not is_started(d)
    assert len(d.incidents("warm_up_failed")) == 1
    answer(d, bar(0, late=True))
    assert is_started(d)


def test_no_history_at_all_is_no_failure(begun):
    d = begun("1m", wants=[wanted(required=True)])
    answer(d)
    assert is_started(d)
    assert d.incidents("warm_up_failed") == []
    d.feed(bar(5, closed=False))
    assert heard(d) == [(5, 100.0, "forming")]


def test_a_blind_account_delays_the_start_and_not_the_history(begun):
    d = begun("1m", wants=[wanted(count=1)])
    d.user(FeedState.DOWN)
    answer(d, bar(0, late=True))
    assert not is_started(d)
    d.user()
    d.swept()
    assert is_started(d)
    assert len(d.sent(FetchBars)) == 1


@pytest.mark.parametrize(
    ("wants", "says"),
    [
        ([("BTCUSDT", "1m", 5)], "warm_up gives BarsWanted(symbol, interval, count)"),
        ([wanted("5 min")], "bar interval '5 min'"),
        ([wanted(count=0)], "count is from 1 to 1000"),
        ([wanted(count=1_001)], "count is from 1 to 1000"),
        ([wanted(count=1.5)], "count is from 1 to 1000"),
        ([BarsWanted("DOGEUSDT", "1m", 5)], "DOGEUSDT is not traded in this run"),
    ],
)
def test_a_wrong_wish_stops_the_strategy_before_it_starts(begun, wants, says):
    d = begun("1m", wants=wants)
    (fault,) = d.incidents("strategy_fault")
    assert fault.cause.startswith("warm_up raised")
    assert says in fault.cause
    assert len(d.incidents("strategy_quarantined")) == 1
    assert not is_started(d)


# --- warm-up from trades --------------------------------------------------------------------------


def test_the_past_of_bars_from_trades_ends_where_the_first_trade_begins(begun):
    d = begun("100ms", wants=[wanted("100ms", 3)])
    d.feed(agg(5_000, at_s=5.0))
    (question,) = d.sent(FetchTrades)
    assert (question.kind, question.from_id, question.to_id) == (
        StreamKind.AGG_TRADES,
        4_000,
        4_999,
    )
    d.feed(agg(5_001, at_s=5.02))
    assert not is_started(d)

    answer_trades(d, *(agg(4_000 + n, float(n), at_s=4 + n / 1000, late=True) for n in range(1000)))

    assert is_started(d)
    past = d.engine.bars.closed(("BTCUSDT", "100ms"), 3)
    assert [(b.open_ns - NOON_NS) // (100 * MS_NS) for b in past] == [47, 48, 49]
    assert [b.trades for b in past] == [100, 100, 100]
    assert [b.late for b in past] == [True, True, False]  # a live trade ended the last one
    assert d.puppet().told("on_bar") == []  # it did not run yet when these came

    d.feed(agg(5_002, at_s=5.1))
    (closed,) = [b for b in d.puppet().told("on_bar") if b.closed]
    assert ((closed.open_ns - NOON_NS) // (100 * MS_NS), closed.trades) == (50, 2)


def test_pages_are_turned_until_there_is_enough(begun):
    d = begun("100ms", wants=[wanted("100ms", 15)])
    d.feed(agg(5_000, at_s=5.0))
    answer_trades(d, *(agg(4_000 + n, at_s=4 + n / 1000, late=True) for n in range(1000)))
    question = d.sent(FetchTrades)[-1]
    assert (question.from_id, question.to_id) == (3_000, 3_999)
    answer_trades(d, *(agg(3_000 + n, at_s=3 + n / 1000, late=True) for n in range(1000)))
    assert is_started(d)
    assert len(d.engine.bars.closed(("BTCUSDT", "100ms"), 99)) == 20


def test_bars_of_trades_are_asked_for_by_the_ids_of_whole_bars(begun):
    d = begun("100t", wants=[wanted("100t", 3)])
    trade = TradeTick("BTCUSDT", 1.0, 1.0, 1_234, True, NOON_NS, NOON_NS)  # noqa: FBT003 - the maker's flag
    d.feed(trade)
    (question,) = d.sent(FetchTrades)
    assert (question.kind, question.from_id, question.to_id) == (StreamKind.TRADES, 900, 1_233)
    ids = range(900, 1_234)
    answer_trades(d, *(msgspec.structs.replace(trade, trade_id=n, late=True) for n in ids))
    assert [b.trades for b in d.engine.bars.closed(("BTCUSDT", "100t"), 9)] == [100, 100, 100]


def test_bars_of_volume_are_counted_back_from_the_first_trade(begun):
    d = begun("50v", wants=[wanted("50v", 3)])
    d.feed(agg(200, at_s=1))
    answer_trades(d, *(agg(n, at_s=0, late=True) for n in range(200)))
    assert len(d.engine.bars.closed(("BTCUSDT", "50v"), 9)) == 4
    assert is_started(d)


def test_no_trade_for_a_while_and_it_starts_without(begun):
    d = begun("100ms", wants=[wanted("100ms")])
    d.wait(9)
    assert not is_started(d)
    d.wait(2)
    assert is_started(d)
    assert d.incidents("warm_up_failed")[0].cause == "no trade came within 10 s"


def test_what_only_a_quarantined_strategy_wanted_ends(begun):
    d = begun(wants=[wanted("7m"), wanted("3v")])
    d.engine.host.quarantine("puppet", "test")
    d.take()
    streams = [wish for command in d.sent(Unsubscribe) for wish in command.subscriptions]
    assert {wish.kind for wish in streams} >= {StreamKind.BARS, StreamKind.AGG_TRADES}
    for late_answer in (answer, refuse):
        late_answer(d)  # nobody waits for it, and nothing happens
    d.feed(agg(1))
    d.feed(bar(0))
    assert not is_started(d)
