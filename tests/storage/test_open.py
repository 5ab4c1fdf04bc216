"""A database is opened only if it is there, ours, current and free; every refusal is one line."""

import asyncio
import sqlite3

import pytest
import sqlalchemy as sa

from bot.domain.errors import DatabaseError
from bot.storage import connection as connections
from bot.storage import migrate
from bot.storage.connection import normalise_url, writing_engine
from bot.storage.open import downgrade, open_store, prepare, revisions, upgrade


def execute(url, statement):
    engine = writing_engine(normalise_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def refusal(url):
    with pytest.raises(DatabaseError) as caught:
        open_store(url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_file_is_not_made_by_opening(sqlite_url, tmp_path):
    assert "bot db upgrade" in refusal(sqlite_url)
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_asks_for_an_upgrade(any_url):
    upgrade(any_url)
    downgrade(any_url, "base")
    assert "has no tables yet; run: bot db upgrade" in refusal(any_url)


def test_a_database_of_tomorrow_asks_for_a_newer_bot(any_url):
    prepare(any_url)
    execute(any_url, "UPDATE alembic_version SET version_num = '9999'")
    assert "revision 9999, newer than this code" in refusal(any_url)
    for refused in (prepare, upgrade):
        with pytest.raises(DatabaseError, match="newer than this code"):
            refused(any_url)


def test_somebody_elses_database_is_left_alone(any_url):
    if any_url.startswith("sqlite"):
        sqlite3.connect(normalise_url(any_url).database).close()
    execute(any_url, "CREATE TABLE customers (id INTEGER)")
    for refused in (prepare, upgrade, open_store):
        with pytest.raises(DatabaseError, match="not the bot's"):
            refused(any_url)


def test_an_old_database_is_not_migrated_behind_its_owners_back(any_url, monkeypatch):
    prepare(any_url)
    newest = migrate.head()
    monkeypatch.setattr("bot.storage.migrate.head", lambda: "9998")
    with pytest.raises(DatabaseError, match=f"is at revision {newest}, this code needs 9998"):
        prepare(any_url)
    assert "run: bot db upgrade" in refusal(any_url)


async def test_a_second_bot_is_refused_and_let_in_after_the_first(any_url):
    prepare(any_url)
    first = open_store(any_url)
    assert "in use by another bot" in refusal(any_url)
    with pytest.raises(DatabaseError, match="in use by another bot"):
        upgrade(any_url)
    await first.close()
    # At once, and each time: a server frees no lock of itself in that moment.
    for _ in range(10):
        await open_store(any_url).close()


def test_a_refused_open_frees_the_lock(any_url):
    prepare(any_url)
    execute(any_url, "UPDATE alembic_version SET version_num = '9999'")
    refusal(any_url)
    execute(any_url, f"UPDATE alembic_version SET version_num = '{migrate.head()}'")
    asyncio.run(open_store(any_url).close())


def test_a_locked_file_is_one_line(sqlite_url, monkeypatch):
    prepare(sqlite_url)
    monkeypatch.setattr(connections, "_BUSY_TIMEOUT_S", 0.01)
    blocker = sqlite3.connect(normalise_url(sqlite_url).database, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    assert "locked" in refusal(sqlite_url)
    blocker.close()


def test_an_unreachable_server_is_one_line_without_the_password():
    text = refusal("postgresql://bot:hunter2@127.0.0.1:1/trades")
    assert "127.0.0.1" in text
    assert "hunter2" not in text


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatabaseError, match="folder of the database"):
        prepare(f"sqlite:///{tmp_path}/none/bot.db")


def test_a_file_that_is_no_database_is_one_line(sqlite_url, tmp_path):
    (tmp_path / "bot.db").write_text("not a database, and long enough to be read as one" * 99)
    assert "not a database" in refusal(sqlite_url)


def test_preparing_twice_changes_nothing(any_url):
    prepare(any_url)
    prepare(any_url)
    assert revisions(any_url) == (migrate.head(), migrate.head())


def test_full_synchronous_reaches_the_connection(sqlite_url):
    engine = writing_engine(normalise_url(sqlite_url), synchronous="FULL")
    with engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
    engine.dispose()
