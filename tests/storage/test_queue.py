"""Marks, groups and waiters, without a database."""

import asyncio
import threading

import pytest

from bot.domain.errors import DatabaseError
from bot.domain.records import RunEnded
from bot.storage.queue import MarkedQueue


def row(number):
    return RunEnded(run_id=str(number), ended_ns=number, outcome="")


def test_groups_are_taken_whole_and_in_order():
    queue = MarkedQueue(capacity=10)
    queue.append([row(1), row(2)])
    mark = queue.append([row(3)])
    taken = queue.take()
    assert [record.run_id for record in taken.records] == ["1", "2", "3"]
    assert taken.mark == mark
    assert queue.backlog == 3
    queue.commit(taken.mark)
    assert queue.backlog == 0


def test_a_group_larger_than_a_transaction_is_not_split():
    queue = MarkedQueue(capacity=10)
    queue.append([row(n) for n in range(20_000)])
    mark = queue.append([row(0)])
    first, second = queue.take(), None
    assert len(first.records) == 20_000
    queue.commit(first.mark)
    second = queue.take()
    assert (len(second.records), second.mark) == (1, mark)


def test_a_closed_queue_gives_what_it_holds_and_then_none():
    queue = MarkedQueue(capacity=10)
    queue.append([row(1)])
    queue.close()
    assert queue.take() is not None
    assert queue.take() is None


def test_closing_ends_a_taker_that_waits():
    queue = MarkedQueue(capacity=10)
    found = []
    taker = threading.Thread(target=lambda: found.append(queue.take()))
    taker.start()
    queue.close()
    taker.join(10)
    assert found == [None]


async def test_a_later_mark_waits_longer():
    queue = MarkedQueue(capacity=10)
    first = queue.append([row(1)])
    taken = queue.take()
    second = queue.append([row(2)])
    waiting = [asyncio.create_task(queue.durable(mark)) for mark in (first, second)]
    await asyncio.sleep(0)
    queue.commit(taken.mark)
    await waiting[0]
    assert not waiting[1].done()
    queue.commit(queue.take().mark)
    await waiting[1]


async def test_a_failure_reaches_who_waits_and_who_comes_later_but_not_what_was_committed():
    queue = MarkedQueue(capacity=10)
    kept = queue.append([row(1)])
    queue.commit(queue.take().mark)
    lost = queue.append([row(2)])
    waiting = asyncio.create_task(queue.durable(lost))
    await asyncio.sleep(0)
    queue.fail(DatabaseError("the disk is full"))
    with pytest.raises(DatabaseError, match="full"):
        await waiting
    with pytest.raises(DatabaseError, match="full"):
        await queue.durable(queue.append([row(3)]))
    await queue.durable(kept)


def test_who_waited_in_a_loop_that_ended_disturbs_nobody():
    queue = MarkedQueue(capacity=10)
    mark = queue.append([row(1)])

    async def give_up():
        waiting = asyncio.create_task(queue.durable(mark))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(give_up())
    queue.commit(queue.take().mark)
