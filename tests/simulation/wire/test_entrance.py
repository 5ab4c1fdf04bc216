"""What is no HTTP is answered by a page, and says nothing about who answers."""

import asyncio
import contextlib

import pytest


async def answered(sim, data):
    """All that comes back, until the server ends the connection or a whole answer is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.server.port)
    with contextlib.closing(writer):
        writer.write(data)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        if head.startswith(b"HTTP/1.1 100"):
            return head
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return head + await asyncio.wait_for(reader.readexactly(length), 20)


@pytest.mark.parametrize(
    "data",
    [
        b"GET /api/v3/ping HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /api/v3/ping?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"NONSENSE\r\n\r\n",
    ],
    ids=["no host", "TLS", "a long line", "no length", "no request"],
)
async def test_what_cannot_be_read_is_a_page(sim, data):
    answer = await answered(sim, data)
    assert b"400 Bad Request" in answer
    assert b"<center>nginx</center>" in answer
    assert b"Server: nginx" in answer
    assert not any(word in answer for word in (b"aiohttp", b"Python", b"HTTPS"))
    assert (await sim.get("/api/v3/ping"))[0] == 200


async def test_a_client_that_waits_for_an_invitation_gets_one(sim):
    head = b"POST /api/v3/order HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
    assert await answered(sim, head + b"Content-Length: 3\r\n\r\n") == (
        b"HTTP/1.1 100 Continue\r\n\r\n"
    )


async def test_requests_in_a_row_are_answered_in_a_row(sim):
    one = b"GET /api/v3/%s HTTP/1.1\r\nHost: x\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.server.port)
    with contextlib.closing(writer):
        writer.write(one % b"ping" + b"\r\n" + one % b"time" + b"Connection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 20)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b"{}") < answer.index(b"serverTime")
