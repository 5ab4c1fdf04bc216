"""Real books, rebuilt diff by diff, against what the exchange itself said of them."""

import functools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.domain.book import Best, Step
from bot.domain.synced_book import SyncedBook
from bot.history.frame import FrameKind
from bot.history.messages import DepthUpdate, Snapshot
from bot.history.tape import read_all

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
VECTORS = SHARED_DATA / "vectors" / "order_book_replay.json"
read_snapshot = msgspec.json.Decoder(Snapshot, strict=False).decode
read_diff = msgspec.json.Decoder(DepthUpdate, strict=False).decode


def _cases() -> list[Any]:
    if not VECTORS.is_file():
        missing = pytest.mark.skip(reason=f"the recorded captures are not there: {VECTORS}")
        return [pytest.param(None, marks=missing)]
    cases = json.loads(VECTORS.read_text())["cases"]
    return [
        pytest.param(case, id=f"{Path(case['capture']).name}-{case['symbol']}") for case in cases
    ]


@functools.lru_cache(maxsize=1)
def _books(tapes: tuple[str, ...]) -> dict[str, list[Snapshot | DepthUpdate]]:
    """Snapshots and diffs by symbol, in the order in which they came."""
    told: dict[str, list[Snapshot | DepthUpdate]] = defaultdict(list)
    for frame in read_all([SHARED_DATA / tape for tape in tapes]):
        if frame.kind is FrameKind.DEPTH:
            told[frame.symbol].append(read_snapshot(frame.data))
        elif b'"depthUpdate"' in frame.data:
            told[msgspec.json.decode(frame.data)["s"]].append(read_diff(frame.data))
    return told


@pytest.mark.parametrize("case", _cases())
def test_a_captured_book_agrees_with_the_exchange(case):
    book = SyncedBook(case["symbol"])
    steps: dict[Step, int] = defaultdict(int)
    at_checkpoint: dict[int, Best | None] = {}
    for message in _books((case["capture"], *case["continuation"]))[case["symbol"]]:
        if isinstance(message, Snapshot):
            book.snapshot(message.last_update_id, message.bids, message.asks, limit=1000)
            continue
        steps[book.update(message)] += 1
        if book.in_step:
            at_checkpoint[message.last_update_id] = book.book.best

    checkpoints = case["checkpoints_from_bookTicker"]
    assert (book.gaps, steps[Step.GAP], steps[Step.CROSSED]) == (case["gaps"], 0, 0)
    assert book.updates == case["applied_events"] + case["skipped_events"]
    assert book.update_id == case["last_u"]
    assert [at_checkpoint[point["u"]] for point in checkpoints] == [
        Best(*map(float, (*point["bid"], *point["ask"]))) for point in checkpoints
    ]
    for side, read in (("bids", book.book.bids), ("asks", book.book.asks)):
        wanted = [tuple(map(float, level)) for level in case["final_top10"][side]]
        assert read(10, beyond=True) == wanted
        assert read(10) == wanted[: len(read(10))]
