"""The server end of the ingest benchmark: one plain blocking socket, one client at a time.

The path says what it sends: ``/flood/...`` the frames over and over in writes of a megabyte,
``/trickle/RATE/...`` one frame a segment, RATE a second, each with its send time in the
place of its id. It prints its port and ends with the process that started it.
"""

import base64
import hashlib
import itertools
import os
import re
import socket
import sys
import threading
import time

import frames

__all__ = ["CORE", "pin"]

CORE = 1
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


def pin(core: int) -> bool:
    """Keep this process on one core; False where that cannot be."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) <= core:
        return False
    os.sched_setaffinity(0, {core})
    return True


def main() -> None:
    pin(CORE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    blob, stamped = frames.flood(), frames.stamped()
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            client, _ = server.accept()
            with client:
                try:
                    path = _shake_hands(client)
                    if path.startswith("/flood/"):
                        _flood(client, blob)
                    elif match := re.match(r"/trickle/(\d+)/", path):
                        _trickle(client, stamped, int(match[1]))
                except OSError:
                    continue  # the client has seen enough


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _shake_hands(client: socket.socket) -> str:
    request = b""
    while b"\r\n\r\n" not in request:
        received = client.recv(4096)
        if not received:
            raise ConnectionError
        request += received
    key = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)", request)
    accept = base64.b64encode(hashlib.sha1((key[1] if key else b"") + _MAGIC).digest())
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return request.split(b" ", 2)[1].decode()


def _flood(client: socket.socket, blob: bytes) -> None:
    while True:
        client.sendall(blob)


def _trickle(client: socket.socket, stamped: list[frames.Stamped], rate: int) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    period_ns = 1_000_000_000 // rate
    due_ns = time.monotonic_ns()
    for frame, place in itertools.cycle(stamped):
        due_ns += period_ns
        early_ns = due_ns - time.monotonic_ns()
        if early_ns > 0:
            time.sleep(early_ns / 1e9)
        frame[place : place + 19] = b"%d" % time.time_ns()
        client.sendall(frame)


if __name__ == "__main__":
    main()
