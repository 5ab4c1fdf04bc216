"""The server end of the ingest benchmark: plain blocking sockets, a thread for each client.

Run: python sender.py flood | trickle --rate N | burst --count N | spread --streams N --rate N

Each client gets the messages of the streams that it names, in its URL or by SUBSCRIBE, once it
has named no more for half a second; ``/ws`` clients get them bare, the others as combined
streams. Ids of a stream follow one another for ever. It prints its port and ends with the
process that started it.

* flood: all of them over and over, in writes of a megabyte
* trickle: one frame a segment, RATE a second, the send time in each
* burst: a flood of the warm-up, and then each second COUNT frames in one write, all with the
  time at which the write began
* spread: RATE a second over all clients together, in a batch every 10 ms
"""

import argparse
import base64
import hashlib
import itertools
import json
import os
import re
import select
import socket
import sys
import threading
import time
from typing import Any
from urllib.parse import unquote

import frames

__all__ = ["CORE", "pin"]

CORE = 1
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_SETTLED_S = 0.5
_WRITE_BYTES = 1_000_000
_BATCH_S = 0.01
_BURST_WARM_UP = 20_000


def pin(core: int) -> bool:
    """Keep this process on one core; False where that cannot be."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) <= core:
        return False
    os.sched_setaffinity(0, {core})
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=("flood", "trickle", "burst", "spread"))
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--streams", type=int, default=0)
    args = parser.parse_args()
    pin(CORE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            client, _ = server.accept()
            threading.Thread(target=_serve, args=(client, args), daemon=True).start()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _serve(client: socket.socket, args: argparse.Namespace) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client:
        try:
            wishes = Wishes(client)
            wishes.settle()
            if args.mode == "flood":
                _flood(client, wishes)
            elif args.mode == "trickle":
                _trickle(client, wishes, args.rate)
            elif args.mode == "burst":
                _burst(client, wishes, args.count)
            else:
                _spread(client, wishes, args)
        except OSError:
            return  # the client has seen enough


class Wishes:
    """What a client named, in its URL and by SUBSCRIBE."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._unread = b""
        path = self._shake_hands()
        self.bare = path.startswith("/ws")
        names = path.partition("streams=")[2].partition("&")[0] or path.partition("/ws/")[2]
        self.streams = {name for name in unquote(names).split("/") if "@" in name}

    def settle(self) -> None:
        """Wait until it has named all that it wants."""
        while True:
            wait_s = _SETTLED_S if self.streams else 60.0
            if not select.select([self._client], [], [], wait_s)[0]:
                return
            self._listen()

    def _listen(self) -> None:
        received = self._client.recv(65536)
        if not received:
            raise ConnectionError
        self._unread += received
        while (message := self._next_message()) is not None:
            if message.get("method") == "SUBSCRIBE":
                self.streams.update(message["params"])
            if "id" in message:
                reply = json.dumps({"result": None, "id": message["id"]})
                self._client.sendall(frames.framed(reply))

    def _next_message(self) -> dict[str, Any] | None:
        """Take one text frame of the client, which is masked, off what was received."""
        data = self._unread
        if len(data) < 6:
            return None
        size, at = data[1] & 0x7F, 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        end = at + 4 + size
        if len(data) < end:
            return None
        mask, body = data[at : at + 4], data[at + 4 : end]
        self._unread = data[end:]
        if data[0] & 0x0F != 1:
            return {}
        text = bytes(byte ^ mask[n % 4] for n, byte in enumerate(body))
        message = json.loads(text)
        return message if isinstance(message, dict) else {}

    def _shake_hands(self) -> str:
        request = b""
        while b"\r\n\r\n" not in request:
            received = self._client.recv(65536)
            if not received:
                raise ConnectionError
            request += received
        key = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)", request)
        accept = base64.b64encode(hashlib.sha1((key[1] if key else b"") + _MAGIC).digest())
        self._client.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        head, _, self._unread = request.partition(b"\r\n\r\n")
        return head.split(b" ", 2)[1].decode()


def _flood(client: socket.socket, wishes: Wishes) -> None:
    flood = frames.Flood(frames.messages(wishes.streams, bare=wishes.bare))
    while True:
        client.sendall(flood.data)
        flood.renew()


def _trickle(client: socket.socket, wishes: Wishes, rate: int) -> None:
    period_ns = 1_000_000_000 // rate
    due_ns = time.monotonic_ns()
    for message in itertools.cycle(frames.messages(wishes.streams, bare=wishes.bare, stamped=True)):
        due_ns += period_ns
        early_ns = due_ns - time.monotonic_ns()
        if early_ns > 0:
            time.sleep(early_ns / 1e9)
        message.stamp(time.time_ns())
        client.sendall(message.frame)
        message.renew()


def _burst(client: socket.socket, wishes: Wishes, count: int) -> None:
    messages = itertools.cycle(frames.messages(wishes.streams, bare=wishes.bare, stamped=True))
    for number in itertools.chain((_BURST_WARM_UP,), itertools.repeat(count)):
        now_ns = time.time_ns()
        parts = []
        for message in itertools.islice(messages, number):
            message.stamp(now_ns)
            parts.append(bytes(message.frame))
            message.renew()
        write = bytearray(b"".join(parts))
        frames.stamp_all(write, now_ns, time.time_ns())
        client.sendall(write)
        time.sleep(1.0)


def _spread(client: socket.socket, wishes: Wishes, args: argparse.Namespace) -> None:
    share = len(wishes.streams) / args.streams
    messages = itertools.cycle(frames.messages(wishes.streams, bare=wishes.bare))
    due_s = time.monotonic()
    owed = 0.0
    while True:
        due_s += _BATCH_S
        time.sleep(max(0.0, due_s - time.monotonic()))
        owed += args.rate * share * _BATCH_S
        parts = []
        while owed >= 1:
            owed -= 1
            message = next(messages)
            parts.append(bytes(message.frame))
            message.renew()
        client.sendall(b"".join(parts))


if __name__ == "__main__":
    main()
