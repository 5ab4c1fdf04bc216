"""What one connection does with picows' callbacks; the way over a network is in test_sockets."""

import asyncio

import pytest
from picows import WSMsgType, picows

from bot.exchange.connection import Connection, Liveness


class Transport:
    """Remembers what was written; stands in for picows' transport."""

    def __init__(self):
        self.written = []
        self.gone = False

    def send(self, kind, payload):
        self.written.append(("text", payload))

    def send_ping(self, payload=None):
        self.written.append(("ping", payload))

    def send_pong(self, payload):
        self.written.append(("pong", payload))

    def send_close(self, code):
        self.written.append(("close", code.value))

    def disconnect(self, graceful=True):
        self.gone = True


def _frame(kind, payload, *, fin=True, rsv1=False):
    return picows._make_test_ws_frame(kind, payload, fin, rsv1)


@pytest.fixture
def frames():
    return []


@pytest.fixture
async def connection(frames):
    return Connection(frames.append, lambda: frames.append("up"))


@pytest.fixture
def transport(connection):
    transport = Transport()
    connection.on_ws_connected(transport)
    return transport


async def test_it_is_up_before_its_first_frame(connection, transport, frames):
    connection.on_ws_frame(transport, _frame(WSMsgType.TEXT, b"first"))
    assert frames == ["up", b"first"]


async def test_a_message_in_pieces_is_put_together(connection, transport, frames):
    connection.on_ws_frame(transport, _frame(WSMsgType.TEXT, b"one ", fin=False))
    connection.on_ws_frame(transport, _frame(WSMsgType.PING, b"p"))
    connection.on_ws_frame(transport, _frame(WSMsgType.CONTINUATION, b"two ", fin=False))
    connection.on_ws_frame(transport, _frame(WSMsgType.CONTINUATION, b"three"))
    connection.on_ws_frame(transport, _frame(WSMsgType.TEXT, b"next"))
    assert frames == ["up", b"one two three", b"next"]
    assert transport.written == [("pong", b"p")]


async def test_long_pieces_are_not_taken_for_messages(connection, transport, frames):
    piece = b"x" * 200
    connection.on_ws_frame(transport, _frame(WSMsgType.TEXT, piece, fin=False))
    connection.on_ws_frame(transport, _frame(WSMsgType.CONTINUATION, piece))
    connection.on_ws_frame(transport, _frame(WSMsgType.TEXT, piece))
    assert frames == ["up", 2 * piece, piece]


@pytest.mark.parametrize("size", [1, 125, 126])
async def test_a_ping_of_any_size_is_answered_and_text_of_any_size_is_data(
    connection, transport, frames, size
):
    payload = b"x" * size
    connection.on_ws_frame(transport, _frame(WSMsgType.TEXT, payload))
    assert frames == ["up", payload]
    ping = payload[:125]
    connection.on_ws_frame(transport, _frame(WSMsgType.PING, ping))
    assert transport.written == [("pong", ping)]


async def test_a_binary_frame_is_data(connection, transport, frames):
    connection.on_ws_frame(transport, _frame(WSMsgType.BINARY, b"\x00"))
    assert frames == ["up", b"\x00"]


async def test_the_cause_of_an_end_is_the_first_one(connection, transport):
    connection.on_ws_frame(transport, _frame(WSMsgType.CLOSE, b"\x03\xe9bye"))
    connection.abort("afterwards")
    connection.on_ws_disconnected(transport)
    assert connection.ended.result() == "closed by the server: 1001"


async def test_nothing_is_written_after_the_end(connection, transport):
    assert connection.send(b"before")
    connection.abort("over")
    assert not connection.send(b"after")
    assert transport.written == [("text", b"before")]


async def test_a_handshake_that_ends_after_it_was_given_up_is_dropped(connection, frames):
    connection.abort("too late")
    late = Transport()
    connection.on_ws_connected(late)
    assert late.gone
    assert frames == []


async def test_silence_is_met_with_a_ping_and_then_with_the_end(connection, transport):
    cause = await connection.watch(Liveness(idle_s=0.04, reply_s=0.04))
    assert transport.written == [("ping", None)]
    assert transport.gone
    assert "no answer to a ping" in cause


async def test_any_frame_counts_as_life(connection, transport):
    watching = asyncio.create_task(connection.watch(Liveness(idle_s=0.2, reply_s=0.2)))
    for _ in range(50):
        await asyncio.sleep(0.02)
        connection.on_ws_frame(transport, _frame(WSMsgType.PONG, b""))
    assert not watching.done()
    connection.abort("over")
    assert await watching == "over"


async def test_a_peer_that_answers_a_ping_is_there(connection, transport):
    asked = asyncio.create_task(connection.answers(20.0))
    await asyncio.sleep(0)
    assert transport.written == [("ping", None)]
    connection.on_ws_frame(transport, _frame(WSMsgType.PONG, b""))
    assert await asked


async def test_a_peer_that_does_not_answer_or_is_gone_is_not(connection, transport):
    assert not await connection.answers(0.01)
    connection.on_ws_disconnected(transport)
    assert not await connection.answers(20.0)
