"""A process that can only cancel: it outlives a bot that was killed, stopped or is stuck.

Started by path with ``python -I -S``, so nothing but the standard library is imported: a dozen
megabytes, and nothing of the bot that could be broken as well. It reads its orders from stdin,
a line of JSON, and then heartbeats: ``b OFFSET_MS``. ``bye`` ends it. When the heartbeats stay
away for ``silence_s`` it cancels the orders of that run, until none is open or it gives up.

Spot has no dead man's switch of its own; futures have ``countdownCancelAll``.
"""

import contextlib
import hashlib
import hmac
import json
import os
import select
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

__all__ = ["Sentry", "main"]

_STOPS = ("STOP", "TAKE_PROFIT", "TRAILING")
_GONE = (-2011, -2013)
_TIMESTAMP_OFF = -1021
_FOREVER = 3600.0


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Failed(Exception):
    """No usable answer: ask again."""


class Sentry:
    """``orders`` is the first line: see :meth:`bot.runtime.control.watch.SentryOrders`."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self._orders = orders
        self._offset_ms = 0
        self._beat = time.monotonic()
        self._ended = False
        self._acted = False
        self._buffer = b""
        handlers: list[Any] = [urllib.request.ProxyHandler({})]
        if orders["rest"].startswith("https"):
            context = ssl.create_default_context(cafile=orders.get("cafile") or None)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def run(self) -> str:
        """Watch until the bot says goodbye, or is gone and its orders with it; how it ended."""
        silence_s = float(self._orders["silence_s"])
        while True:
            left_s = self._beat + silence_s - time.monotonic()
            if self._listen(_FOREVER if self._acted and not self._ended else max(left_s, 0.0)):
                return "goodbye"
            if time.monotonic() - self._beat < silence_s:
                continue
            if self._successor():
                return "another bot has taken over"
            if not self._acted:
                self._cancel_all()
                self._acted = True
            if self._ended:
                return "the bot is gone"

    # --- the bot -----------------------------------------------------------------------

    def _listen(self, seconds: float) -> bool:
        """Wait so long for a line; True if it was the goodbye."""
        if self._ended:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([0], [], [], seconds)
        if not ready:
            return False
        chunk = os.read(0, 4096)
        if not chunk:
            self._ended = True
            return False
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            if line == b"bye":
                return True
            if line.startswith(b"b "):
                self._beat = time.monotonic()
                self._acted = False
                self._offset_ms = int(line[2:])
        return False

    def _successor(self) -> bool:
        """Whether another process answers at the bot's socket: a bot that was started again."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(2.0)
                line.connect(self._orders["socket"])
                line.sendall(b'{"do":"ping"}\n')
                answer = json.loads(line.recv(4096))
        except (OSError, ValueError):
            return False
        return bool(answer.get("pid") != self._orders["pid"])

    # --- the exchange ------------------------------------------------------------------

    def _cancel_all(self) -> None:
        until = time.monotonic() + float(self._orders["give_up_s"])
        left = list(self._orders["symbols"])
        pause_s = 0.25
        while left:
            try:
                if self._cancel_on(left[0]):
                    left.pop(0)
                    pause_s = 0.25
                continue
            except (_Failed, _Refused) as e:
                cause = f"{type(e).__name__}: {e}"
            if time.monotonic() > until:
                self._tell("watchdog_gave_up", " ".join(left), cause)
                return
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 5.0)

    def _cancel_on(self, symbol: str) -> bool:
        """True if nothing of ours is open there."""
        found = [o for o in self._call("GET", "openOrders", symbol=symbol) if self._is_ours(o)]
        for order in found:
            self._tell("watchdog_cancel", order["clientOrderId"], f"{symbol}: the bot was silent")
            try:
                self._call("DELETE", "order", symbol=symbol, orderId=str(order["orderId"]))
            except _Refused as e:
                if e.code not in _GONE:
                    raise
        return not found

    def _is_ours(self, order: dict[str, Any]) -> bool:
        name = order["clientOrderId"]
        if self._orders["spare_stops"] and (
            order.get("orderListId", -1) != -1 or order["type"].startswith(_STOPS)
        ):
            return False
        return name.startswith(tuple(self._orders["prefixes"])) or name in self._orders["ids"]

    def _call(self, method: str, path: str, **params: str) -> Any:
        try:
            return self._once(method, path, params)
        except _Refused as e:
            if e.code != _TIMESTAMP_OFF:
                raise
        asked = time.time()
        server_ms = self._send("GET", f"{self._orders['rest']}/v3/time")["serverTime"]
        self._offset_ms = round(server_ms - (asked + time.time()) * 500)
        return self._once(method, path, params)

    def _once(self, method: str, path: str, params: dict[str, str]) -> Any:
        signed = params | {
            "recvWindow": str(self._orders["recv_window_ms"]),
            "timestamp": str(int(time.time() * 1000) + self._offset_ms),
        }
        query = urllib.parse.urlencode(signed)
        secret = self._orders["secret"].encode()
        signature = hmac.new(secret, query.encode(), hashlib.sha256).hexdigest()
        return self._send(method, f"{self._orders['rest']}/v3/{path}?{query}&signature={signature}")

    def _send(self, method: str, address: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the bot's own setting
            address, method=method, headers={"X-MBX-APIKEY": self._orders["key"]}
        )
        try:
            with self._opener.open(request, timeout=5.0) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as e:
            status, body, wait = e.code, e.read(), e.headers.get("Retry-After", "")
        except (OSError, ValueError) as e:
            raise _Failed(type(e).__name__) from None
        if status in {418, 429}:
            time.sleep(float(wait) if wait.isdigit() else 10.0)
        code = 0
        with contextlib.suppress(ValueError, AttributeError):
            code = int(json.loads(body).get("code", 0))
        if status < 500 and status not in {408, 418, 429} and code:  # noqa: PLR2004 - HTTP's
            raise _Refused(code)
        raise _Failed(f"HTTP {status}")

    def _tell(self, kind: str, subject: str, text: str) -> None:
        deed = {"kind": kind, "subject": subject, "text": text, "at_ns": time.time_ns()}
        with contextlib.suppress(OSError):
            file = os.open(self._orders["deeds"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, json.dumps(deed).encode() + b"\n")
                os.fsync(file)
            finally:
                os.close(file)


def main() -> None:
    """Read the orders from stdin, byte by byte: what follows the line is for the watch."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return
        line += byte
    Sentry(json.loads(line)).run()


if __name__ == "__main__":
    main()
