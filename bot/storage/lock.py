"""One bot for each database: a second one would trade on the same rows."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import DatabaseError

__all__ = ["FileLock", "ProcessLock", "ServerLock"]

_ADVISORY_KEY: Final = int.from_bytes(b"bot", "big")


class ProcessLock(Protocol):
    def hold(self, connection: Connection) -> bool:
        """Take the database, for each new connection. False: somebody else has it."""
        ...

    def check(self) -> None:
        """Raise a DatabaseError if the database is not the one that was opened."""
        ...

    def free(self, connection: Connection) -> None:
        """Give it back while the connection that holds it is still open."""
        ...

    def release(self) -> None:
        """Give it back once the connection is closed."""
        ...


class FileLock:
    """``flock`` on a file beside the database. The kernel frees it when the process dies.

    Raises:
        DatabaseError: another process holds it.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._inode = 0
        path = database.with_name(database.name + ".lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as e:
            msg = f"the lock {path} cannot be made: {e.strerror}"
            raise DatabaseError(msg) from e
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            owner = os.read(self._file, 20).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            msg = (
                f"the database {database} is in use by another bot (process {owner}); "
                "stop that one, or give another --db"
            )
            raise DatabaseError(msg) from e
        os.truncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def hold(self, connection: Connection) -> bool:  # noqa: ARG002 - of the protocol
        self._inode = self._database.stat().st_ino
        return True

    def check(self) -> None:
        # SQLite goes on writing into a file that was deleted or replaced, and nobody would know.
        try:
            inode = self._database.stat().st_ino
        except OSError:
            inode = 0
        if inode != self._inode:
            msg = f"the database {self._database} was removed or replaced while the bot was running"
            raise DatabaseError(msg)

    def free(self, connection: Connection) -> None:
        """It is held until the database is closed: see :meth:`release`."""

    def release(self) -> None:
        """Free it. The file stays: to delete it would let two processes lock two files."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class ServerLock:
    """An advisory lock of the session: the server frees it when the connection ends."""

    def hold(self, connection: Connection) -> bool:
        query = text("SELECT pg_try_advisory_lock(:key)")
        with connection.begin():
            return bool(connection.execute(query, {"key": _ADVISORY_KEY}).scalar_one())

    def check(self) -> None:
        """A server's database cannot be replaced under an open session."""

    def free(self, connection: Connection) -> None:
        # A server notices the end of a connection a moment later than its client: a bot that
        # is started in that moment would be refused.
        if not connection.invalidated:
            with suppress(DBAPIError), connection.begin():
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})

    def release(self) -> None:
        """What was not freed goes with the connection."""
