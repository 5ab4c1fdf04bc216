"""The manifest of a recorded session: its files, and the gaps that the feeds reported."""

import json

import pytest

from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.values import SECOND_NS, Market
from bot.history.manifest import Manifest

NOON = 1_700_000_000 * SECOND_NS


def change(state, at_s, name="spot market 1", symbols=("BTCUSDT",)):
    return FeedChanged(
        feed=FeedKind.MARKET,
        name=name,
        state=state,
        cause=f"because {state}",
        recv_ns=NOON + at_s * SECOND_NS,
        symbols=symbols,
    )


@pytest.fixture
def manifest(tmp_path):
    return Manifest(tmp_path / "run1.json", "run1", {"venue": "sim"}, NOON)


def test_a_gap_is_from_a_loss_to_the_return_of_that_feed(manifest):
    for state, at_s, name in (
        (FeedState.UP, 0, "spot market 1"),
        (FeedState.DOWN, 5, "spot market 1"),
        (FeedState.STALE, 6, "btcusdt@trade"),
        (FeedState.DOWN, 7, "spot market 1"),
        (FeedState.UP, 9, "spot market 1"),
    ):
        manifest.changed(change(state, at_s, name))
    first, second = manifest.as_dict()["gaps"]
    assert first == {
        "feed": "spot market 1",
        "state": "down",
        "cause": "because down",
        "symbols": ["BTCUSDT"],
        "from": "2023-11-14T22:13:25.000000Z",
        "to": "2023-11-14T22:13:29.000000Z",
    }
    assert (second["feed"], second["state"], second["to"]) == ("btcusdt@trade", "stale", None)


def test_what_was_written_adds_up_by_file(manifest):
    manifest.began("a.gz", Market.SPOT, NOON - 1)
    manifest.wrote("a.gz", 3, NOON, NOON + SECOND_NS)
    manifest.wrote("a.gz", 2, NOON + 2 * SECOND_NS, NOON + 3 * SECOND_NS)
    manifest.closed("a.gz", 99, "ab12")
    manifest.began("b.gz", Market.USDM, NOON)
    manifest.wrote("b.gz", 1, NOON, NOON)
    first, second = manifest.as_dict()["files"]
    assert first == {
        "name": "a.gz",
        "market": "spot",
        "frames": 5,
        "from": "2023-11-14T22:13:20.000000Z",
        "to": "2023-11-14T22:13:23.000000Z",
        "bytes": 99,
        "sha256": "ab12",
    }
    assert (second["market"], second["frames"], second["sha256"]) == ("usdm", 1, None)
    assert (manifest.frames, manifest.files, manifest.size_bytes) == (6, 2, 99)


def test_it_is_saved_whole_and_says_whether_the_session_ended(manifest, tmp_path):
    manifest.save()
    saved = json.loads((tmp_path / "run1.json").read_text())
    assert (saved["run_id"], saved["venue"], saved["ended_at"]) == ("run1", "sim", None)
    manifest.ended(NOON + SECOND_NS)
    manifest.save()
    saved = json.loads((tmp_path / "run1.json").read_text())
    assert saved["ended_at"] == "2023-11-14T22:13:21.000000Z"
    assert [path.name for path in tmp_path.iterdir()] == ["run1.json"]
