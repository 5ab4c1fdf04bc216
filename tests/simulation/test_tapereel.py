"""The frames of a tape, in the exchange's time."""

import pytest

from bot.domain.errors import DataError
from bot.simulation.tapereel import LOOK_AHEAD, Reel

START_MS = 1_700_000_000_000
MINUTE_MS = 60_000


def frame(at_ms, stream="btcusdt@trade"):
    return (1_600_000_000_000 + at_ms) * 1_000_000, stream, b"{}"


def cut(*frames):
    yield from frames
    raise DataError("a.gz is cut off")


def played(reel, at_ms):
    return [f[0] // 10**6 - 1_600_000_000_000 for f in reel.due(START_MS + at_ms)]


def test_frames_are_due_at_their_own_pace_times_the_speed():
    reel = Reel([frame(0), frame(100), frame(250)], speed=10)
    reel.start(START_MS)
    assert played(reel, 10) == [0, 100]
    assert reel.next_due_ms() == START_MS + 25
    assert not reel.ended
    assert played(reel, 25) == [250]
    assert (reel.next_due_ms(), reel.ended) == (None, "the tape has been played to its end")


def test_its_time_is_the_recorded_one():
    reel = Reel([frame(0), frame(1000)], speed=2)
    reel.start(START_MS)
    reel.lead_ms = 7.0
    assert reel.market_ms(START_MS + 100) == 1_600_000_000_207


def test_tapes_that_are_played_together_begin_together():
    reel = Reel([frame(500)], begin_ns=frame(200)[0])
    reel.start(START_MS)
    assert reel.next_due_ms() == START_MS + 300
    assert reel.market_ms(START_MS) == 1_600_000_000_200


def test_of_a_hole_one_second_is_left():
    reel = Reel([frame(0), frame(11 * MINUTE_MS), frame(20 * MINUTE_MS)])
    reel.start(START_MS)
    assert played(reel, 0) == [0]
    assert (reel.next_due_ms(), reel.leaps) == (START_MS + 1000, 1)
    assert played(reel, 1000) == [11 * MINUTE_MS]
    assert reel.next_due_ms() == START_MS + 1000 + 9 * MINUTE_MS


def test_a_tape_that_is_cut_off_plays_as_far_as_it_goes():
    reel = Reel(cut(frame(0), frame(10)))
    reel.start(START_MS)
    assert played(reel, 10) == [0, 10]
    assert reel.ended == "a.gz is cut off"
    with pytest.raises(DataError, match="cut off"):
        Reel(cut())


def test_streams_are_known_from_the_beginning_or_when_they_come():
    later = frame(1, "ethusdt@trade")
    reel = Reel([*(frame(0) for _ in range(LOOK_AHEAD)), later, frame(2, "/api/v3/depth")])
    assert reel.streams == {"btcusdt@trade"}
    reel.start(START_MS)
    assert len(played(reel, 5)) == LOOK_AHEAD + 2
    assert reel.streams == {"btcusdt@trade", "ethusdt@trade"}


def test_a_tape_does_not_stand_still():
    with pytest.raises(ValueError, match="must be above 0"):
        Reel([], speed=0)
