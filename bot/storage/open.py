"""Opening a trade database for a bot: checked, locked, with its writer running."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import DatabaseError
from bot.storage import migrate
from bot.storage.connection import (
    Synchronous,
    file_of,
    normalise_url,
    reading,
    reading_engine,
    reason_of,
    shown,
    writing_engine,
)
from bot.storage.lock import FileLock, ProcessLock, ServerLock
from bot.storage.queue import MarkedQueue
from bot.storage.writer import SqlStore, Writer

__all__ = ["downgrade", "open_store", "prepare", "revisions", "upgrade"]

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
    _must_exist(parsed)
    path = file_of(parsed)
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
        upgrade(url)
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
        upgrade(url)


def upgrade(url: str) -> tuple[str | None, str | None]:
    """Make the database, or migrate it to the newest revision; the revisions before and after.

    Raises:
        DatabaseError: a bot uses it, it is newer than this code, it holds other tables than
            ours, or it is unreachable.
    """
    parsed = normalise_url(url)
    path = file_of(parsed)
    is_new = path is not None and not path.exists()
    with _held(parsed):
        before = None if is_new else _upgradable(parsed)
        migrate.upgrade(parsed)
        return before, _revision(parsed)


def downgrade(url: str, revision: str) -> tuple[str | None, str | None]:
    """Migrate down; the revisions before and after.

    Raises:
        DatabaseError: a bot uses it, there is no such revision, or it is unreachable.
    """
    parsed = normalise_url(url)
    _must_exist(parsed)
    with _held(parsed):
        before = _revision(parsed)
        migrate.downgrade(parsed, revision)
        return before, _revision(parsed)


def revisions(url: str) -> tuple[str | None, str]:
    """The revision of the database (None: never migrated) and the one that this code needs.

    Raises:
        DatabaseError: it is missing or unreachable.
    """
    parsed = normalise_url(url)
    _must_exist(parsed)
    return _revision(parsed), migrate.head()


def _upgradable(url: URL) -> str | None:
    engine = reading_engine(url)
    try:
        with reading(engine, url) as connection:
            migrate.ensure_upgradable(connection, shown(url))
            return migrate.current(connection)
    finally:
        engine.dispose()


def _revision(url: URL) -> str | None:
    engine = reading_engine(url)
    try:
        with reading(engine, url) as connection:
            return migrate.current(connection)
    finally:
        engine.dispose()


def _must_exist(url: URL) -> None:
    path = file_of(url)
    if path is not None and not path.is_file():
        msg = f"there is no database {path}; run: bot db upgrade --db sqlite:///{path}"
        raise DatabaseError(msg)


@contextmanager
def _held(url: URL) -> Iterator[None]:
    """No bot may have it open, nor open it meanwhile."""
    path = file_of(url)
    if path is not None:
        if not path.parent.is_dir():
            msg = f"the folder of the database {path} does not exist; make it, or give another --db"
            raise DatabaseError(msg)
        lock = FileLock(path)
        try:
            yield
        finally:
            lock.release()
        return
    engine = writing_engine(url)
    try:
        with engine.connect() as connection:
            session = ServerLock()
            _take(session, connection, url)
            try:
                yield
            finally:
                session.free(connection)
    except DBAPIError as e:
        raise _unreachable(url, e) from e
    finally:
        engine.dispose()


def _take(lock: ProcessLock, connection: Connection, url: URL) -> None:
    if not lock.hold(connection):
        msg = f"the database {shown(url)} is in use by another bot; stop it, or give another --db"
        raise DatabaseError(msg)


def _writer(
    url: URL, lock: ProcessLock, queue: MarkedQueue, environment: str, synchronous: Synchronous
) -> Writer:
    engine = writing_engine(url, synchronous=synchronous)
    try:
        connection = engine.connect()
        try:
            _take(lock, connection, url)
            with connection.begin():
                migrate.ensure_current(connection, shown(url))
        except BaseException:
            lock.free(connection)
            connection.close()
            raise
    except DBAPIError as e:
        raise _unreachable(url, e) from e
    return Writer(
        engine=engine, connection=connection, lock=lock, queue=queue, environment=environment
    )


def _unreachable(url: URL, error: DBAPIError) -> DatabaseError:
    return DatabaseError(f"the database {shown(url)} cannot be opened: {reason_of(error)}")
