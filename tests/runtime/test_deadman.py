"""The switch is held down only by a bot that sees, writes and acts."""

import pytest

from bot.domain.errors import OutcomeUnknown
from bot.domain.events import FeedChanged, FeedKind, FeedState, SweepCompleted
from bot.engine.engine import Engine, EngineConfig
from bot.runtime.deadman import DeadMansHand
from bot.runtime.pump import Pump
from bot.storage.memory import MemoryStore


class Switch:
    def __init__(self):
        self.calls = []
        self.fails = False

    async def arm(self, seconds):
        if self.fails:
            raise OutcomeUnknown("503")
        self.calls.append(seconds)

    async def disarm(self):
        if self.fails:
            raise OutcomeUnknown("503")
        self.calls.append(0)


class Bench:
    def __init__(self):
        self.engine = Engine(EngineConfig(run_id="run1"), {})
        self.store = MemoryStore()
        self.pump = Pump(self.engine, self.store, dispatch=lambda *_: None)
        self.switch = Switch()
        self.hand = DeadMansHand(
            self.switch, seconds=30, engine=self.engine, pump=self.pump, store=self.store
        )

    def user(self, state):
        self.pump.emit(
            FeedChanged(feed=FeedKind.USER, name="user", state=state, cause="test", recv_ns=1)
        )

    def see(self, generation):
        self.user(FeedState.UP)
        self.pump.emit(
            SweepCompleted(generation=generation, last_trade_ids={}, asked_ns=2, recv_ns=2)
        )

    @property
    def incidents(self):
        return [text for text in self.engine.lasting.values() if text.startswith("dead_man")]


@pytest.fixture
def hand():
    bench = Bench()
    bench.see(1)
    return bench


async def test_it_is_held_down_three_times_in_a_countdown(hand):
    assert hand.hand.job.every_s == 10
    await hand.hand.refresh()
    assert hand.switch.calls == [30]
    assert hand.incidents == []


async def test_a_blind_bot_lets_go_and_says_so_once(hand):
    hand.user(FeedState.DOWN)
    await hand.hand.refresh()
    await hand.hand.refresh()
    assert hand.switch.calls == []
    (text,) = hand.incidents
    assert "the account is not seen" in text
    hand.see(2)
    await hand.hand.refresh()
    assert hand.switch.calls == [30]
    assert hand.incidents == []


async def test_a_database_that_does_not_commit_lets_go(hand):
    hand.store.hold()
    hand.engine.incident("test", "x", "y", severity="info")
    hand.pump.flush()
    await hand.hand.refresh()
    assert hand.switch.calls == []
    assert "has not committed" in hand.incidents[0]
    hand.store.release()


async def test_a_clean_stop_takes_it_back_and_one_that_fails_is_no_failure_of_the_stop(hand):
    await hand.hand.release()
    assert hand.switch.calls == [0]
    hand.switch.fails = True
    await hand.hand.release()


async def test_what_the_venue_did_not_take_is_told_to_the_timetable(hand):
    hand.switch.fails = True
    with pytest.raises(OutcomeUnknown):
        await hand.hand.refresh()
