"""The writer thread: group commit, marks that survive a kill, a database that is away."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.errors import DatabaseError
from bot.domain.records import BalanceSaved, StateSaved
from bot.storage.connection import normalise_url
from bot.storage.open import open_store, prepare
from bot.storage.reader import TradeReader

ROOT = Path(__file__).parents[2]
HERE = "sim:spot"

KILLED = """
import asyncio, sys
from bot.domain.records import StateSaved
from bot.storage.open import open_store

async def main():
    store = open_store(sys.argv[1], environment="sim:spot")
    n = 0
    while True:
        n += 1
        await store.durable(store.append(
            [StateSaved(strategy_id="s", key=f"{n}-{half}", value="1", ts_ns=n) for half in "ab"]))
        print(n, flush=True)

asyncio.run(main())
"""


def states(count, prefix="k"):
    return [
        StateSaved(strategy_id="s", key=f"{prefix}{n}", value=str(n), ts_ns=n) for n in range(count)
    ]


def balance(amount, ts_ns):
    from bot.domain.events import Balance

    return BalanceSaved(
        run_id="r1", balance=Balance("USDT", amount, Decimal(0)), ts_ns=ts_ns, source="stream"
    )


@pytest.fixture
async def opened(any_url):
    prepare(any_url)
    store = open_store(any_url, environment=HERE)
    yield store
    await store.close()


@pytest.fixture
def sqlite_file(sqlite_url):
    prepare(sqlite_url)
    return normalise_url(sqlite_url).database


def killed_after(url, lines):
    """Run a process that waits for marks, kill it, and say what it had been told was durable."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        told = [int(process.stdout.readline()) for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split()]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return told[-1]


def test_what_was_durable_survives_kill_minus_nine(any_url):
    prepare(any_url)
    last = killed_after(any_url, 20)
    store = open_store_when_free(any_url)
    kept = store.recover(HERE).state["s"]
    asyncio.run(store.close())
    for n in range(1, last + 1):
        assert f"{n}-a" in kept
        assert f"{n}-b" in kept
    # The group that was in flight is there as a whole or not at all.
    assert (f"{last + 1}-a" in kept) == (f"{last + 1}-b" in kept)


def open_store_when_free(url):
    """A server needs a moment to notice that a killed client is gone."""
    for _ in range(100):
        try:
            return open_store(url, environment=HERE)
        except DatabaseError:
            threading.Event().wait(0.05)
    return open_store(url, environment=HERE)


async def test_what_queues_up_during_a_commit_goes_into_one_transaction(sqlite_url, sqlite_file):
    store = open_store(sqlite_url, environment=HERE)
    blocker = sqlite3.connect(sqlite_file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    marks = [store.append([record]) for record in states(500)]
    blocker.execute("ROLLBACK")
    blocker.close()
    await store.durable(marks[-1])
    # One for what the writer had taken before it met the lock, one for all the rest.
    assert store.transactions <= 2
    assert len(store.recover(HERE).state["s"]) == 500
    await store.close()


async def test_a_locked_database_delays_and_loses_nothing(sqlite_url, sqlite_file, monkeypatch):
    monkeypatch.setattr("bot.storage.connection._BUSY_TIMEOUT_S", 0.01)
    store = open_store(sqlite_url, environment=HERE)
    blocker = sqlite3.connect(sqlite_file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    mark = store.append(states(3))
    waiting = asyncio.create_task(store.durable(mark))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done()
    assert store.backlog == 3
    blocker.execute("ROLLBACK")
    blocker.close()
    await waiting
    assert store.backlog == 0
    assert len(store.recover(HERE).state["s"]) == 3
    await store.close()


async def test_a_lost_connection_is_made_again(postgres_url):
    prepare(postgres_url)
    store = open_store(postgres_url, environment=HERE)
    await store.durable(store.append(states(2, "before")))
    admin = sa.create_engine(normalise_url(postgres_url), poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await store.durable(store.append(states(2, "after")))
    assert set(store.recover(HERE).state["s"]) == {"before0", "before1", "after0", "after1"}
    # The lock came along with the new connection.
    with pytest.raises(DatabaseError, match="in use by another bot"):
        open_store(postgres_url)
    await store.close()


async def test_a_table_that_is_gone_fails_every_mark(opened, any_url):
    await opened.durable(opened.append(states(1)))
    engine = sa.create_engine(normalise_url(any_url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE strategy_state RENAME TO elsewhere")
    waited_for = opened.append(states(1))
    with pytest.raises(DatabaseError, match="strategy_state"):
        await opened.durable(waited_for)
    with pytest.raises(DatabaseError, match="strategy_state"):
        await opened.durable(opened.append(states(1)))
    with pytest.raises(DatabaseError, match="strategy_state"):
        await opened.close()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO strategy_state")
    opened._queue.error = None


async def test_a_full_disk_fails_for_good(sqlite_url, sqlite_file):
    store = open_store(sqlite_url, environment=HERE)
    # SQLite's own way to say that there is no more room.
    pages = store._writer._connection.exec_driver_sql("PRAGMA page_count").scalar()
    store._writer._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    store._writer._connection.rollback()
    mark = store.append(
        [StateSaved(strategy_id="s", key=str(n), value="x" * 900, ts_ns=1) for n in range(99)]
    )
    with pytest.raises(DatabaseError, match="full"):
        await store.durable(mark)
    with pytest.raises(DatabaseError, match="full"):
        await store.close()


async def test_a_file_that_was_removed_fails_and_is_not_written_to(sqlite_url, sqlite_file):
    store = open_store(sqlite_url, environment=HERE)
    await store.durable(store.append(states(1)))
    os.unlink(sqlite_file)  # noqa: PTH108 - nothing else runs in this loop
    with pytest.raises(DatabaseError, match="removed or replaced"):
        await store.durable(store.append(states(1)))
    with pytest.raises(DatabaseError, match="removed or replaced"):
        await store.close()


async def test_a_value_that_cannot_be_stored_is_reported_to_who_waits(opened):
    mark = opened.append([balance(Decimal("NaN"), 1)])
    with pytest.raises(DatabaseError, match="finite"):
        await opened.durable(mark)
    opened._queue.error = None


async def test_rows_before_a_run_need_an_environment(sqlite_url, sqlite_file):
    store = open_store(sqlite_url)
    with pytest.raises(DatabaseError, match="before RunStarted"):
        await store.durable(store.append(states(1)))
    with pytest.raises(DatabaseError, match="before RunStarted"):
        await store.close()


async def test_closing_gives_up_on_a_database_that_stays_locked(
    sqlite_url, sqlite_file, monkeypatch
):
    monkeypatch.setattr("bot.storage.connection._BUSY_TIMEOUT_S", 0.01)
    store = open_store(sqlite_url, environment=HERE, close_timeout_s=0.1)
    blocker = sqlite3.connect(sqlite_file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    store.append(states(3))
    with pytest.raises(DatabaseError, match="3 rows were not written"):
        await store.close()
    blocker.close()


async def test_the_store_says_when_it_does_not_keep_up_and_still_takes_rows(
    sqlite_url, sqlite_file
):
    store = open_store(sqlite_url, environment=HERE, capacity=10)
    blocker = sqlite3.connect(sqlite_file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert not store.is_congested
    mark = store.append(states(25))
    assert store.is_congested
    assert store.backlog == 25
    blocker.execute("ROLLBACK")
    blocker.close()
    await store.durable(mark)
    assert not store.is_congested
    await store.close()


async def test_a_repeated_batch_leaves_the_same_rows(any_url, ledger):
    """After a lost connection nobody knows whether the commit had happened."""
    from bot.storage.batch import Batch
    from bot.storage.connection import writing_engine

    prepare(any_url)
    engine = writing_engine(normalise_url(any_url))
    records = [ledger.run(), *ledger.life("a", fills=[("1", "100")]), balance(Decimal(5), 1)]
    for repeat in (False, True):
        with engine.begin() as connection:
            Batch(records, environment="").write(connection, is_repeat=repeat)
    engine.dispose()
    with TradeReader(any_url) as reader:
        history = reader.order("a")
        assert [event.number for event in history.events] == [1, 2, 3, 4]
        assert len(history.fills) == 1
        assert len(reader.balances()) == 1
        assert len(reader.runs()) == 1
