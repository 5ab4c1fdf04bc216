"""Who listens to which stream, and one encoding of each payload for all of them."""

from collections.abc import Iterable
from typing import Any

from bot.simulation.wire import frames
from bot.simulation.wire.peer import Peer
from bot.simulation.wire.timeunits import event_in_microseconds
from bot.simulation.wire.turbulence import Turbulence

__all__ = ["Hub", "Listener", "stream_frame"]


class Listener:
    """A market connection: its streams and the form in which it wants them."""

    def __init__(self, peer: Peer, *, combined: bool, micro: bool) -> None:
        self.peer = peer
        self.combined = combined
        self.micro = micro
        self.streams: dict[str, None] = {}


class Hub:
    """Subscriptions by stream name. A name that no stream has is kept, and stays silent."""

    def __init__(self, turbulence: Turbulence) -> None:
        self._turbulence = turbulence
        self._listeners: dict[str, dict[Listener, None]] = {}

    @property
    def names(self) -> Iterable[str]:
        """Streams with a listener."""
        return self._listeners

    def wanted(self, name: str) -> bool:
        return name in self._listeners

    def subscribe(self, listener: Listener, name: str) -> None:
        listener.streams[name] = None
        self._listeners.setdefault(name, {})[listener] = None

    def unsubscribe(self, listener: Listener, name: str) -> None:
        listener.streams.pop(name, None)
        others = self._listeners.get(name)
        if others is not None:
            others.pop(listener, None)
            if not others:
                del self._listeners[name]

    def leave(self, listener: Listener) -> None:
        for name in list(listener.streams):
            self.unsubscribe(listener, name)

    def publish(self, name: str, event: str, payload: Any) -> None:
        """Send the payload to everybody who listens to ``name``, subject to faults."""
        if name in self._listeners:
            self._turbulence.deliver("market", event, name, lambda: self._fan_out(name, payload))

    def publish_raw(self, name: str, event: str, data: bytes) -> None:
        """As :meth:`publish`, for a payload that is JSON already."""
        if name in self._listeners:
            self._turbulence.deliver("market", event, name, lambda: self._fan_out(name, data))

    def _fan_out(self, name: str, payload: Any) -> None:
        built: dict[tuple[bool, bool], bytes] = {}
        for listener in self._listeners.get(name, ()):
            shape = (listener.combined, listener.micro)
            frame = built.get(shape)
            if frame is None:
                frame = built[shape] = stream_frame(name, payload, *shape)
            listener.peer.post(frame)


def stream_frame(name: str, payload: Any, combined: bool, micro: bool) -> bytes:
    """The frame of one payload; ``combined`` wraps it with the name of its stream."""
    if isinstance(payload, bytes):
        data = payload
    else:
        data = frames.encoded(event_in_microseconds(payload) if micro else payload)
    if combined:
        data = b'{"stream":' + frames.encoded(name) + b',"data":' + data + b"}"
    return frames.text(data)
