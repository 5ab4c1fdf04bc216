"""Blindness: when it begins, what it stops, and what ends it."""

import msgspec
import pytest

from bot.domain.commands import FetchFills, QueryOrder, SubmitOrder, Sweep
from bot.domain.events import FeedChanged, FeedKind, FeedState, SweepDue
from bot.domain.records import StateSaved
from bot.domain.values import OrderStatus


def sweeps(d):
    return d.sent(Sweep)


def test_the_account_is_seen_only_after_the_feed_is_up_and_swept(engine_driver):
    d = engine_driver()
    assert d.engine.is_blind
    d.user()
    assert d.engine.is_blind
    d.swept()
    assert not d.engine.is_blind
    assert not d.incidents("user_blind"), "a start is not an incident"


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.STALE])
def test_a_user_feed_that_is_down_or_silent_closes_the_gate(live_engine, state):
    d = live_engine
    d.user(state)
    assert d.engine.is_blind
    cid = d.buy()
    assert d.status(cid) is OrderStatus.REFUSED
    assert d.stored(cid).reason.startswith("CLOSED: the account is not reconciled")
    assert not d.sent(SubmitOrder)
    (incident,) = d.incidents("user_blind")
    assert incident.to_ns is None
    assert incident.severity == "warning"


def test_a_sweep_after_the_reconnect_opens_the_gate_and_closes_the_incident(live_engine):
    d = live_engine
    d.user(FeedState.DOWN)
    d.user(FeedState.DOWN)
    (incident,) = d.incidents("user_blind")
    assert d.healed(incident) is None
    d.user(FeedState.UP)
    assert d.engine.is_blind
    d.swept()
    assert not d.engine.is_blind
    assert d.healed(incident).healed_by == "sweep 2"
    assert d.healed(incident).to_ns == d.now_ns
    assert d.status(d.buy()) is OrderStatus.INTENT
    assert d.engine.sight.reconnects == 1


def test_blindness_begins_with_the_last_sign_of_life(live_engine):
    d = live_engine
    since_ns = d.now_ns - 9 * 10**9
    d.feed(
        FeedChanged(
            feed=FeedKind.USER,
            name="usdm user",
            state=FeedState.DOWN,
            cause="half-open",
            recv_ns=d.now_ns,
            since_ns=since_ns,
        )
    )
    (incident,) = d.incidents("user_blind")
    assert incident.from_ns == since_ns


def test_a_second_blind_time_is_a_second_incident(live_engine):
    d = live_engine
    for _ in range(2):
        d.user(FeedState.DOWN)
        d.user()
        d.swept()
    assert len(d.incidents("user_blind")) == 2
    assert all(d.healed(incident) for incident in d.incidents("user_blind"))


def test_a_sweep_from_before_the_cut_does_not_end_the_blindness(engine_driver):
    d = engine_driver()
    d.user()
    d.user(FeedState.DOWN)
    d.swept(1)
    assert d.engine.is_blind, "the feed is down"
    d.user()
    d.swept(1)
    assert d.engine.is_blind, "something was missed after that sweep"
    d.swept(2)
    assert not d.engine.is_blind


def test_a_sweep_names_our_open_orders_and_what_is_known_already(live_engine):
    d = live_engine
    cid = d.opened()
    waiting = d.buy()
    ended = d.buy()
    d.rejected(ended)
    d.user(FeedState.DOWN)
    d.user()
    assert [(r.client_order_id, r.venue_order_id) for r in sweeps(d)[-1].orders] == [
        (cid, 7),
        (waiting, None),
    ]
    assert sweeps(d)[-1].since == {"BTCUSDT": -1, "ETHUSDT": -1}


def test_the_newest_trade_that_a_sweep_saw_is_kept_over_restarts(live_engine):
    d = live_engine
    effects = d.feed(SweepDue(cause="hourly", recv_ns=d.tick()))
    assert [c.generation for c in effects.commands] == [2]
    saved = d.swept(BTCUSDT=55, ETHUSDT=-1).records
    assert [(r.strategy_id, r.key, r.value) for r in saved if isinstance(r, StateSaved)] == [
        ("_engine", "swept_to:BTCUSDT", "55")
    ]
    d.feed(SweepDue(cause="hourly", recv_ns=d.tick()))
    assert sweeps(d)[-1].since == {"BTCUSDT": 55, "ETHUSDT": -1}


def test_a_scheduled_sweep_waits_for_the_feed_and_for_the_one_that_runs(engine_driver):
    d = engine_driver()
    d.feed(SweepDue(cause="hourly", recv_ns=d.tick()))
    assert not sweeps(d)
    d.user()
    d.feed(SweepDue(cause="hourly", recv_ns=d.tick()))
    assert len(sweeps(d)) == 1
    d.swept()
    d.feed(SweepDue(cause="hourly", recv_ns=d.tick()))
    assert sweeps(d)[-1].cause == "hourly"
    assert not d.engine.is_blind, "a routine look does not blind"


def test_a_failed_sweep_is_tried_again_less_and_less_often(engine_driver):
    d = engine_driver()
    d.user()
    pauses = []
    for _ in range(7):
        assert d.sweep_failed().commands == []
        sent = d.wait_in_steps(12, 0.5)
        assert [type(c) for _, c in sent] == [Sweep]
        pauses.append(sent[0][0])
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert d.engine.is_blind
    assert [i.severity for i in d.incidents("sweep_failed")] == ["warning"] * 7
    d.swept()
    assert not d.engine.is_blind


def test_a_sweep_that_is_never_answered_is_asked_for_again(engine_driver):
    d = engine_driver()
    d.user()
    d.wait(115)
    assert len(sweeps(d)) == 1
    d.wait(10)
    assert len(sweeps(d)) == 2
    assert d.engine.is_blind
    assert [i.severity for i in d.incidents("sweep_failed")] == ["error"]
    d.swept()
    assert not d.engine.is_blind
    d.wait(200)
    assert len(sweeps(d)) == 2


def test_where_an_overtaken_first_sweep_looked_is_not_where_history_begins(engine_driver):
    d = engine_driver()
    d.user()
    d.user(FeedState.DOWN)
    d.user()
    first, second = sweeps(d)
    d.swept(second.generation, BTCUSDT=10)
    d.swept(first.generation, BTCUSDT=12)
    assert d.engine.sight.swept_to == {"BTCUSDT": 10}


def test_after_a_success_the_pauses_begin_anew(engine_driver):
    d = engine_driver()
    d.user()
    for _ in range(3):
        d.sweep_failed()
        d.wait(20)
    d.swept()
    d.feed(SweepDue(cause="hourly", recv_ns=d.tick()))
    d.sweep_failed()
    assert d.incidents("sweep_failed")[-1].severity == "info", "the account is still seen"
    assert [at_s for at_s, _ in d.wait_in_steps(2, 0.5)] == [0.5]


def test_a_reconnect_does_not_wait_for_the_retry_and_leaves_none_behind(engine_driver):
    d = engine_driver()
    d.user()
    d.sweep_failed()
    d.user(FeedState.DOWN)
    d.user()
    assert len(sweeps(d)) == 2
    d.swept()
    assert not d.wait_in_steps(20, 0.5)


def test_while_the_feed_is_down_nothing_is_swept(engine_driver):
    d = engine_driver()
    d.user()
    d.user(FeedState.DOWN)
    d.sweep_failed()
    assert not d.wait_in_steps(20, 0.5)


def test_an_answer_to_an_old_sweep_that_failed_is_old_news(engine_driver):
    d = engine_driver()
    d.user()
    d.user(FeedState.DOWN)
    d.user()
    d.sweep_failed(1)
    assert not d.incidents("sweep_failed")


# --- market feeds --------------------------------------------------------------------------


def test_a_market_gap_is_a_row_until_the_feed_is_up_again(live_engine):
    d = live_engine
    d.market(FeedState.DOWN, symbols=("BTCUSDT",))
    (incident,) = d.incidents("feed_gap")
    assert incident.subject == "market 1"
    assert d.status(d.buy()) is OrderStatus.REFUSED, "dark"
    d.market(FeedState.UP)
    assert d.healed(incident).healed_by == "test"
    assert (d.engine.sight.gaps, d.engine.sight.reconnects) == (1, 1)
    assert not d.engine.is_blind, "the account was seen all the time"
    assert d.status(d.buy()) is OrderStatus.INTENT, "the quote that called the strategy is new"


def test_a_feed_that_goes_down_twice_has_one_gap(live_engine):
    d = live_engine
    d.market(FeedState.DOWN)
    d.market(FeedState.DOWN)
    assert len(d.incidents("feed_gap")) == 1
    assert d.engine.sight.gaps == 1


def test_a_silence_and_the_cut_that_ends_it_are_two_rows(live_engine):
    d = live_engine
    d.market(FeedState.STALE)
    (stale,) = d.incidents("feed_stale")
    d.market(FeedState.DOWN)
    (gap,) = d.incidents("feed_gap")
    assert d.healed(stale).healed_by == "it went down"
    d.market(FeedState.UP)
    assert d.healed(gap)
    assert d.engine.sight.gaps == 1


def test_a_silence_that_ends_by_itself_is_no_gap(live_engine):
    d = live_engine
    d.market(FeedState.STALE)
    d.market(FeedState.UP)
    (stale,) = d.incidents("feed_stale")
    assert d.healed(stale)
    assert (d.engine.sight.gaps, d.engine.sight.reconnects) == (0, 0)


def test_two_feeds_have_their_own_gaps(live_engine):
    d = live_engine
    d.market(FeedState.DOWN, name="market 1")
    d.market(FeedState.DOWN, name="market 2")
    d.market(FeedState.UP, name="market 1")
    first, second = d.incidents("feed_gap")
    assert d.healed(first)
    assert d.healed(second) is None
    assert d.status(d.buy()) is OrderStatus.REFUSED


def test_strategies_are_told_of_every_change(live_engine):
    d = live_engine
    d.market(FeedState.DOWN)
    d.user(FeedState.DOWN)
    d.market(FeedState.UP)
    told = [(feed.feed.value, feed.state.value) for feed in d.puppet().told("on_feed")]
    assert told == [("market", "down"), ("user", "down"), ("market", "up")]


def test_a_sweep_finds_what_the_stream_lost(live_engine):
    d = live_engine
    cid = d.opened()
    d.user(FeedState.DOWN)
    d.user()
    d.filled(cid, source="sweep")
    d.reported(cid, OrderStatus.FILLED, "1", source="sweep")
    d.swept()
    assert d.status(cid) is OrderStatus.FILLED
    assert [i.subject for i in d.incidents("recovered_fill")] == [cid]
    assert not d.sent(FetchFills)
    assert not d.sent(QueryOrder)


def test_a_sweep_is_the_same_for_the_same_events(engine_driver):
    encoded = {msgspec.json.encode(engine_driver().live().history) for _ in range(2)}
    assert len(encoded) == 1


def test_data_that_is_late_is_an_incident_until_it_is_worked_off_and_no_gap(live_engine):
    d = live_engine
    d.market(FeedState.LATE, name="spot market data")
    (incident,) = d.incidents("feed_lag")
    assert (incident.subject, incident.to_ns) == ("spot market data", None)
    assert not d.engine.is_blind
    assert not d.engine.cache.is_dark("BTCUSDT")
    d.market(FeedState.UP, name="spot market data")
    assert d.healed(incident) is not None
    assert (d.engine.sight.gaps, d.engine.sight.reconnects) == (0, 0)
