"""Checks that a tape's messages agree with each other, while they pass."""

from typing import Any, Final

from bot.domain.book import Best, Step
from bot.domain.synced_book import SyncedBook
from bot.history.messages import BookTicker, DepthUpdate, Snapshot

__all__ = ["BookWatch", "IdWatch"]

_QUOTES_MAX: Final = 10_000
"""Quotes that wait for the diff with their update id; the oldest go unchecked."""


class BookWatch:
    """A book rebuilt from diffs, compared with the quotes that carry the same update id."""

    def __init__(self) -> None:
        self.book = SyncedBook()
        self.checked = 0
        self.disagreements = 0
        # Quotes come up to 100 ms before the diff that brings the book to their id.
        self._quotes: dict[int, BookTicker] = {}
        self._is_futures: bool | None = None

    @property
    def has_book(self) -> bool:
        """False if there were quotes only."""
        return self.book.updates > 0 or self.book.update_id is not None

    def snapshot(self, snapshot: Snapshot) -> None:
        if self.book.snapshot(snapshot.last_update_id, snapshot.bids, snapshot.asks):
            self._settle()

    def update(self, diff: DepthUpdate) -> bool:
        """False if the diff is of another market than those before it."""
        is_futures = diff.previous_update_id >= 0
        if self._is_futures is None:
            self._is_futures = is_futures
        elif self._is_futures is not is_futures:
            return False
        if self.book.update(diff) in {Step.APPLIED, Step.CROSSED}:
            self._settle()
        return True

    def quote(self, quote: BookTicker) -> None:
        if quote.update_id == self.book.update_id and self._compare(quote):
            return
        self._quotes[quote.update_id] = quote
        if len(self._quotes) > _QUOTES_MAX:
            del self._quotes[next(iter(self._quotes))]

    def as_dict(self) -> dict[str, Any]:
        return {
            "updates": self.book.updates,
            "gaps": self.book.gaps,
            "checked_against_book_ticker": self.checked,
            "disagreements": self.disagreements,
        }

    def defects(self, name: str) -> list[str]:
        return _counted(
            name,
            {
                "gap": self.book.gaps,
                "repeated update": self.book.repeated,
                "disagreement": self.disagreements,
            },
        )

    def _settle(self) -> None:
        """Compare the quote of the book's update id, and forget those before it."""
        at = self.book.update_id
        if at is None:
            return
        if (quote := self._quotes.get(at)) and self._compare(quote):
            del self._quotes[at]
        while self._quotes and (oldest := next(iter(self._quotes))) < at:
            del self._quotes[oldest]

    def _compare(self, quote: BookTicker) -> bool:
        """False if there is no book to compare it with (yet)."""
        best = self.book.book.best if self.book.linked else None
        if best is None:
            return False
        self.checked += 1
        self.disagreements += best != Best(quote.bid, quote.bid_size, quote.ask, quote.ask_size)
        return True


class IdWatch:
    """Ids that should count up by one."""

    def __init__(self) -> None:
        self.gaps = 0
        self.repeated = 0
        self._last: int | None = None

    def see(self, number: int) -> None:
        if self._last is not None:
            if number <= self._last:
                self.repeated += 1
                return
            self.gaps += number != self._last + 1
        self._last = number

    def defects(self, name: str) -> list[str]:
        return _counted(name, {"gap": self.gaps, "repeated id": self.repeated})


def _counted(name: str, counts: dict[str, int]) -> list[str]:
    return [
        f"{name}: {count} {what}{'s' if count > 1 else ''}"
        for what, count in counts.items()
        if count
    ]
