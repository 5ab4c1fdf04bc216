"""Manifests of a folder: checked against the files, and made anew where they were lost."""

import json
import time

import pytest

from bot.domain.values import SECOND_NS
from bot.history.inventory import inventories
from bot.history.session import SessionRecording

NOON = 1_700_000_000 * SECOND_NS


def record(folder, run_id="run1", frames=10):
    recording = SessionRecording(folder, run_id, about={"venue": "sim"}, now_ns=lambda: NOON)
    recording.start()
    for number in range(frames):
        recording.frame(NOON + number * SECOND_NS, b'{"stream":"btcusdt@trade","data":{}}')
    recording.close()
    return folder / f"{run_id}.json", folder / f"{run_id}_spot_2023-11-14_001.gz"


def test_a_recording_that_ended_is_taken_by_its_word(tmp_path):
    path, _ = record(tmp_path)
    [found] = inventories(tmp_path)
    assert found.manifest == json.loads(path.read_text())
    assert (found.is_recording, found.is_rebuilt, found.defects) == (False, False, [])


def test_a_changed_or_missing_file_is_a_defect(tmp_path):
    _, tape = record(tmp_path)
    content = tape.read_bytes()
    tape.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    [found] = inventories(tmp_path)
    assert found.defects == [f"{tape.name} is not as it was written: its checksum differs"]
    tape.rename(tmp_path / "run1_spot_2023-11-14_002.gz")
    [found] = inventories(tmp_path)
    assert sorted(found.defects) == [
        f"{tape.name} is in the manifest and not in the folder",
        "run1_spot_2023-11-14_002.gz is in the folder and not in the manifest",
    ]


@pytest.mark.parametrize("left", ["open", "none", "torn"])
def test_the_manifest_of_a_killed_recording_is_made_from_its_files(tmp_path, left):
    path, _ = record(tmp_path)
    whole = json.loads(path.read_text())
    if left == "open":
        path.write_text(json.dumps({**whole, "ended_at": None, "files": []}))
    elif left == "torn":
        path.write_text(path.read_text()[:50])
    else:
        path.unlink()
    [found] = inventories(tmp_path)
    assert found.is_rebuilt
    assert found.manifest["files"] == whole["files"]
    assert found.manifest["ended_at"] == "2023-11-14T22:13:29.000000Z"
    assert "killed" in found.manifest["stopped"]
    assert json.loads(path.read_text()) == found.manifest
    [again] = inventories(tmp_path)
    assert not again.is_rebuilt
    assert again.defects == []


def test_a_torn_tape_counts_up_to_the_tear(tmp_path):
    path, tape = record(tmp_path, frames=5000)
    path.unlink()
    tape.write_bytes(tape.read_bytes()[:-200])
    [found] = inventories(tmp_path)
    [file] = found.manifest["files"]
    assert 0 < file["frames"] < 5000
    assert file["bytes"] == tape.stat().st_size


def test_a_recording_that_goes_on_is_left_alone(tmp_path):
    recording = SessionRecording(tmp_path, "run1", about={}, now_ns=lambda: NOON)
    recording.start()
    recording.frame(NOON, b"{}")
    while not list(tmp_path.glob("*.gz")):
        time.sleep(0.01)
    try:
        [found] = inventories(tmp_path)
        assert found.is_recording
        assert not found.is_rebuilt
        assert found.defects == []
    finally:
        recording.close()


def test_several_recordings_and_other_files_of_a_folder(tmp_path):
    record(tmp_path, "run1")
    record(tmp_path, "run2")
    (tmp_path / "notes.json").write_text('{"files": "none"}')
    (tmp_path / "list.json").write_text("[1]")
    assert [found.manifest["run_id"] for found in inventories(tmp_path)] == ["run1", "run2"]
