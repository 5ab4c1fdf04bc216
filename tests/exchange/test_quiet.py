"""Silence is judged by what a stream used to do."""

import pytest

from bot.domain.commands import StreamKind
from bot.domain.values import SECOND_NS
from bot.exchange.quiet import Pulse, QuietRules

START = 1_000 * SECOND_NS


def _heard(kind, every_s, times, rules=None):
    """A stream that spoke so many times, so often; and when it did last."""
    pulse = Pulse(kind, rules or QuietRules())
    at = START
    for _ in range(times):
        at += int(every_s * SECOND_NS)
        pulse.look(at)
    return pulse, at


def _silent_for(pulse, last, seconds, *, alone=True):
    return pulse.is_silent(START, last + int(seconds * SECOND_NS), alone=alone)


def test_a_busy_stream_may_pause_for_ten_seconds():
    pulse, last = _heard(StreamKind.TRADES, 0.5, 100)
    assert not _silent_for(pulse, last, 9.9)
    assert _silent_for(pulse, last, 10.1)


def test_a_thin_stream_may_pause_for_several_times_its_longest_pause():
    pulse, last = _heard(StreamKind.TRADES, 60, 20)
    assert not _silent_for(pulse, last, 8 * 60 - 1)
    assert _silent_for(pulse, last, 8 * 60 + 1)


def test_a_stream_that_was_heard_a_few_times_has_no_habits_yet():
    pulse, last = _heard(StreamKind.TRADES, 1, 9)
    assert not _silent_for(pulse, last, 3600)


def test_habits_fade_when_a_stream_becomes_busier():
    pulse, last = _heard(StreamKind.TRADES, 60, 20)
    for _ in range(400):
        last += SECOND_NS
        pulse.look(last)
    assert _silent_for(pulse, last, 30)


def test_the_time_before_a_connection_was_up_does_not_count():
    pulse, last = _heard(StreamKind.TRADES, 0.5, 100)
    up = last + 3600 * SECOND_NS
    assert not pulse.is_silent(up, up + 9 * SECOND_NS, alone=True)
    assert pulse.is_silent(up, up + 11 * SECOND_NS, alone=True)


@pytest.mark.parametrize(("alone", "limit_s"), [(True, 30), (False, 300)])
def test_a_stream_that_never_spoke_is_given_longer_where_others_of_its_kind_do(alone, limit_s):
    pulse = Pulse(StreamKind.BARS, QuietRules())
    assert not _silent_for(pulse, START, limit_s - 1, alone=alone)
    assert _silent_for(pulse, START, limit_s + 1, alone=alone)


@pytest.mark.parametrize("kind", [StreamKind.LIQUIDATIONS, StreamKind.BLOCK_TRADES])
def test_what_is_rare_by_nature_is_never_missed(kind):
    assert not _silent_for(Pulse(kind, QuietRules()), START, 86_400)
    pulse, last = _heard(kind, 1, 100)
    assert not _silent_for(pulse, last, 86_400)
