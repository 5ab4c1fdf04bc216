"""From a database URL to an engine, with errors that say what to do."""

import importlib.util
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from bot.domain.errors import DatabaseError
from bot.storage.sqlite import ReadConnection, WriteConnection, read_only_uri

__all__ = [
    "Synchronous",
    "file_of",
    "normalise_url",
    "reading",
    "reading_engine",
    "reason_of",
    "shown",
    "writing_engine",
]

Synchronous = Literal["NORMAL", "FULL"]
"""NORMAL survives the death of the process, FULL also a power cut (one fsync a commit)."""

_BUSY_TIMEOUT_S = 5.0


def normalise_url(url: str) -> URL:
    """The URL with its driver. ``sqlite:///bot.db``, ``postgresql://user@host/name``.

    Raises:
        DatabaseError: it cannot be read, names another kind of database, or its driver
            is not installed.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text of the URL may hold a password: it is not repeated.
        msg = "the database URL cannot be read; write sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise DatabaseError(msg) from None
    backend = "postgresql" if parsed.drivername == "postgres" else parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            msg = "a database in memory keeps nothing; name a file: sqlite:///bot.db"
            raise DatabaseError(msg)
        return parsed.set(drivername="sqlite+pysqlite")
    if backend == "postgresql":
        if importlib.util.find_spec("psycopg") is None:
            msg = 'PostgreSQL needs its driver, which is not installed: pip install ".[postgres]"'
            raise DatabaseError(msg)
        return parsed.set(drivername="postgresql+psycopg")
    msg = f"{backend!r} databases are not supported; use sqlite:///FILE or postgresql://..."
    raise DatabaseError(msg)


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database, None for a server."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    return Path(url.database)


def shown(url: URL) -> str:
    """The database as messages name it, without its password."""
    return url.database or "" if file_of(url) else url.render_as_string(hide_password=True)


def writing_engine(url: URL, *, synchronous: Synchronous = "NORMAL") -> Engine:
    """An engine whose transactions take the write lock when they begin.

    Each connection is new and belongs to whom asked for it.
    """
    path = file_of(url)
    if path is None:
        return create_engine(url, poolclass=NullPool, connect_args=_postgresql_arguments())
    if not path.parent.is_dir():
        msg = f"the folder of the database {path} does not exist; make it, or give another --db"
        raise DatabaseError(msg)
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "factory": WriteConnection,
            # The connection is made in one thread and handed to the writer's.
            "check_same_thread": False,
            # sqlite3 shall begin nothing of its own: see below.
            "isolation_level": None,
            "timeout": _BUSY_TIMEOUT_S,
        },
    )

    @event.listens_for(engine, "connect")
    def _set_synchronous(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: wait for the lock here, not fail half-way at the first write.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading_engine(url: URL) -> Engine:
    """An engine that cannot write. Each transaction sees one moment of the database.

    Raises:
        DatabaseError: the file does not exist.
    """
    path = file_of(url)
    if path is None:
        return create_engine(
            url,
            isolation_level="REPEATABLE READ",
            connect_args=_postgresql_arguments()
            | {"options": "-c default_transaction_read_only=on"},
            pool_size=4,
        )
    if not path.is_file():
        msg = f"there is no database {path}; give one with --db, or start the bot to make it"
        raise DatabaseError(msg)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            read_only_uri(path),
            uri=True,
            factory=ReadConnection,
            check_same_thread=False,
            isolation_level=None,
            timeout=_BUSY_TIMEOUT_S,
        )

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=QueuePool, pool_size=4)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def reading(engine: Engine, url: URL) -> Iterator[Connection]:
    """A connection in one read transaction; what goes wrong there is a :class:`DatabaseError`."""
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as e:
        msg = f"the database {shown(url)} cannot be read: {reason_of(e)}"
        raise DatabaseError(msg) from e


def reason_of(error: DBAPIError) -> str:
    """The driver's own first line, without SQL and without parameters."""
    return str(error.orig).strip().splitlines()[0] if str(error.orig) else type(error).__name__


def _postgresql_arguments() -> dict[str, Any]:
    # Keep-alives: a server that went away without a word is noticed within half a minute.
    return {
        "connect_timeout": 10,
        "application_name": "bot",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
