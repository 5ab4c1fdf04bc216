"""Orders in doubt: asked about until it is certain, and what each answer proves."""

import itertools
from decimal import Decimal

import pytest

from bot.domain.commands import CancelOrder, FetchFills, QueryOrder
from bot.domain.events import OrderDetails, QueryFailed
from bot.domain.values import OrderStatus, Side

QUERY = "QueryOrder"


def in_doubt(d, **kwargs):
    """A buy whose answer was ambiguous."""
    cid = d.buy(**kwargs)
    d.submitted(cid)
    d.unknown(cid)
    assert d.status(cid) is OrderStatus.UNKNOWN
    return cid


def asked(sent):
    return [(at_s, type(command).__name__) for at_s, command in sent]


def test_an_ambiguous_answer_is_asked_about_less_and_less_often(live_engine):
    d = live_engine
    cid = in_doubt(d)
    sent = d.wait_in_steps(17)
    assert asked(sent) == [
        (0.2, QUERY),
        (0.4, QUERY),
        (0.8, QUERY),
        (1.6, QUERY),
        (3.2, QUERY),
        (6.4, QUERY),
        (11.4, QUERY),
        (16.4, QUERY),
    ]
    assert {command.client_order_id for _, command in sent} == {cid}


def test_an_unclear_order_is_an_incident_until_it_is_clear(live_engine):
    d = live_engine
    cid = in_doubt(d)
    (incident,) = d.incidents("order_unknown")
    assert (incident.subject, incident.cause, incident.to_ns) == (cid, "timed out", None)
    d.unknown(cid)
    assert len(d.incidents("order_unknown")) == 1
    d.reported(cid, OrderStatus.OPEN)
    assert d.healed(incident).healed_by == "it is OPEN"
    assert d.engine.counts["unknown_resolved"] == 1


def test_an_order_that_is_found_is_open_and_no_longer_asked_about(live_engine):
    d = live_engine
    cid = in_doubt(d)
    d.wait(1)
    d.reported(cid, OrderStatus.OPEN)
    assert d.status(cid) is OrderStatus.OPEN
    assert d.stored(cid).venue_order_id == 7
    assert not d.wait_in_steps(30, 0.5)


def test_not_found_early_proves_nothing_and_does_not_hurry_the_questions(live_engine):
    d = live_engine
    cid = in_doubt(d)
    times = []
    for _ in range(90):
        for command in d.wait(0.1).commands:
            times.append(round((d.now_ns % 10**12) / 1e9, 1))
            assert isinstance(command, QueryOrder)
            d.not_found(cid)
            assert d.status(cid) is OrderStatus.UNKNOWN
    assert len(times) == 6


def test_not_found_long_after_it_was_sent_is_certain(live_engine):
    d = live_engine
    cid = in_doubt(d)
    doubted_ns = d.now_ns
    d.wait(15)
    d.not_found(cid, asked_ns=doubted_ns + 15 * 10**9)
    assert d.status(cid) is OrderStatus.UNKNOWN
    d.not_found(cid, asked_ns=doubted_ns + 15 * 10**9 + 1)
    assert d.status(cid) is OrderStatus.NOT_PLACED
    assert d.stored(cid).reason == "the exchange does not know it, long after it was sent"
    assert d.healed(d.incidents("order_unknown")[0]).healed_by == "it is NOT_PLACED"
    assert not d.wait_in_steps(60, 1)
    assert d.submits() == [cid]


def test_what_counts_is_when_the_question_was_asked_not_when_it_was_answered(live_engine):
    d = live_engine
    cid = in_doubt(d)
    asked_ns = d.now_ns
    d.wait(60)
    d.not_found(cid, asked_ns=asked_ns)
    assert d.status(cid) is OrderStatus.UNKNOWN


def test_not_found_proves_nothing_of_an_order_that_was_not_sent_yet(live_engine):
    d = live_engine
    cid = d.buy()
    d.wait(60)
    d.not_found(cid)
    assert d.status(cid) is OrderStatus.INTENT
    d.submitted(cid)
    d.accepted(cid)
    assert d.status(cid) is OrderStatus.OPEN


def test_an_order_that_is_found_after_all_is_open_again(live_engine):
    d = live_engine
    cid = in_doubt(d)
    d.wait(60)
    d.not_found(cid)
    d.reported(cid, OrderStatus.OPEN, source="sweep")
    assert d.status(cid) is OrderStatus.OPEN


def test_an_order_without_any_answer_is_asked_about_after_half_a_minute(live_engine):
    d = live_engine
    cid = d.buy()
    d.submitted(cid)
    sent = d.wait_in_steps(30.1)
    assert asked(sent) == [(30.0, QUERY)]
    d.not_found(cid)
    assert d.status(cid) is OrderStatus.NOT_PLACED


@pytest.mark.parametrize("status", ["CANCELED", "EXPIRED"])
def test_an_order_in_doubt_that_has_ended(live_engine, status):
    d = live_engine
    cid = in_doubt(d)
    effects = d.reported(cid, OrderStatus(status), executed="0")
    assert d.status(cid).value == status
    assert effects.commands == []
    assert d.engine.is_settled


def test_an_order_in_doubt_that_was_rejected(live_engine):
    d = live_engine
    cid = in_doubt(d)
    d.reported(cid, OrderStatus.REJECTED)
    assert d.status(cid) is OrderStatus.REJECTED
    assert d.engine.is_settled


def test_an_open_order_that_is_reported_as_rejected_is_over(live_engine):
    d = live_engine
    cid = d.opened()
    d.reported(cid, OrderStatus.REJECTED)
    assert d.status(cid) is OrderStatus.EXPIRED


def test_an_order_in_doubt_that_has_filled_fetches_its_fills(live_engine):
    d = live_engine
    cid = in_doubt(d)
    (fetch,) = d.reported(cid, OrderStatus.FILLED, executed="1").commands
    assert fetch == FetchFills(client_order_id=cid, symbol="BTCUSDT", venue_order_id=7)
    assert [c for _, c in d.wait_in_steps(0.3)] == [fetch]
    d.filled(cid, source="response")
    assert d.status(cid) is OrderStatus.FILLED
    assert d.engine.is_settled
    assert d.engine.blotter.position("puppet", "BTCUSDT").quantity == 1


def test_a_question_that_got_no_answer_is_asked_again(live_engine):
    d = live_engine
    cid = in_doubt(d)
    assert len(d.wait_in_steps(0.3)) == 1
    effects = d.feed(QueryFailed(client_order_id=cid, reason="503", recv_ns=d.tick()))
    assert [line.level for line in effects.logs] == ["WARNING"]
    assert len(d.wait_in_steps(0.3)) == 1


def test_an_older_count_does_not_take_back_a_newer_one(live_engine):
    d = live_engine
    cid = d.opened(quantity=5)
    d.reported(cid, OrderStatus.PARTIALLY_FILLED, executed="3")
    d.reported(cid, OrderStatus.PARTIALLY_FILLED, executed="0", source="sweep")
    d.canceled(cid, executed=None)
    assert not d.engine.is_settled
    for _ in range(3):
        d.filled(cid)
    assert d.engine.is_settled
    assert d.stored(cid).filled == 3


def test_a_report_with_the_same_count_fetches_no_second_time_at_once(live_engine):
    d = live_engine
    cid = d.opened(quantity=5)
    assert len(d.reported(cid, OrderStatus.PARTIALLY_FILLED, executed="3").commands) == 1
    assert d.reported(cid, OrderStatus.PARTIALLY_FILLED, executed="3").commands == []
    assert len(d.reported(cid, OrderStatus.PARTIALLY_FILLED, executed="4").commands) == 1


def test_a_report_of_what_is_known_changes_nothing(live_engine):
    d = live_engine
    cid = d.opened()
    before = len(d.records)
    d.reported(cid, OrderStatus.OPEN)
    assert len(d.records) == before
    d.canceled(cid)
    before = len(d.records)
    d.reported(cid, OrderStatus.CANCELED)
    d.reported(cid, OrderStatus.OPEN, source="sweep")
    assert len(d.records) == before
    assert d.status(cid) is OrderStatus.CANCELED


# --- cancels -------------------------------------------------------------------------------


def test_a_rejected_cancel_asks_what_became_of_the_order(live_engine):
    d = live_engine
    cid = d.opened()
    d.cancel(cid)
    d.cancel_rejected(cid, -2011)
    assert d.status(cid) is OrderStatus.OPEN
    assert asked(d.wait_in_steps(0.3)) == [(0.2, QUERY)]
    (fetch,) = d.reported(cid, OrderStatus.FILLED, executed="1").commands
    assert isinstance(fetch, FetchFills)
    d.filled(cid)
    assert d.status(cid) is OrderStatus.FILLED
    assert len(d.sent(CancelOrder)) == 1
    assert d.engine.is_settled


def test_an_unclear_cancel_of_an_order_that_still_rests_is_sent_again(live_engine):
    d = live_engine
    cid = d.opened()
    d.cancel(cid)
    d.cancel_unknown(cid)
    assert asked(d.wait_in_steps(0.3)) == [(0.2, QUERY)]
    again = d.reported(cid, OrderStatus.OPEN).commands
    assert again == [CancelOrder(client_order_id=cid, symbol="BTCUSDT")]
    d.canceled(cid)
    assert d.engine.is_settled
    assert not d.wait_in_steps(60, 1)


def test_a_cancel_that_keeps_failing_is_repeated_less_and_less_often(live_engine):
    d = live_engine
    cid = d.opened()
    d.cancel(cid)
    d.cancel_unknown(cid)
    again = []
    for step in range(1, 170):
        for command in d.wait(0.1).commands:
            assert isinstance(command, QueryOrder)
            (cancel,) = d.reported(cid, OrderStatus.OPEN).commands
            assert isinstance(cancel, CancelOrder)
            again.append(step / 10)
            d.cancel_rejected(cid, -1003)
    assert 7 <= len(again) <= 9
    pauses = [round(later - earlier, 1) for earlier, later in itertools.pairwise(again)]
    assert pauses == sorted(pauses)


def test_a_cancel_without_any_answer_is_asked_about_and_sent_again(live_engine):
    d = live_engine
    cid = d.opened()
    d.cancel(cid)
    assert d.reported(cid, OrderStatus.OPEN, source="sweep").commands == [], "it is on its way"
    assert asked(d.wait_in_steps(30.1)) == [(30.0, QUERY)]
    assert len(d.reported(cid, OrderStatus.OPEN).commands) == 1


def test_a_partial_fill_does_not_make_a_failed_cancel_forgotten(live_engine):
    d = live_engine
    cid = d.opened(quantity=5)
    d.cancel(cid)
    d.cancel_unknown(cid)
    d.filled(cid)
    assert asked(d.wait_in_steps(0.3)) == [(0.2, QUERY)]


def test_after_missing_fills_are_complete_a_wanted_cancel_goes_on(live_engine):
    d = live_engine
    cid = d.opened(quantity=5)
    d.cancel(cid)
    d.cancel_unknown(cid)
    d.reported(cid, OrderStatus.PARTIALLY_FILLED, executed="1")
    d.filled(cid)
    sent = asked(d.wait_in_steps(2))
    assert sent
    assert {kind for _, kind in sent} == {QUERY}


# --- orders that the exchange no longer knows ----------------------------------------------


def test_an_open_order_that_is_unknown_again_and_again_counts_as_gone(live_engine):
    d = live_engine
    cid = d.opened()
    d.wait(60)
    for _ in range(4):
        d.not_found(cid)
        assert d.status(cid) is OrderStatus.OPEN
    d.not_found(cid)
    assert d.status(cid) is OrderStatus.EXPIRED
    assert d.stored(cid).venue_order_id == 7
    (incident,) = d.incidents("order_vanished")
    assert (incident.subject, incident.severity) == (cid, "error")
    assert d.engine.is_settled


def test_an_order_that_is_found_in_between_is_not_gone(live_engine):
    d = live_engine
    cid = d.opened()
    d.wait(60)
    for _ in range(4):
        d.not_found(cid)
    d.reported(cid)
    for _ in range(4):
        d.not_found(cid)
    assert d.status(cid) is OrderStatus.OPEN


def test_not_found_for_an_order_that_ended_or_is_not_ours(live_engine):
    d = live_engine
    cid = d.opened()
    d.canceled(cid)
    assert d.not_found(cid).commands == []
    assert d.not_found("bot-nobody-1").commands == []
    assert d.status(cid) is OrderStatus.CANCELED


def test_not_found_does_not_end_the_search_for_missing_fills(live_engine):
    d = live_engine
    cid = d.opened(quantity=5)
    d.canceled(cid, executed="3")
    d.not_found(cid)
    assert [type(c) for _, c in d.wait_in_steps(0.3)] == [FetchFills]


def test_external_orders_have_their_fills_fetched_too(live_engine):
    d = live_engine
    details = OrderDetails(
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type="LIMIT",
        time_in_force="GTC",
        quantity=Decimal(2),
        price=Decimal(90),
    )
    effects = d.reported(
        "web_1", OrderStatus.PARTIALLY_FILLED, executed="1", venue_order_id=99, details=details
    )
    (fetch,) = effects.commands
    assert fetch == FetchFills(client_order_id="web_1", symbol="BTCUSDT", venue_order_id=99)
    d.filled("web_1", venue_order_id=99)
    assert d.engine.blotter.position("external", "BTCUSDT").quantity == 1
