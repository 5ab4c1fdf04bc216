"""One WebSocket connection: what it sends, what it must answer and when it ends."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import cast

from aiohttp import WSMsgType, web

from bot.simulation.wire import frames
from bot.simulation.wire.heartbeat import Heartbeat
from bot.simulation.wire.outbox import Outbox
from bot.simulation.wire.rules import WireRules

__all__ = ["Peer"]

_POLICY_VIOLATION = 1008
_GOING_AWAY = 1001
_CLOSE_WAIT_S = 0.5


class Peer:
    """The exchange's end of a connection."""

    def __init__(
        self,
        *,
        ident: int,
        kind: str,
        path: str,
        since_ms: int,
        rules: WireRules,
        counts_text: bool,
    ) -> None:
        self.ident = ident
        self.kind = kind
        self.path = path
        self.since_ms = since_ms
        self.half_open = False
        self._ended = False
        self._rules = rules
        # The WebSocket API limits requests by weight, streams limit every client frame.
        self._counts_text = counts_text
        self._loop = asyncio.get_running_loop()
        self._socket = web.WebSocketResponse(
            autoping=False,
            autoclose=False,
            compress=False,
            timeout=_CLOSE_WAIT_S,
            max_msg_size=rules.max_message_bytes,
        )
        self._outbox = Outbox(rules.send_buffer_bytes)
        self._recent: deque[float] = deque(maxlen=rules.client_messages)
        self._heartbeat = Heartbeat(rules.pong_timeout_s)
        self._timers: dict[str, asyncio.TimerHandle] = {}

    async def open(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Shake hands. Raises aiohttp's HTTPException where the request is no handshake."""
        self._socket.headers["Server"] = "nginx"
        await self._socket.prepare(request)
        # By its interface: uvloop's transports do not derive from asyncio's.
        self._outbox.transport = cast("asyncio.WriteTransport | None", request.transport)
        self._after("ping", self._rules.ping_interval_s, self._ping)
        self._after("life", self._rules.lifetime_s, self._end_of_life)
        return self._socket

    def post(self, frame: bytes) -> None:
        """Queue the bytes of a whole frame; they leave in this turn of the loop."""
        if not self.half_open:
            self._outbox.put(frame)

    def say(self, document: object) -> None:
        """Queue a JSON document as a text frame."""
        self.post(frames.text(frames.encoded(document)))

    def abort(self) -> None:
        """Cut the connection: no close frame, what was queued is lost."""
        self._outbox.clear()
        if self._outbox.transport is not None:
            self._outbox.transport.abort()

    def freeze(self) -> None:
        """Send and answer nothing more, and keep the connection."""
        self._outbox.clear()
        self.half_open = True
        self._cancel_timers()

    def end(self, code: int = _GOING_AWAY, reason: str = "") -> None:
        """Close in order: a close frame, and the connection a moment later."""
        if self.half_open or self._ended:
            return
        self._ended = True
        self.post(frames.close(code, reason))
        self._after("cut", _CLOSE_WAIT_S, self.abort)

    async def messages(self) -> AsyncGenerator[str | bytes, None]:
        """What the client sends, until the connection ends; pings and pongs are dealt with."""
        try:
            async for message in self._socket:
                if self.half_open:
                    continue
                if message.type is WSMsgType.PING:
                    self._counted()
                    self.post(frames.pong(message.data))
                elif message.type is WSMsgType.PONG:
                    # Only unsolicited ones count: in scaled time, answers come too fast.
                    if not self._heartbeat.pong(bytes(message.data)):
                        self._counted()
                elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    if self._counts_text and not self._counted():
                        return
                    yield message.data
                else:
                    return
        finally:
            await self._leave()

    async def _leave(self) -> None:
        transport = self._outbox.transport
        # A transport has no event for its end.
        while self.half_open and transport is not None and not transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(_CLOSE_WAIT_S)
        self._cancel_timers()
        self._outbox.flush()
        if self._ended and transport is not None:
            # The close frame was ours; a second one must not follow.
            transport.close()
        await self._socket.close()

    def _counted(self) -> bool:
        """Count a frame of the client; False, and the end, when there were too many."""
        now = self._loop.time()
        too_many = len(self._recent) == self._recent.maxlen and now - self._recent[0] < 1.0
        self._recent.append(now)
        if too_many:
            self.end(_POLICY_VIOLATION, "Too many requests")
        return not too_many

    def _ping(self) -> None:
        now_s = self._loop.time()
        if self._heartbeat.is_dead(now_s):
            self.end(_POLICY_VIOLATION, "Pong timeout")
            return
        self.post(frames.ping(self._heartbeat.ping(now_s)))
        self._after("ping", self._rules.ping_interval_s, self._ping)

    def _end_of_life(self) -> None:
        self.end(_GOING_AWAY, "24 hours")

    def _after(self, name: str, delay_s: float, do: Callable[[], None]) -> None:
        previous = self._timers.pop(name, None)
        if previous is not None:
            previous.cancel()
        self._timers[name] = self._loop.call_later(delay_s, do)

    def _cancel_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
