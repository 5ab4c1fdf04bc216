"""The whole order books of a stage: what changes in them is told, and they can be asked for."""

from collections.abc import Iterator
from typing import Final

from bot.domain.commands import Command, FetchBook
from bot.domain.events import Event
from bot.domain.fetched import BookFetched
from bot.domain.market import DepthUpdate

__all__ = ["WholeBooks"]

_Levels = dict[float, float]
_FIRST_ID: Final = 1_000_000_000
"""Far from the ids of quotes, which are no part of these books."""


class WholeBooks:
    """One book a symbol, each update of which has the next id."""

    def __init__(self) -> None:
        self._books: dict[str, tuple[_Levels, _Levels]] = {}
        self._update_ids: dict[str, int] = {}

    def become(self, symbol: str, bids: _Levels, asks: _Levels, now_ns: int) -> DepthUpdate:
        """The book is now this; the update tells what is other than before."""
        before = self._books.get(symbol, ({}, {}))
        self._books[symbol] = bids, asks
        update_id = self._update_ids.get(symbol, _FIRST_ID) + 1
        self._update_ids[symbol] = update_id
        bid_changes, ask_changes = _changes(before[0], bids), _changes(before[1], asks)
        return DepthUpdate(
            symbol, update_id, update_id, -1, bid_changes, ask_changes, now_ns, now_ns
        )

    def answer(self, command: Command, now_ns: int) -> Iterator[Event]:
        """The answer to a question for a book; nothing to other commands."""
        if isinstance(command, FetchBook):
            bids, asks = self._books.get(command.symbol, ({}, {}))
            yield BookFetched(
                symbol=command.symbol,
                last_update_id=self._update_ids.get(command.symbol, _FIRST_ID),
                bids=tuple(sorted(bids.items(), reverse=True)),
                asks=tuple(sorted(asks.items())),
                limit=command.limit,
                recv_ns=now_ns,
            )


def _changes(before: _Levels, after: _Levels) -> tuple[tuple[float, float], ...]:
    gone = ((price, 0.0) for price in before if price not in after)
    return (*gone, *(level for level in after.items() if before.get(level[0]) != level[1]))
