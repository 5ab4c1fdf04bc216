"""One market connection and the streams that it carries."""

import asyncio
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, unquote

from bot.domain.errors import NotSent
from bot.exchange.connection import OnFrame
from bot.exchange.decode import StreamReply
from bot.exchange.sockets import Socket

__all__ = ["Shard"]

# Binance drops a connection that sends more than 5 messages a second, pongs included.
_CONTROL_SPACING_S: Final = 0.25
_NAMES_A_MESSAGE: Final = 50
_ACK_WITHIN_S: Final = 10.0


class Shard:
    """Streams added while it is up are subscribed on the live connection.

    What is not acknowledged within 10 s, or refused, brings a new connection, whose URL
    names every stream.
    """

    def __init__(
        self,
        socket: Socket,
        *,
        on_frame: OnFrame,
        on_state: Callable[["Shard", bool, str], object],
        name: str,
    ) -> None:
        self.name = name
        self.streams: dict[str, str] = {}
        """Stream name to symbol."""
        self.up = False
        self._socket = socket
        self._on_state = on_state
        self._carried: set[str] = set()
        self._news = asyncio.Event()
        self._unanswered: dict[int, float] = {}
        self._number = 0
        socket.listen(on_frame, self._changed)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of its streams, each once."""
        return tuple(dict.fromkeys(self.streams.values()))

    @property
    def reconnects(self) -> int:
        """How often it was up again after a loss."""
        return max(0, self._socket.connects - 1)

    @property
    def failed_frames(self) -> int:
        """Frames whose handling raised."""
        return self._socket.failed_frames

    def add(self, stream: str, symbol: str) -> None:
        """Carry one more stream from now on."""
        self.streams[stream] = symbol
        self._socket.aim(f"streams={quote('/'.join(self.streams), safe='/@!:+_')}")
        self._news.set()

    def answer(self, reply: StreamReply) -> None:
        """Take what the server said that is no market event."""
        if reply.kind == "shutdown":
            self._socket.reconnect("serverShutdown")
        elif reply.kind == "error":
            self._socket.abort(f"the server refused a subscription: {reply.text}")
        elif isinstance(reply.id, int):
            self._unanswered.pop(reply.id, None)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._socket.run())
            tasks.create_task(self._subscribe_for_ever())

    def _changed(self, up: bool, cause: str) -> None:
        self.up = up
        self._unanswered.clear()
        # The handshake named every stream that was there when it began; asking again for
        # one that came during it does no harm.
        self._carried = set(self._named_in_url()) if up else set()
        self._news.set()
        self._on_state(self, up, cause)

    def _named_in_url(self) -> list[str]:
        return unquote(self._socket.connected_path.removeprefix("streams=")).split("/")

    async def _subscribe_for_ever(self) -> None:
        while True:
            due = min(self._unanswered.values(), default=None)
            loop = asyncio.get_running_loop()
            timeout = None if due is None else max(0.0, due - loop.time())
            try:
                async with asyncio.timeout(timeout):
                    await self._news.wait()
            except TimeoutError:
                self._unanswered.clear()
                self._socket.abort("a subscription was not acknowledged")
                continue
            self._news.clear()
            await self._subscribe_missing()

    async def _subscribe_missing(self) -> None:
        while self.up and (missing := [s for s in self.streams if s not in self._carried]):
            names = missing[:_NAMES_A_MESSAGE]
            self._number += 1
            message = {"method": "SUBSCRIBE", "params": names, "id": self._number}
            try:
                self._socket.send(json.dumps(message, ensure_ascii=False).encode())
            except NotSent:
                return
            self._carried.update(names)
            self._unanswered[self._number] = asyncio.get_running_loop().time() + _ACK_WITHIN_S
            await asyncio.sleep(_CONTROL_SPACING_S)
