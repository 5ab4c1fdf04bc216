"""An order book kept in step with Binance's diffs, which knows when it has lost step."""

from collections import deque
from typing import Final

from bot.history.messages import DepthUpdate, Levels, Snapshot

__all__ = ["SyncedBook"]

_WAITING_MAX: Final = 20_000
"""Diffs kept for a snapshot that has not come; the oldest fall out, and then it cannot link."""


class SyncedBook:
    """Snapshot plus diffs, by Binance's procedure "How to manage a local order book correctly".

    Spot: diffs with ``u <= lastUpdateId`` are dropped, the first one kept must reach back to
    ``lastUpdateId + 1``, and then each ``U`` is the ``u`` before it plus 1. Futures: diffs with
    ``u < lastUpdateId`` are dropped, the first one kept has ``U <= lastUpdateId <= u`` or
    ``pu == lastUpdateId``, and then each ``pu`` is the ``u`` before it. The chain of diffs is
    followed with or without a snapshot; where it breaks, the book is thrown away until the
    next snapshot.
    """

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.update_id: int | None = None
        """The last update that is in the book; None while it is out of step."""
        self.updates = 0
        """Diffs seen."""
        self.gaps = 0
        """Breaks in the chain of diffs."""
        self.repeated = 0
        """Diffs that were older than one seen before."""
        self._chain_id: int | None = None
        self._linked = False
        # Diffs that came before their snapshot.
        self._waiting: deque[DepthUpdate] = deque(maxlen=_WAITING_MAX)

    def snapshot(self, snapshot: Snapshot) -> bool:
        """Begin from the snapshot; False if it was not needed, or does not reach the diffs."""
        if self.update_id is not None and self._linked:
            return False
        self.bids = dict(snapshot.bids)
        self.asks = dict(snapshot.asks)
        self.update_id = snapshot.last_update_id
        self._linked = False
        if not all(self._apply(diff) for diff in self._waiting):
            return False
        self._waiting.clear()
        return True

    def update(self, diff: DepthUpdate) -> bool:
        """Take one diff in; True if the book now stands at its final id."""
        self.updates += 1
        if self._chain_id is not None:
            if diff.final_id <= self._chain_id:
                self.repeated += 1
                return False
            if not _follows(diff, self._chain_id):
                self.gaps += 1
                self.update_id = None
                self._waiting.clear()
        self._chain_id = diff.final_id
        if self.update_id is None:
            self._waiting.append(diff)
            return False
        if not self._apply(diff):
            self._waiting.append(diff)
        return self.update_id == diff.final_id

    def best(self) -> tuple[float, float, float, float] | None:
        """Best bid, its size, best ask, its size; None if out of step or a side is empty.

        A snapshot alone is not in step: only a diff that links to it proves that it is.
        """
        if self.update_id is None or not (self._linked and self.bids and self.asks):
            return None
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]

    def _apply(self, diff: DepthUpdate) -> bool:
        """Write the diff, or drop it as old; False if the snapshot does not reach it."""
        at = self.update_id
        if at is None or diff.final_id < at or (diff.previous_id is None and diff.final_id == at):
            return True
        if not self._linked and not _links(diff, at):
            self.update_id = None
            return False
        self._linked = True
        _write(self.bids, diff.bids)
        _write(self.asks, diff.asks)
        self.update_id = diff.final_id
        return True


def _follows(diff: DepthUpdate, chain_id: int) -> bool:
    if diff.previous_id is not None:
        return diff.previous_id == chain_id
    return diff.first_id <= chain_id + 1


def _links(diff: DepthUpdate, snapshot_id: int) -> bool:
    if diff.previous_id is not None:
        return diff.first_id <= snapshot_id or diff.previous_id == snapshot_id
    return diff.first_id <= snapshot_id + 1


def _write(side: dict[float, float], levels: Levels) -> None:
    for price, size in levels:
        if size:
            side[price] = size
        else:
            side.pop(price, None)
