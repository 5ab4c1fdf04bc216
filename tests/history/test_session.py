"""A live session written down by a thread of its own."""

import json
import os
import threading
import time

import pytest

from bot.domain.errors import SettingsError
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.values import SECOND_NS
from bot.history.session import SessionRecording
from bot.history.tape import read, read_all

DAY_NS = 86_400 * SECOND_NS
NOON = 1_700_000_000 * SECOND_NS


def event(number, line_end=False):
    space = "\n" if line_end else ""
    return f'{{"stream":"btcusdt@trade",{space}"data":{{"e":"trade","t":{number}}}}}'.encode()


@pytest.fixture
def recording(tmp_path):
    made = SessionRecording(tmp_path / "tapes", "run1", about={"venue": "sim"}, now_ns=lambda: NOON)
    made.start()
    yield made
    if made._thread.is_alive():
        made.close()


def manifest(tmp_path):
    return json.loads((tmp_path / "tapes" / "run1.json").read_text())


def test_frames_are_read_again_as_they_arrived_a_file_for_each_day(recording, tmp_path):
    for number in range(100):
        recording.frame(NOON + number * DAY_NS // 50, event(number, line_end=number == 7))
    recording.close()
    tapes = tmp_path / "tapes"
    days = [f"run1_2023-11-{day}.gz" for day in (14, 15, 16)]
    assert sorted(path.name for path in tapes.iterdir()) == ["run1.json", *days]
    frames = list(read(tapes))
    assert [frame.recv_ns for frame in frames] == [NOON + n * DAY_NS // 50 for n in range(100)]
    assert [json.loads(frame.data)["t"] for frame in frames] == list(range(100))
    assert {frame.stream for frame in frames} == {"btcusdt@trade"}
    assert list(read_all([tapes / day for day in days])) == frames
    assert [file["name"] for file in manifest(tmp_path)["files"]] == days
    assert sum(file["frames"] for file in manifest(tmp_path)["files"]) == 100
    assert manifest(tmp_path)["ended_at"]


def test_a_gap_is_in_the_manifest_while_the_session_runs(recording, tmp_path):
    lost = FeedChanged(
        feed=FeedKind.MARKET, name="spot market 1", state=FeedState.DOWN, cause="cut", recv_ns=NOON
    )
    recording.changed(lost)
    until = time.monotonic() + 10
    while not manifest(tmp_path)["gaps"] and time.monotonic() < until:
        time.sleep(0.05)
    assert [gap["cause"] for gap in manifest(tmp_path)["gaps"]] == ["cut"]
    assert manifest(tmp_path)["ended_at"] is None


def test_what_the_disk_cannot_take_in_time_is_lost_and_counted(tmp_path):
    slow = SessionRecording(tmp_path / "tapes", "run1", about={}, waiting_most=10)
    for number in range(15):
        slow.frame(NOON, event(number))
    slow.start()
    slow.close()
    assert manifest(tmp_path)["lost_frames"] == 5
    assert len(list(read(tmp_path / "tapes"))) == 10


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"cannot record into .*file/tapes: Not a directory"):
        SessionRecording(tmp_path / "file" / "tapes", "run1", about={}).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_directory_without_permission_is_one_line(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(SettingsError, match="Permission denied"):
        SessionRecording(tmp_path / "closed" / "tapes", "run1", about={}).start()


def test_a_disk_that_fails_is_told_once_and_does_not_stop_the_loop(tmp_path):
    told = []
    was_told = threading.Event()

    def tell(cause):
        told.append(cause)
        was_told.set()

    recording = SessionRecording(tmp_path / "tapes", "run1", about={}, on_failure=tell)
    recording.start()
    # A directory stands where the tape is to be.
    (tmp_path / "tapes" / "run1_2023-11-14.gz").mkdir()
    recording.frame(NOON, event(1))
    assert was_told.wait(10)
    recording.frame(NOON, event(2))
    recording.close()
    assert len(told) == 1
    assert "run1_2023-11-14.gz" in told[0]
