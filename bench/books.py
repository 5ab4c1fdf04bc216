"""What it costs to keep a whole order book: this bot's, a plain dict's, python-binance's.

Run: python bench/books.py [TAPE] [--format table|json]

With a tape the diffs of its first book that has a snapshot are applied; without one, diffs
of twenty levels drawn near the top of a book of a thousand levels a side. After each diff the
best prices are read, as a strategy does. Figures are medians of five rounds.
"""

import argparse
import json
import platform
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from binance.ws.depthcache import DepthCache

from bot.domain.book import OrderBook
from bot.domain.market import DepthUpdate
from bot.domain.synced_book import SyncedBook
from bot.history.frame import FrameKind
from bot.history.messages import DepthUpdate as Recorded
from bot.history.messages import Snapshot
from bot.history.tape import read

_ROUNDS = 5
_READS = 1_000
Levels = tuple[tuple[float, float], ...]


class DictBook:
    """Sizes by price; the best is looked for when it is asked for."""

    def __init__(self, bids: Levels, asks: Levels) -> None:
        self._bids, self._asks = dict(bids), dict(asks)

    def apply(self, diff: DepthUpdate) -> None:
        for side, changes in ((self._bids, diff.bids), (self._asks, diff.asks)):
            for price, size in changes:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)

    def best(self) -> object:
        return max(self._bids), min(self._asks)

    def top(self) -> object:
        return sorted(self._bids.items(), reverse=True)[:20]


class OurBook:
    """The book of the engine, with every check."""

    def __init__(self, update_id: int, bids: Levels, asks: Levels) -> None:
        self._sync = SyncedBook("X")
        self._sync.snapshot(update_id, bids, asks, limit=len(bids))
        self._book: OrderBook = self._sync.book

    def apply(self, diff: DepthUpdate) -> None:
        self._sync.update(diff)

    def best(self) -> object:
        assert self._sync.in_step
        return self._book.best

    def top(self) -> object:
        return self._book.bids(20, beyond=True)


class PythonBinanceBook:
    """Texts as on the wire, which is what it takes; it sorts when it is read."""

    def __init__(self, bids: Levels, asks: Levels) -> None:
        self._cache = DepthCache("X", conv_type=float)
        for bid in bids:
            self._cache.add_bid([str(number) for number in bid])
        for ask in asks:
            self._cache.add_ask([str(number) for number in ask])

    def apply(self, diff: DepthUpdate) -> None:
        for price, size in diff.bids:
            self._cache.add_bid([price, size or "0.00000000"])
        for price, size in diff.asks:
            self._cache.add_ask([price, size or "0.00000000"])

    def best(self) -> object:
        return self._cache.get_bids()[0], self._cache.get_asks()[0]

    def top(self) -> object:
        return self._cache.get_bids()[:20]


def drawn(count: int = 3_000) -> tuple[int, Levels, Levels, list[DepthUpdate]]:
    """A book of a thousand levels a side and diffs near its top; always the same."""
    draw = random.Random(1)
    middle = 50_000.0
    bids = tuple((round(middle - n / 10, 1), 1.0) for n in range(1, 1_001))
    asks = tuple((round(middle + n / 10, 1), 1.0) for n in range(1, 1_001))
    diffs = []
    for number in range(count):
        changes: list[list[tuple[float, float]]] = [[], []]
        for side, sign in enumerate((-1, 1)):
            for _ in range(10):
                price = round(middle + sign * (1 + draw.expovariate(0.02)) / 10, 1)
                changes[side].append((price, draw.choice((0.0, 0.5, 1.5))))
        diffs.append(
            DepthUpdate("X", number + 1, number + 1, -1, tuple(changes[0]), tuple(changes[1]), 0, 0)
        )
    return 0, bids, asks, diffs


def recorded(tape: Path) -> tuple[int, Levels, Levels, list[DepthUpdate]]:
    """The first book of the tape that has a snapshot, and the diffs after it."""
    snapshots = msgspec.json.Decoder(Snapshot, strict=False)
    decoder = msgspec.json.Decoder(Recorded, strict=False)
    start: tuple[str, Snapshot] | None = None
    by_symbol: dict[str, list[DepthUpdate]] = {}
    for frame in read(tape):
        if frame.kind is FrameKind.DEPTH:
            start = start or (frame.symbol, snapshots.decode(frame.data))
        elif b'"depthUpdate"' in frame.data:
            symbol, diff = msgspec.json.decode(frame.data)["s"], decoder.decode(frame.data)
            ids = diff.first_update_id, diff.last_update_id, diff.previous_update_id
            levels = tuple(diff.bids), tuple(diff.asks)
            by_symbol.setdefault(symbol, []).append(DepthUpdate(symbol, *ids, *levels, 0, 0))
    if start is None:
        raise SystemExit(f"{tape} holds no snapshot of a book")
    symbol, snapshot = start
    at = snapshot.last_update_id
    diffs = [diff for diff in by_symbol[symbol] if diff.last_update_id > at]
    return at, tuple(snapshot.bids), tuple(snapshot.asks), diffs


def measured(make: Callable[[], Any], diffs: list[DepthUpdate]) -> dict[str, float]:
    """Microseconds: a diff, a diff and the best after it, the best, twenty levels."""
    rounds: dict[str, list[float]] = {"apply": [], "apply_and_best": [], "best": [], "top20": []}
    for _ in range(_ROUNDS):
        book = make()
        began = time.perf_counter()
        for diff in diffs:
            book.apply(diff)
        rounds["apply"].append((time.perf_counter() - began) / len(diffs))
        for name, call in (("best", book.best), ("top20", book.top)):
            reads = max(1, _READS // 10)
            began = time.perf_counter()
            for _ in range(reads):
                call()
            rounds[name].append((time.perf_counter() - began) / reads)
        rounds["apply_and_best"].append(rounds["apply"][-1] + rounds["best"][-1])
    return {name: round(statistics.median(took) * 1e6, 2) for name, took in rounds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tape", type=Path, nargs="?")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    update_id, bids, asks, diffs = recorded(options.tape) if options.tape else drawn()
    figures = {
        "this bot": measured(lambda: OurBook(update_id, bids, asks), diffs),
        "dict, best looked for": measured(lambda: DictBook(bids, asks), diffs),
        "python-binance DepthCache": measured(lambda: PythonBinanceBook(bids, asks), diffs),
    }
    levels = statistics.fmean(len(diff.bids) + len(diff.asks) for diff in diffs)
    head = {"diffs": len(diffs), "levels_a_diff": round(levels, 1)}
    if options.format == "json":
        print(json.dumps({**head, "python": platform.python_version(), "us": figures}))
        return
    print(f"{head['diffs']} diffs of {head['levels_a_diff']} levels on average; microseconds")
    print(f"{'':28}{'diff':>9}{'diff+best':>11}{'best':>9}{'20 bids':>9}")
    for name, took in figures.items():
        print(
            f"{name:28}{took['apply']:9.2f}{took['apply_and_best']:11.2f}"
            f"{took['best']:9.2f}{took['top20']:9.2f}"
        )


if __name__ == "__main__":
    main()
