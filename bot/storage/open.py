"""Opening a trade database for a bot: checked, locked, with its writer running."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import DatabaseError
from bot.storage import migrate
from bot.storage.connection import (
    Synchronous,
    file_of,
    normalise_url,
    reason_of,
    shown,
    writing_engine,
)
from bot.storage.lock import FileLock, ProcessLock, ServerLock
from bot.storage.queue import MarkedQueue
from bot.storage.writer import SqlStore, Writer

__all__ = ["open_store", "prepare"]

_CAPACITY: Final = 100_000
_CLOSE_TIMEOUT_S: Final = 30.0


def open_store(
    url: str,
    *,
    environment: str = "",
    synchronous: Synchronous = "NORMAL",
    capacity: int = _CAPACITY,
    close_timeout_s: float = _CLOSE_TIMEOUT_S,
) -> SqlStore:
    """The store on a migrated database that no other bot uses.

    ``environment`` is where rows belong that come before the first RunStarted, which brings
    its own. ``synchronous`` concerns SQLite: NORMAL loses nothing when the process is killed,
    FULL nothing when the power is cut. ``capacity`` is the backlog, in records, above which the
    store calls itself congested.

    Raises:
        DatabaseError: the URL is wrong, the database is missing, unreachable, locked, in use by
            another bot, not migrated, or newer than this code.
    """
    parsed = normalise_url(url)
    path = file_of(parsed)
    if path is not None and not path.is_file():
        msg = f"there is no database {path}; run: bot db upgrade --db {url}"
        raise DatabaseError(msg)
    lock: ProcessLock = ServerLock() if path is None else FileLock(path)
    queue = MarkedQueue(capacity=capacity)
    try:
        writer = _writer(parsed, lock, queue, environment, synchronous)
    except BaseException:
        lock.release()
        raise
    return SqlStore(url=parsed, writer=writer, queue=queue, close_timeout_s=close_timeout_s)


def prepare(url: str) -> None:
    """Make and migrate a database that is new (absent or without tables).

    One that holds rows is only looked at: its owner decides when it is migrated.

    Raises:
        DatabaseError: it needs ``bot db upgrade``, is newer than this code, or is unreachable.
    """
    parsed = normalise_url(url)
    path = file_of(parsed)
    if path is not None and (not path.exists() or path.stat().st_size == 0):
        _upgrade_new_file(parsed, path)
        return
    engine = writing_engine(parsed)
    try:
        with engine.connect() as connection:
            is_new = migrate.is_empty(connection)
            if not is_new:
                migrate.ensure_current(connection, shown(parsed))
    except DBAPIError as e:
        raise _unreachable(parsed, e) from e
    finally:
        engine.dispose()
    if is_new:
        migrate.upgrade(parsed)


def _upgrade_new_file(url: URL, path: Path) -> None:
    if not path.parent.is_dir():
        msg = f"the folder of the database {path} does not exist; make it, or give another --db"
        raise DatabaseError(msg)
    lock = FileLock(path)
    try:
        migrate.upgrade(url)
    finally:
        lock.release()


def _writer(
    url: URL, lock: ProcessLock, queue: MarkedQueue, environment: str, synchronous: Synchronous
) -> Writer:
    engine = writing_engine(url, synchronous=synchronous)
    try:
        connection = engine.connect()
        if not lock.hold(connection):
            connection.close()
            msg = (
                f"the database {shown(url)} is in use by another bot; stop it, or give another --db"
            )
            raise DatabaseError(msg)
        try:
            with connection.begin():
                migrate.ensure_current(connection, shown(url))
        except BaseException:
            connection.close()
            raise
    except DBAPIError as e:
        raise _unreachable(url, e) from e
    return Writer(
        engine=engine, connection=connection, lock=lock, queue=queue, environment=environment
    )


def _unreachable(url: URL, error: DBAPIError) -> DatabaseError:
    return DatabaseError(f"the database {shown(url)} cannot be opened: {reason_of(error)}")
