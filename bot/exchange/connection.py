"""One WebSocket connection, from its handshake to its end."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

__all__ = ["Connection", "Liveness", "OnFrame"]

OnFrame = Callable[[bytes], object]
"""Takes the payload of one data frame. It runs inside the read callback: no blocking."""

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_CONTINUATION: Final = WSMsgType.CONTINUATION
_PING: Final = WSMsgType.PING
_PONG: Final = WSMsgType.PONG
_CLOSE: Final = WSMsgType.CLOSE
_LONGEST_CONTROL: Final = 125
_TICKS_A_WINDOW: Final = 4


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """When a silent peer is taken for gone.

    Anything that arrives counts as life: data, a server's ping, a pong. A half-open
    connection is found after ``idle_s + reply_s`` (plus at most a quarter of either).
    """

    idle_s: float = 5.0
    """Silence after which we send a ping."""
    reply_s: float = 5.0
    """How long the answer may take."""
    open_s: float = 5.0
    """Longest time for the connect, and for the handshake."""


class Connection(WSListener):  # type: ignore[misc, unused-ignore]  # picows is compiled
    """Gives each data frame to ``on_frame`` and knows why it ended.

    An exception of ``on_frame`` is counted in ``failed_frames`` and costs that frame only.
    """

    # picows' class has no __dict__: without one, three attributes are 0.08 µs nearer each frame.
    __slots__ = (
        "_abandoned",
        "_cause",
        "_heard",
        "_on_frame",
        "_on_up",
        "_parts",
        "_pong",
        "_transport",
        "ended",
        "failed_frames",
        "silent_s",
    )

    def __init__(self, on_frame: OnFrame, on_up: Callable[[], object]) -> None:
        super().__init__()
        self._on_frame = on_frame
        self._on_up = on_up
        self._transport: WSTransport | None = None
        self._parts: list[bytes] = []
        self._cause = ""
        self._abandoned = False
        # Set by every frame and cleared by the watchdog: cheaper than a clock for each frame.
        self._heard = True
        self.failed_frames = 0
        # For how long nothing may have arrived, by watch()'s count.
        self.silent_s = 0.0
        self._pong: asyncio.Future[None] | None = None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        if self._abandoned:
            transport.disconnect(graceful=False)
        else:
            # Here and not after the connect returns: frames may be glued to the handshake.
            self._on_up()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._heard = True
        payload = frame.get_payload_as_bytes()
        # A control frame is never longer (RFC 6455, section 5.5), so this is data. To ask for
        # its type, of which picows makes an enumeration's member, would take 0.1 µs.
        if len(payload) > _LONGEST_CONTROL and frame.fin and not self._parts:
            try:
                self._on_frame(payload)
            except Exception:  # noqa: BLE001 - wall: one frame must not end the connection
                self.failed_frames += 1
        else:
            self._on_rare_frame(transport, frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' signature
        if not self.ended.done():
            self.ended.set_result(self._cause or "connection lost")

    @property
    def was_up(self) -> bool:
        """Whether its handshake was completed."""
        return self._transport is not None

    def send(self, payload: bytes) -> bool:
        """Write one text frame; False if the connection is gone."""
        if self._transport is None or self.ended.done():
            return False
        self._transport.send(_TEXT, payload)
        return True

    def listen(self, on_frame: OnFrame) -> None:
        """Give the frames to somebody else from now on."""
        self._on_frame = on_frame

    def abort(self, cause: str) -> None:
        """End it now, whatever the peer does."""
        self._cause = self._cause or cause
        self._abandoned = True
        if self._transport is not None:
            self._transport.disconnect(graceful=False)
        if not self.ended.done():
            self.ended.set_result(self._cause)

    async def answers(self, within_s: float) -> bool:
        """Whether the peer answers a ping within that time."""
        if self._transport is None or self.ended.done():
            return False
        pong = self._pong = asyncio.get_running_loop().create_future()
        self._transport.send_ping()
        await asyncio.wait({pong, self.ended}, timeout=within_s, return_when="FIRST_COMPLETED")
        return pong.done()

    async def watch(self, liveness: Liveness) -> str:
        """Wait for the end, and bring it about when the peer is silent. The cause."""
        tick = min(liveness.idle_s, liveness.reply_s) / _TICKS_A_WINDOW
        silent_s = 0.0
        asked = False
        while not self.ended.done():
            await asyncio.wait({self.ended}, timeout=tick)
            if self._heard:
                self._heard, asked, silent_s, self.silent_s = False, False, 0.0, 0.0
                continue
            silent_s += tick
            # It may have been heard last at the beginning of the tick before.
            self.silent_s = silent_s + tick
            if asked and silent_s >= liveness.idle_s + liveness.reply_s:
                self.abort(f"half-open: no answer to a ping for {liveness.reply_s:g} s")
            elif not asked and silent_s >= liveness.idle_s and self._transport is not None:
                asked = True
                self._transport.send_ping()
        return self.ended.result()

    def _on_rare_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is _PING:
            # Binance drops a peer whose pong does not repeat the payload of its ping.
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind is _PONG:
            if self._pong is not None and not self._pong.done():
                self._pong.set_result(None)
        elif kind is _CLOSE:
            self._cause = self._cause or f"closed by the server: {_close_code(frame)}"
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif kind in {_TEXT, _BINARY, _CONTINUATION}:
            self._parts.append(frame.get_payload_as_bytes())
            if frame.fin:
                payload = b"".join(self._parts)
                self._parts.clear()
                try:
                    self._on_frame(payload)
                except Exception:  # noqa: BLE001 - wall: one frame must not end the connection
                    self.failed_frames += 1


def _close_code(frame: WSFrame) -> str:
    payload = frame.get_payload_as_bytes()
    return str(int.from_bytes(payload[:2], "big")) if len(payload) > 1 else "no code"
