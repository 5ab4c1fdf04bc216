"""Which errors of a database pass by themselves."""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError

__all__ = ["is_passing"]

_SQLITE_PASSING: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_SERVER_PASSING: Final = ("08", "40", "53300", "55P03", "57P01", "57P02", "57P03", "57014", "25006")
"""Beginnings of SQLSTATE: no connection, serialization failure or deadlock, too many connections,
lock not available, server going down, crashed or starting, query cancelled, read-only (a
failover in progress)."""


def is_passing(error: DBAPIError) -> bool:
    """True for a locked database and a lost connection: worth trying again.

    False for a full disk, a schema that does not fit, a value that does not fit: trying again
    would fail again.
    """
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return code is not None and (code & 0xFF) in _SQLITE_PASSING
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # psycopg could not even ask: the connection is gone or cannot be made.
        return error.connection_invalidated or type(cause).__name__ == "OperationalError"
    return str(state).startswith(_SERVER_PASSING)
