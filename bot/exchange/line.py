"""One market connection and the streams that it carries."""

import asyncio
import json
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import quote

import msgspec

from bot.domain.errors import NotSent
from bot.exchange.connection import OnFrame
from bot.exchange.decode import StreamReply
from bot.exchange.sockets import Socket

__all__ = ["Line"]

# Binance spot drops a connection that sends more than 5 messages a second, pings and pongs
# included: this leaves room for one of each. Futures allow 10.
_CONTROL_SPACING_S: Final = 0.34
_NAMES_A_MESSAGE: Final = 100
# Servers and proxies refuse request lines of 8 kB.
_URL_BYTES: Final = 4000
_ACK_WITHIN_S: Final = 10.0


class _Question(msgspec.Struct, frozen=True):
    due_s: float
    names: tuple[str, ...]
    """Those that an acknowledgement makes carried."""


class Line:
    """Keeps what the connection carries equal to what is wanted.

    The handshake's URL names as many streams as fit. Others, and those that are wanted
    later, are subscribed on the live connection; those not wanted any more are unsubscribed.
    What is refused, or not acknowledged within 10 s, brings a new connection.
    """

    def __init__(
        self,
        socket: Socket,
        wanted: Collection[str],
        *,
        on_frame: OnFrame,
        on_state: Callable[["Line", bool, str], object],
        now_ns: Callable[[], int],
    ) -> None:
        """``wanted`` is looked at again whenever :meth:`wish_changed` is called."""
        self.carried: dict[str, int] = {}
        """Streams that are surely delivered, and since when (ns)."""
        self._socket = socket
        self._wanted = wanted
        self._on_state = on_state
        self._now_ns = now_ns
        self._asked: set[str] = set()
        self._in_url: tuple[str, ...] = ()
        self._questions: dict[int, _Question] = {}
        self._number = 0
        self._news = asyncio.Event()
        socket.aim(self._path)
        socket.listen(on_frame, self._changed)

    @property
    def up(self) -> bool:
        return self._socket.up

    @property
    def failed_frames(self) -> int:
        """Frames whose handling raised."""
        return self._socket.failed_frames

    def redirect(self, on_frame: OnFrame) -> None:
        """Give frames to somebody else from now on."""
        self._socket.redirect(on_frame)

    def wish_changed(self) -> None:
        """There are more or fewer streams wanted than before."""
        self._news.set()

    def abort(self, cause: str) -> None:
        """Drop the connection; the next attempt waits as after a failure."""
        self._socket.abort(cause)

    def reconnect(self, cause: str) -> None:
        """Drop the connection; the next attempt is made at once."""
        self._socket.reconnect(cause)

    def answer(self, reply: StreamReply) -> None:
        """Take what the server said about a subscription."""
        if reply.kind == "error":
            self.abort(f"the server refused a subscription: {reply.text}")
        elif isinstance(reply.id, int) and (question := self._questions.pop(reply.id, None)):
            self.carried.update(dict.fromkeys(question.names, self._now_ns()))

    async def run(self) -> None:
        """Stay connected until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._socket.run())
            tasks.create_task(self._keep_equal())

    def _path(self) -> str:
        names: list[str] = []
        left = _URL_BYTES
        for name in self._wanted:
            left -= len(quote(name)) + 1
            if left < 0:
                break
            names.append(name)
        self._in_url = tuple(names)
        return f"streams={quote('/'.join(names), safe='/@!:+_')}"

    def _changed(self, up: bool, cause: str) -> None:
        self._questions.clear()
        # One that came during the handshake is asked for again: that does no harm.
        self._asked = set(self._in_url) if up else set()
        self.carried = dict.fromkeys(self._in_url, self._now_ns()) if up else {}
        self._news.set()
        self._on_state(self, up, cause)

    async def _keep_equal(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = min((question.due_s for question in self._questions.values()), default=None)
            timeout = None if due_s is None else max(0.0, due_s - loop.time())
            try:
                async with asyncio.timeout(timeout):
                    await self._news.wait()
            except TimeoutError:
                self._questions.clear()
                self.abort("a subscription was not acknowledged")
                continue
            self._news.clear()
            while self.up and (message := self._next_message()):
                try:
                    self._send(*message)
                except NotSent:
                    break
                await asyncio.sleep(_CONTROL_SPACING_S)

    def _next_message(self) -> tuple[str, tuple[str, ...]] | None:
        missing = [name for name in self._wanted if name not in self._asked]
        if missing:
            return "SUBSCRIBE", tuple(missing[:_NAMES_A_MESSAGE])
        surplus = [name for name in self._asked if name not in self._wanted]
        # What nobody wants costs less than a connection that carries nothing.
        if surplus and len(surplus) < len(self._asked):
            return "UNSUBSCRIBE", tuple(sorted(surplus)[:_NAMES_A_MESSAGE])
        return None

    def _send(self, method: str, names: tuple[str, ...]) -> None:
        self._number += 1
        message = {"method": method, "params": names, "id": self._number}
        self._socket.send(json.dumps(message, ensure_ascii=False).encode())
        added = names if method == "SUBSCRIBE" else ()
        if added:
            self._asked.update(added)
        else:
            self._asked.difference_update(names)
            for name in names:
                self.carried.pop(name, None)
        due_s = asyncio.get_running_loop().time() + _ACK_WITHIN_S
        self._questions[self._number] = _Question(due_s, added)
