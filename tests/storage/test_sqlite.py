"""Exact decimals inside SQLite, and its way of opening."""

import contextlib
import sqlite3

import pytest

from bot.storage.sqlite import ReadConnection, WriteConnection, read_only_uri


@pytest.fixture
def exact():
    with contextlib.closing(sqlite3.connect(":memory:", factory=ReadConnection)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
        values = [("10",), ("9.5",), ("-0.1",), ("0.2",), (None,)]
        connection.executemany("INSERT INTO t (x) VALUES (?)", values)
        yield connection


def test_the_collation_sorts_by_value(exact):
    rows = exact.execute("SELECT x FROM t WHERE x IS NOT NULL ORDER BY x COLLATE DECIMAL")
    assert [x for (x,) in rows] == ["-0.1", "0.2", "9.5", "10"]


def test_the_aggregate_adds_exactly_and_passes_over_null(exact):
    assert exact.execute("SELECT decimal_sum(x) FROM t").fetchone() == ("19.6",)


def test_the_aggregate_is_a_window_function_too(exact):
    rows = exact.execute(
        "SELECT decimal_sum(x) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t"
    )
    assert [x for (x,) in rows] == ["10", "19.5", "9.4", "0.1", "0.2"]


def test_a_writer_turns_the_write_ahead_log_on(tmp_path):
    path = tmp_path / "a b#%.db"
    with contextlib.closing(sqlite3.connect(path, factory=WriteConnection)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_connection_that_cannot_be_set_up_is_closed(tmp_path):
    path = tmp_path / "no.db"
    path.write_text("not a database, and long enough to be read as one" * 99)
    closed = []

    class Watched(WriteConnection):
        def close(self):
            super().close()
            closed.append(self)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        sqlite3.connect(path, factory=Watched)
    assert len(closed) == 1


def test_a_reader_sees_what_a_writer_commits_and_cannot_write(tmp_path):
    path = tmp_path / "a b#%?.db"
    with contextlib.closing(sqlite3.connect(path, factory=WriteConnection)) as writer:
        writer.execute("CREATE TABLE t (x)")
        with contextlib.closing(sqlite3.connect(read_only_uri(path), uri=True)) as reader:
            writer.execute("INSERT INTO t VALUES (1)")
            writer.commit()
            assert reader.execute("SELECT x FROM t").fetchall() == [(1,)]
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("INSERT INTO t VALUES (2)")
