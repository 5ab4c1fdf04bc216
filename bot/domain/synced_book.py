"""A book kept in step with a stream of diffs, which knows when it has lost step.

Source: Binance's "How to manage a local order book correctly", spot and USDⓈ-M futures.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from bot.domain.book import Diff, Level, OrderBook, Step

__all__ = ["SyncedBook"]

_WAITING_MAX: Final = 20_000
"""Diffs kept for a snapshot that has not come; the oldest fall out, and then it cannot link."""


class SyncedBook:
    """Snapshot plus diffs.

    Spot: diffs with ``u <= lastUpdateId`` are dropped, the first one kept must reach back to
    ``lastUpdateId + 1``, and then each ``U`` is the ``u`` before it plus 1. Futures: diffs with
    ``u < lastUpdateId`` are dropped, the first one kept has ``U <= lastUpdateId <= u`` or
    ``pu == lastUpdateId``, and then each ``pu`` is the ``u`` before it. The chain of diffs is
    followed with or without a snapshot; where it breaks, the book is out of step until the
    next snapshot.
    """

    def __init__(self, symbol: str = "", *, may_overlap: bool = False) -> None:
        """``may_overlap``: the diffs come from more than one connection.

        Each may cut the same changes into diffs of its own. One that begins earlier than it
        should and ends later misses nothing, for its sizes are absolute; of one connection it
        would be a sign that something is wrong.
        """
        self.book = OrderBook(symbol)
        self._may_overlap = may_overlap
        self.in_step = False
        """Whether the book may be read: nothing that came before it is missing."""
        self.linked = False
        """Whether a diff has been written since the snapshot: the first must link to it."""
        self.updates = 0
        """Diffs seen."""
        self.gaps = 0
        """Breaks in the chain of diffs."""
        self.repeated = 0
        """Diffs that were older than one seen before."""
        self.missing: tuple[int, int] = (0, -1)
        """The ids, first and last, that the newest break is about."""
        self._chain_id: int | None = None
        self._has_snapshot = False
        # Diffs that came before their snapshot, in one unbroken chain.
        self._waiting: deque[Diff] = deque(maxlen=_WAITING_MAX)
        self.renewing = False
        """Whether the next snapshot is taken even if the book is in step."""

    @property
    def update_id(self) -> int | None:
        """The last update that is in the book; None if there is none."""
        return self.book.update_id if self._has_snapshot else None

    def snapshot(
        self, update_id: int, bids: Iterable[Level], asks: Iterable[Level], *, limit: int = 0
    ) -> bool:
        """Begin from a snapshot; False if it was not wanted, or does not reach the diffs."""
        if self.linked and not self.renewing:
            return False
        fresh = [diff for diff in self._waiting if not _is_older(diff, update_id)]
        if fresh and not _links(fresh[0], update_id):
            if not self.linked:
                self._has_snapshot = self.in_step = False
            return False
        self.book.restart(update_id, bids, asks, limit=limit)
        for diff in fresh:
            self.book.write(diff.last_update_id, diff.bids, diff.asks)
        self._has_snapshot, self.linked = True, bool(fresh)
        # A chain that was there before the snapshot shows that nothing was missed since.
        self.in_step = bool(self._waiting)
        self._waiting.clear()
        self.renewing = False
        return True

    def renew(self) -> None:
        """Take the next snapshot even if the book is in step, to know more levels."""
        self.renewing = True

    def update(self, diff: Diff) -> Step:
        """Take one diff in. WAITING: it is kept for a snapshot."""
        self.updates += 1
        chain_id, last = self._chain_id, diff.last_update_id
        if chain_id is not None:
            if last <= chain_id:
                self.repeated += 1
                return Step.STALE
            previous = diff.previous_update_id
            before = previous if previous >= 0 else diff.first_update_id - 1
            if before > chain_id or (0 <= previous < chain_id and not self._may_overlap):
                return self._break(diff, chain_id, before)
        self._chain_id = last
        if self.renewing or not self._has_snapshot:
            self._waiting.append(diff)
            if not self._has_snapshot:
                return Step.WAITING
        return self._write(diff)

    def distrust(self) -> None:
        """The book turned out to be wrong: out of step until the next snapshot."""
        self.in_step = self._has_snapshot = self.linked = self.renewing = False
        self._waiting.clear()

    def _write(self, diff: Diff) -> Step:
        book = self.book
        if not self.linked:
            if _is_older(diff, book.update_id):
                return Step.STALE
            if not _links(diff, book.update_id):
                # The snapshot is older than the chain.
                self._has_snapshot = self.in_step = False
                self._waiting.append(diff)
                return Step.WAITING
            self.linked = self.in_step = True
        book.write(diff.last_update_id, diff.bids, diff.asks)
        return Step.CROSSED if book.is_crossed else Step.APPLIED

    def _break(self, diff: Diff, chain_id: int, before: int) -> Step:
        self.gaps += 1
        self.missing = chain_id + 1, before
        self.distrust()
        self._chain_id = diff.last_update_id
        self._waiting.append(diff)
        return Step.GAP


def _is_older(diff: Diff, snapshot_id: int) -> bool:
    """Whether the snapshot holds all of it. On futures one with its very id must be kept."""
    last = diff.last_update_id
    return last < snapshot_id or (diff.previous_update_id < 0 and last == snapshot_id)


def _links(diff: Diff, snapshot_id: int) -> bool:
    if diff.previous_update_id >= 0:
        return diff.first_update_id <= snapshot_id or diff.previous_update_id == snapshot_id
    return diff.first_update_id <= snapshot_id + 1
