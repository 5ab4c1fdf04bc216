"""A server that takes orders over REST and the WebSocket API and notes when each one came.

The time is the kernel's, of the segment that completed the request (``SO_TIMESTAMPNS``): when the
bytes were on the socket, whatever this process was doing. It does nothing else: no matching, no
checking of signatures. ``GET /bench/received`` gives the times by client order id and forgets them.
"""

import base64
import hashlib
import json
import socket
import struct
import sys
import threading
import time
from urllib.parse import parse_qsl

SO_TIMESTAMPNS = 35
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LIMITS = [
    ("REQUEST_WEIGHT", "MINUTE", 1),
    ("ORDERS", "SECOND", 10),
    ("ORDERS", "DAY", 1),
]
LIMITS = [
    {"rateLimitType": kind, "interval": interval, "intervalNum": times, "limit": 10**9, "count": 1}
    for kind, interval, times in _LIMITS
]
received: dict[str, int] = {}
_numbers = iter(range(1, 10**12))


class Reader:
    """Bytes of one connection, and when the newest of them came."""

    def __init__(self, connection):
        self.connection = connection
        self.data = bytearray()
        self.at_ns = 0

    def more(self):
        data, ancillary, _, _ = self.connection.recvmsg(65_536, 256)
        if not data:
            raise ConnectionError
        self.at_ns = time.time_ns()
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanos = struct.unpack("qq", value[:16])
                self.at_ns = seconds * 10**9 + nanos
        self.data += data

    def take(self, count):
        while len(self.data) < count:
            self.more()
        taken = bytes(self.data[:count])
        del self.data[:count]
        return taken

    def head(self):
        while (end := self.data.find(b"\r\n\r\n")) < 0:
            self.more()
        return self.take(end + 4).decode()


def answer(params):
    """A market order that was filled at once; any other rests."""
    number = next(_numbers)
    now_ms = time.time_ns() // 1_000_000
    body = {
        "symbol": params["symbol"],
        "orderId": number,
        "orderListId": -1,
        "clientOrderId": params["newClientOrderId"],
        "transactTime": now_ms,
        "price": params.get("price", "0"),
        "origQty": params["quantity"],
        "executedQty": "0",
        "status": "NEW",
        "timeInForce": params.get("timeInForce", "GTC"),
        "type": params["type"],
        "side": params["side"],
        "workingTime": now_ms,
        "selfTradePreventionMode": "NONE",
        "fills": [],
    }
    if params["type"] == "MARKET":
        fill = {
            "price": "50000.00",
            "qty": params["quantity"],
            "commission": "0",
            "commissionAsset": "BNB",
            "tradeId": number,
        }
        body |= {"status": "FILLED", "executedQty": params["quantity"], "fills": [fill]}
    return body


def rest(reader, head):
    line, *rows = head.split("\r\n")
    headers = {k.lower(): v for k, _, v in (row.partition(": ") for row in rows if row)}
    if "100-continue" in headers.get("expect", ""):
        raise ConnectionError
    text = reader.take(int(headers.get("content-length", 0))).decode()
    method, path, _ = line.split(" ")
    path, _, query = path.partition("?")
    if method == "POST":
        params = dict(parse_qsl(text)) | dict(parse_qsl(query))
        received[params["newClientOrderId"]] = reader.at_ns
        body = answer(params)
    elif path == "/bench/received":
        body = dict(received)
        received.clear()
    elif path.endswith("/time"):
        body = {"serverTime": time.time_ns() // 1_000_000}
    else:
        body = {}
    data = json.dumps(body).encode()
    counts = "X-MBX-USED-WEIGHT-1M: 1\r\nX-MBX-ORDER-COUNT-10S: 1\r\nX-MBX-ORDER-COUNT-1D: 1\r\n"
    reader.connection.sendall(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{counts}"
        f"Content-Length: {len(data)}\r\n\r\n".encode()
        + data
    )


def upgrade(reader, head):
    key = next(row for row in head.split("\r\n") if row.lower().startswith("sec-websocket-key"))
    digest = hashlib.sha1((key.split(": ")[1] + _GUID).encode()).digest()
    reader.connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )
    while True:
        opcode, payload = frame(reader)
        if opcode == 8:
            return
        if opcode == 9:
            reader.connection.sendall(bytes([0x8A, len(payload)]) + payload)
        elif opcode == 1:
            at_ns = reader.at_ns
            message = json.loads(payload)
            params = message.get("params", {})
            if "newClientOrderId" in params:
                received[params["newClientOrderId"]] = at_ns
                result = answer(params)
            else:
                result = {}
            body = {"id": message["id"], "status": 200, "result": result, "rateLimits": LIMITS}
            data = json.dumps(body).encode()
            reader.connection.sendall(b"\x81\x7e" + struct.pack(">H", len(data)) + data)


def frame(reader):
    first, second = reader.take(2)
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", reader.take(2))
    mask = reader.take(4)
    data = reader.take(length)
    whole = int.from_bytes(data, "big")
    key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return first & 0x0F, (whole ^ key).to_bytes(length, "big")


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    reader = Reader(connection)
    try:
        while True:
            head = reader.head()
            if "upgrade: websocket" in head.lower():
                upgrade(reader, head)
                return
            rest(reader, head)
    except (ConnectionError, OSError):
        return
    finally:
        connection.close()


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), sys.exit()), daemon=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
