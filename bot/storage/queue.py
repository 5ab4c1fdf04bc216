"""Groups of records on their way to the writer, and who waits for which of them."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from loguru import logger

from bot.domain.errors import DatabaseError
from bot.domain.records import Record

__all__ = ["MarkedQueue", "Taken"]

_MOST_ROWS_AT_ONCE: Final = 10_000
"""Of one transaction, unless a single group is larger."""


class Taken(msgspec.Struct, frozen=True):
    records: list[Record]
    mark: int
    """Of the last group among them."""


class _Waiter(msgspec.Struct, frozen=True):
    mark: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]


class MarkedQueue:
    """First in, first out. A mark counts the groups that were ever appended.

    When it holds ``capacity`` records it still accepts more, for a row is never dropped: it
    says so once in the log, :attr:`is_congested` turns true, and whoever waits for a mark
    (each order does, before it is sent) waits for all the rows before it. So a database that
    cannot keep up holds up trading, not the event loop.
    """

    def __init__(self, *, capacity: int) -> None:
        self.capacity = capacity
        self.error: DatabaseError | None = None
        """Why nothing will be written any more."""
        self._groups: deque[Sequence[Record]] = deque()
        self._changed = threading.Condition()
        self._waiters: list[_Waiter] = []
        self._last_mark = 0
        self._taken_mark = 0
        self._durable_mark = 0
        self._backlog = 0
        self._in_flight = 0
        self._is_closed = False
        self._was_congested = False

    @property
    def backlog(self) -> int:
        """Records that are not committed yet."""
        return self._backlog

    @property
    def is_congested(self) -> bool:
        return self._backlog >= self.capacity

    @property
    def has_groups(self) -> bool:
        """True if :meth:`take` would not wait."""
        return bool(self._groups)

    def append(self, records: Sequence[Record]) -> int:
        """Queue one group; from any thread.

        After a failure, or after :meth:`close`, the records are let go: their mark never
        becomes durable, and waiting for it says why.
        """
        with self._changed:
            if not records:
                return self._last_mark
            self._last_mark += 1
            if self.error is not None or self._is_closed:
                return self._last_mark
            self._groups.append(tuple(records))
            self._backlog += len(records)
            self._note_congestion()
            self._changed.notify()
            return self._last_mark

    def take(self) -> Taken | None:
        """Everything queued, up to a bound; waits for something. None: closed and empty."""
        with self._changed:
            while not self._groups and not self._is_closed:
                self._changed.wait()
            if not self._groups:
                return None
            records: list[Record] = list(self._groups.popleft())
            self._taken_mark += 1
            while self._groups and len(records) + len(self._groups[0]) <= _MOST_ROWS_AT_ONCE:
                records.extend(self._groups.popleft())
                self._taken_mark += 1
            self._in_flight = len(records)
            return Taken(records, self._taken_mark)

    def commit(self, mark: int) -> None:
        """All that was taken is on disk: wake those who wait for it."""
        with self._changed:
            self._durable_mark = mark
            self._backlog -= self._in_flight
            self._in_flight = 0
            self._note_congestion()
            ready = [waiter for waiter in self._waiters if waiter.mark <= mark]
            if ready:
                self._waiters = [waiter for waiter in self._waiters if waiter.mark > mark]
        _wake(ready, None)

    def fail(self, error: DatabaseError) -> None:
        """Nothing will be committed any more: tell all who wait, now and later."""
        with self._changed:
            self.error = self.error or error
            self._groups.clear()
            waiting, self._waiters = self._waiters, []
        _wake(waiting, error)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    async def durable(self, mark: int) -> None:
        """Return when ``mark`` is committed. Raises the DatabaseError of :meth:`fail`."""
        with self._changed:
            if mark <= self._durable_mark:
                return
            if self.error is not None:
                raise self.error
            if mark > self._last_mark:
                msg = f"mark {mark} was never given out; the last one is {self._last_mark}"
                raise ValueError(msg)
            if self._is_closed and not self._in_flight and not self._groups:
                msg = "the trade database is closed; nothing more is written"
                raise DatabaseError(msg)
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            self._waiters.append(_Waiter(mark, loop, future))
        await future

    def _note_congestion(self) -> None:
        if self.is_congested and not self._was_congested:
            self._was_congested = True
            logger.warning(
                "the trade database does not keep up: {} rows wait; orders wait with them",
                self._backlog,
            )
        elif self._was_congested and self._backlog < self.capacity // 2:
            self._was_congested = False
            logger.info("the trade database keeps up again: {} rows wait", self._backlog)


def _wake(waiters: Iterable[_Waiter], error: DatabaseError | None) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for waiter in waiters:
        by_loop.setdefault(waiter.loop, []).append(waiter.future)
    for loop, futures in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, futures, error)
        except RuntimeError:
            # That loop has ended, and with it all who waited there.
            continue


def _settle(futures: Iterable[asyncio.Future[None]], error: DatabaseError | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
