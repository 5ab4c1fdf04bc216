"""What passes by itself is waited for; what does not is told."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from bot.storage.faults import is_passing


def sqlite_error(code):
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    return DBAPIError("SELECT", None, error)


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_LOCKED, True),
        (sqlite3.SQLITE_FULL, False),
        (sqlite3.SQLITE_ERROR, False),
        (sqlite3.SQLITE_READONLY, False),
    ],
)
def test_sqlite(code, passes):
    assert is_passing(sqlite_error(code)) is passes


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.TooManyConnections(), True),
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.errors.DiskFull(), False),
        (psycopg.errors.UndefinedTable(), False),
        (psycopg.errors.NotNullViolation(), False),
    ],
)
def test_postgresql(error, passes):
    assert is_passing(DBAPIError("SELECT", None, error)) is passes
