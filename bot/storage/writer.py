"""The store on a database: one thread writes, everybody else appends and waits for marks."""

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Final

from loguru import logger
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import DatabaseError
from bot.domain.records import Record
from bot.ports import Recovery
from bot.storage.batch import Batch
from bot.storage.connection import reading, reading_engine, reason_of
from bot.storage.faults import is_passing
from bot.storage.lock import ProcessLock
from bot.storage.queue import MarkedQueue, Taken
from bot.storage.recovery import recover

__all__ = ["SqlStore", "Writer"]

_FIRST_DELAY_S: Final = 0.05
_LONGEST_DELAY_S: Final = 2.0


class SqlStore:
    """The :class:`bot.ports.Store` on SQLite or PostgreSQL. Made by ``open_store``.

    Everything queued goes into one transaction (group commit), each group whole. While the
    database is locked or away the rows wait, and the orders with them; ``append`` accepts all
    the same (see :class:`bot.storage.queue.MarkedQueue` for what happens when it is full).
    """

    def __init__(
        self, *, url: URL, writer: "Writer", queue: MarkedQueue, close_timeout_s: float
    ) -> None:
        self._url = url
        self._queue = queue
        self._writer = writer
        self._close_timeout_s = close_timeout_s
        self._thread = threading.Thread(target=writer.run, name="trade database", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Records that are not committed yet."""
        return self._queue.backlog

    @property
    def is_congested(self) -> bool:
        """True while the backlog is at its capacity or above."""
        return self._queue.is_congested

    @property
    def transactions(self) -> int:
        """How many were committed."""
        return self._writer.transactions

    def append(self, records: Sequence[Record]) -> int:
        return self._queue.append(records)

    async def durable(self, mark: int) -> None:
        await self._queue.durable(mark)

    def recover(self, environment: str) -> Recovery:
        engine = reading_engine(self._url)
        try:
            with reading(engine, self._url) as connection:
                return recover(connection, environment)
        finally:
            engine.dispose()

    async def close(self) -> None:
        """Commit what is queued and end the writer.

        A database that stays locked or away is waited for, up to the time-out.

        Raises:
            DatabaseError: some rows could not be written.
        """
        self._writer.finish_by(time.monotonic() + self._close_timeout_s)
        self._queue.close()
        await asyncio.to_thread(self._thread.join)
        if self._queue.error is not None:
            raise self._queue.error


class Writer:
    """What the thread does. Owns the one connection that writes."""

    def __init__(
        self,
        *,
        engine: Engine,
        connection: Connection,
        lock: ProcessLock,
        queue: MarkedQueue,
        environment: str,
    ) -> None:
        self.transactions = 0
        self._engine = engine
        self._connection: Connection | None = connection
        self._lock = lock
        self._queue = queue
        self._environment = environment
        self._deadline: float | None = None
        # Set when a pause between two attempts should not wait for its end.
        self._hurry = threading.Event()

    def finish_by(self, deadline: float) -> None:
        """Give up on a database that is away at that ``time.monotonic()``."""
        self._deadline = deadline
        self._hurry.set()

    def run(self) -> None:
        """Write until the queue is closed and empty, or until the database has failed for good."""
        try:
            while (taken := self._queue.take()) is not None:
                self._write(taken)
                self._queue.commit(taken.mark)
        except DatabaseError as e:
            self._fail(e)
        except Exception as e:  # noqa: BLE001 - wall: the writer's thread; whoever waits must hear of its end
            logger.exception("the trade database's writer failed")
            self._fail(DatabaseError(f"a record could not be stored: {type(e).__name__}: {e}"))
        finally:
            if self._connection is not None:
                self._lock.free(self._connection)
            self._disconnect()
            self._engine.dispose()
            self._lock.release()

    def _write(self, taken: Taken) -> None:
        batch = Batch(taken.records, environment=self._environment)
        delay_s, attempts = _FIRST_DELAY_S, 0
        while reason := self._attempt(batch, is_repeat=attempts > 0):
            attempts += 1
            logger.warning(
                "the trade database does not take rows ({}): {} wait, attempt {}",
                reason,
                self._queue.backlog,
                attempts,
            )
            self._pause(delay_s, reason)
            delay_s = min(delay_s * 2, _LONGEST_DELAY_S)
        if attempts:
            logger.info("the trade database takes rows again")
        self._environment = batch.environment
        self.transactions += 1

    def _attempt(self, batch: Batch, *, is_repeat: bool) -> str:
        """Commit it. Why to try again later, or ''."""
        try:
            self._lock.check()
            connection = self._connection or self._connect()
            if connection is None:
                return "another session holds its lock"
            with connection.begin():
                batch.write(connection, is_repeat=is_repeat)
        except DBAPIError as e:
            if e.connection_invalidated:
                self._disconnect()
            if not is_passing(e):
                msg = f"the trade database cannot be written: {reason_of(e)}"
                raise DatabaseError(msg) from e
            return reason_of(e)
        return ""

    def _connect(self) -> Connection | None:
        """A new connection that holds the lock, or None.

        None while the server still thinks that the lost one holds it, or if another bot has
        taken the database over.
        """
        connection = self._engine.connect()
        if not self._lock.hold(connection):
            connection.close()
            return None
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _pause(self, delay_s: float, reason: str) -> None:
        if self._deadline is None:
            self._hurry.wait(delay_s)
        elif time.monotonic() + delay_s < self._deadline:
            time.sleep(delay_s)
        else:
            msg = (
                f"the trade database is not available ({reason}): {self._queue.backlog} rows "
                "were not written; `bot db verify` and the next start's sweep show what is missing"
            )
            raise DatabaseError(msg)

    def _fail(self, error: DatabaseError) -> None:
        logger.error("{}", error)
        self._queue.fail(error)
