"""A live session written down by a thread of its own."""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.values import SECOND_NS, Market
from bot.history.frame import FrameKind
from bot.history.lines import TapeCut
from bot.history.recording import Recorder, is_being_written
from bot.history.session import SessionRecording
from bot.history.tape import read, read_all

DAY_NS = 86_400 * SECOND_NS
NOON = 1_700_000_000 * SECOND_NS


def event(number, line_end=False):
    space = "\n" if line_end else ""
    return f'{{"stream":"btcusdt@trade",{space}"data":{{"e":"trade","t":{number}}}}}'.encode()


LINE_BYTES = len(b"%d %s\n" % (NOON, event(1000)))


@pytest.fixture
def recording(tmp_path):
    made = SessionRecording(tmp_path / "tapes", "run1", about={"venue": "sim"}, now_ns=lambda: NOON)
    made.start()
    yield made
    if made._thread.is_alive():
        made.close()


def manifest(tmp_path):
    return json.loads((tmp_path / "tapes" / "run1.json").read_text())


def wait_until(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_frames_are_read_again_as_they_arrived_a_file_for_each_day(recording, tmp_path):
    for number in range(100):
        recording.frame(NOON + number * DAY_NS // 50, event(number, line_end=number == 7))
    recording.close()
    tapes = tmp_path / "tapes"
    days = [f"run1_spot_2023-11-{day}_001.gz" for day in (14, 15, 16)]
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
    wait_until(lambda: manifest(tmp_path)["gaps"])
    assert [gap["cause"] for gap in manifest(tmp_path)["gaps"]] == ["cut"]
    assert manifest(tmp_path)["ended_at"] is None


def test_what_the_disk_cannot_take_in_time_is_lost_and_a_gap(tmp_path):
    told = []
    slow = SessionRecording(
        tmp_path / "tapes",
        "run1",
        about={},
        waiting_most_bytes=LINE_BYTES * 512,
        on_trouble=lambda *trouble: told.append(trouble),
    )
    for number in range(1000, 1000 + 5 * 512):
        slow.frame(NOON + number, event(number))
    slow.start()
    slow.close()
    [gap] = manifest(tmp_path)["gaps"]
    assert manifest(tmp_path)["lost_frames"] == gap["lost_frames"] == 4 * 512
    assert (gap["feed"], gap["state"], gap["market"]) == ("recorder", "lost", "spot")
    assert gap["cause"] == "the disk could not follow: 2048 frames were lost"
    assert told == [("recording_gap", gap["cause"])]
    assert len(list(read(tmp_path / "tapes"))) == 512


def test_after_a_hole_frames_are_written_again(tmp_path):
    slow = SessionRecording(
        tmp_path / "tapes", "run1", about={}, waiting_most_bytes=LINE_BYTES * 512
    )
    for number in range(1000, 1000 + 2 * 512):
        slow.frame(NOON + number, event(number))
    slow.start()
    wait_until(lambda: manifest(tmp_path)["lost_frames"] == 512)
    for number in range(5000, 5010):
        slow.frame(NOON + number, event(number))
    slow.close()
    numbers = [json.loads(frame.data)["t"] for frame in read(tmp_path / "tapes")]
    assert numbers == [*range(1000, 1512), *range(5000, 5010)]
    assert len(manifest(tmp_path)["gaps"]) == 1


def test_nothing_is_lost_or_turned_round_between_the_two_threads(tmp_path, monkeypatch):
    monkeypatch.setattr("bot.history.session._IDLE_S", 0.0001)
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        recording = SessionRecording(tmp_path / "tapes", "run1", about={})
        recording.start()
        for number in range(100_000):
            recording.frame(NOON + number, event(number))
        recording.close()
    finally:
        sys.setswitchinterval(interval_s)
    assert [f.recv_ns - NOON for f in read(tmp_path / "tapes")] == list(range(100_000))
    assert manifest(tmp_path)["lost_frames"] == 0


def test_a_file_that_is_long_enough_is_followed_by_another(tmp_path):
    recording = SessionRecording(tmp_path / "tapes", "run1", about={}, part_bytes=10_000)
    recording.start()
    numbers = random.Random(1).sample(range(10**9), 20_000)
    for number in numbers:
        recording.frame(NOON, event(number))
    recording.close()
    files = manifest(tmp_path)["files"]
    assert len(files) > 1
    assert [file["name"] for file in files][:2] == [
        f"run1_spot_2023-11-14_{part:03}.gz" for part in (1, 2)
    ]
    parts = [read(tmp_path / "tapes" / file["name"]) for file in files]
    assert [json.loads(frame.data)["t"] for part in parts for frame in part] == numbers


def test_the_manifest_has_size_and_checksum_of_each_file(recording, tmp_path):
    recording.frame(NOON, event(1))
    recording.close()
    [file] = manifest(tmp_path)["files"]
    content = (tmp_path / "tapes" / file["name"]).read_bytes()
    assert file["bytes"] == len(content)
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert file["from"] == file["to"] == "2023-11-14T22:13:20.000000Z"


def test_each_market_has_files_of_its_own_that_say_so(recording, tmp_path):
    recording.frame(NOON, event(1))
    recording.track(Market.USDM).frame(NOON + 1, event(2))
    recording.close()
    names = ["run1_spot_2023-11-14_001.gz", "run1_usdm_2023-11-14_001.gz"]
    assert [file["name"] for file in manifest(tmp_path)["files"]] == names
    assert [frame.market for frame in read(tmp_path / "tapes")] == [Market.SPOT, Market.USDM]
    (tmp_path / "tapes" / names[1]).rename(tmp_path / "renamed.gz")
    assert [frame.market for frame in read(tmp_path / "renamed.gz")] == [Market.USDM]


def test_an_answer_is_read_as_one(recording, tmp_path):
    request = "/api/v3/depth?symbol=BTCUSDT&limit=1000"
    recording.track(Market.SPOT).answer(NOON, request, b'{"lastUpdateId":1,"bids":[],"asks":[]}')
    recording.close()
    [frame] = read(tmp_path / "tapes")
    assert frame.kind is FrameKind.DEPTH
    assert (frame.stream, frame.symbol) == (request, "BTCUSDT")


def test_a_hole_in_a_stream_is_a_gap_with_its_ids(recording, tmp_path):
    hole = FeedChanged(
        feed=FeedKind.MARKET,
        name="btcusdt@trade",
        state=FeedState.GAP,
        cause="ids jump",
        recv_ns=NOON,
        symbols=("BTCUSDT",),
        stream="btcusdt@trade",
        from_id=7,
        to_id=9,
    )
    recording.changed(hole)
    recording.close()
    [gap] = manifest(tmp_path)["gaps"]
    assert (gap["stream"], gap["from_id"], gap["to_id"]) == ("btcusdt@trade", 7, 9)
    assert gap["to"] is not None


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"cannot record into .*file/tapes: Not a directory"):
        SessionRecording(tmp_path / "file" / "tapes", "run1", about={}).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_directory_without_permission_is_one_line(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(SettingsError, match="Permission denied"):
        SessionRecording(tmp_path / "closed" / "tapes", "run1", about={}).start()


def fail_at(path, tmp_path, cause):
    """Record what has to go into ``path``; what was told, once it was."""
    told = []
    was_told = threading.Event()

    def tell(kind, cause):
        told.append((kind, cause))
        was_told.set()

    recording = SessionRecording(tmp_path / "tapes", "run1", about={}, on_trouble=tell)
    recording.start()
    recording.frame(NOON, event(1))
    assert was_told.wait(10)
    for number in range(3000):
        recording.frame(NOON, event(number))
    recording.close()
    assert told == [("recording_stopped", cause)]
    assert recording.failed == manifest(tmp_path)["stopped"] == cause
    assert manifest(tmp_path)["ended_at"]


def test_a_disk_that_fails_is_told_once_and_does_not_stop_the_loop(tmp_path):
    path = tmp_path / "tapes" / "run1_spot_2023-11-14_001.gz"
    path.mkdir(parents=True)
    fail_at(path, tmp_path, f"{path}: Is a directory")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told_as_one(tmp_path):
    path = tmp_path / "tapes" / "run1_spot_2023-11-14_001.gz"
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    fail_at(path, tmp_path, f"the disk of {tmp_path / 'tapes'} is full")


def test_a_file_that_another_process_writes_is_left_alone(tmp_path):
    path = tmp_path / "tapes" / "run1_spot_2023-11-14_001.gz"
    with Recorder(path):
        assert is_being_written(path)
        fail_at(path, tmp_path, f"{path} is being written by another process")
    assert not is_being_written(path)


def test_a_killed_process_leaves_what_it_had_flushed_and_an_open_manifest(tmp_path):
    script = f"""
import os, time
from pathlib import Path
from bot.history.session import SessionRecording
recording = SessionRecording(Path({str(tmp_path / "tapes")!r}), "run1", about={{}})
recording.start()
for number in range(2000):
    recording.frame({NOON} + number, b'{{"stream":"btcusdt@trade","data":{{"t":%d}}}}' % number)
print("ready", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == b"ready\n"
        path = tmp_path / "tapes" / "run1_spot_2023-11-14_001.gz"
        wait_until(lambda: path.exists() and path.stat().st_size > 0)
        process.kill()
    frames = read(tmp_path / "tapes")
    assert [next(frames).recv_ns - NOON for _ in range(512)] == list(range(512))
    with pytest.raises(TapeCut):
        list(frames)
    assert manifest(tmp_path)["ended_at"] is None
