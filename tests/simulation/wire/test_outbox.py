"""Frames of one turn leave together; a client that does not read is cut off."""

import asyncio

from bot.simulation.wire.outbox import Outbox


class Transport:
    def __init__(self):
        self.written = []
        self.waiting = 0
        self.closing = self.aborted = False

    def write(self, data):
        self.written.append(data)

    def get_write_buffer_size(self):
        return self.waiting

    def is_closing(self):
        return self.closing

    def abort(self):
        self.aborted = True


def opened(most_bytes=100):
    outbox, transport = Outbox(most_bytes), Transport()
    outbox.transport = transport
    return outbox, transport


async def test_what_is_put_in_one_turn_leaves_in_one_write():
    outbox, transport = opened()
    for frame in (b"a", b"b", b"c"):
        outbox.put(frame)
    assert transport.written == []
    await asyncio.sleep(0)
    outbox.put(b"d")
    await asyncio.sleep(0)
    assert transport.written == [b"abc", b"d"]


async def test_what_is_forgotten_does_not_leave():
    outbox, transport = opened()
    outbox.put(b"a")
    outbox.clear()
    outbox.put(b"b")
    await asyncio.sleep(0)
    assert transport.written == [b"b"]


async def test_more_than_the_bound_cuts_the_client_off():
    outbox, transport = opened(most_bytes=10)
    transport.waiting = 10
    outbox.put(b"a")
    outbox.flush()
    assert not transport.aborted
    transport.waiting = 11
    outbox.put(b"b")
    outbox.flush()
    assert transport.aborted


async def test_a_closing_transport_is_not_written_to():
    outbox, transport = opened()
    transport.closing = True
    outbox.put(b"a")
    outbox.flush()
    assert transport.written == []
