"""The memory store can play a slow and a broken database."""

import asyncio

import pytest

from bot.domain.errors import DatabaseError
from bot.domain.records import StateSaved
from bot.storage.memory import MemoryStore

STATE = StateSaved(strategy_id="s", key="k", value="1", ts_ns=1)


async def test_while_held_nothing_is_durable():
    store = MemoryStore(environment="sim")
    store.hold()
    waiting = asyncio.create_task(store.durable(store.append([STATE])))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert (store.backlog, store.records) == (1, [])
    store.release()
    await waiting
    assert store.records == [STATE]


async def test_a_broken_one_fails_its_marks():
    store = MemoryStore(environment="sim")
    store.fail("the disk is full")
    with pytest.raises(DatabaseError, match="full"):
        await store.durable(store.append([STATE]))
    assert store.records == []
