import pytest

from bot.history.frame import Frame
from bot.history.lines import TapeCut
from bot.history.recording import Recorder
from bot.history.tape import read

FRAMES = [
    Frame(1700000000000000001, "btcusdt@trade", b'{"e":"trade","p":"1.10"}'),
    Frame(1700000000000000002, "/api/v3/depth?symbol=BTCUSDT&limit=5", b'{"lastUpdateId":1}'),
    Frame(1700000000000000003, "", b'{"result":null,"id":1}'),
]


def test_what_was_recorded_is_read_back_exactly(tmp_path):
    path = tmp_path / "new" / "tape.gz"
    with Recorder(path) as recorder:
        for frame in FRAMES:
            recorder.write(frame)

    assert list(read(path)) == FRAMES


def test_a_continued_recording_is_one_tape(tmp_path):
    for frame in FRAMES:
        with Recorder(tmp_path / "tape.gz") as recorder:
            recorder.write(frame)

    assert list(read(tmp_path / "tape.gz")) == FRAMES


def test_a_killed_recorder_leaves_all_that_was_flushed(tmp_path):
    recorder = Recorder(tmp_path / "tape.gz")
    recorder.write(FRAMES[0])
    recorder.write(FRAMES[1])
    recorder.flush()

    frames = read(tmp_path / "tape.gz")

    assert [next(frames), next(frames)] == FRAMES[:2]
    with pytest.raises(TapeCut):
        next(frames)
    recorder.close()


def test_a_real_session_goes_through_unchanged(tmp_path, captures):
    session = list(read(captures / "cryptofeed" / "us_2021-10-11"))
    with Recorder(tmp_path / "tape.gz") as recorder:
        for frame in session:
            recorder.write(frame)

    assert list(read(tmp_path / "tape.gz")) == session
