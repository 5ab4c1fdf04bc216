"""Who listens to which futures stream; a listen key is the name of its account's stream."""

from typing import Any

from bot.simulation.wire.hub import Hub, Listener, stream_frame
from bot.simulation.wire.peer import Peer
from bot.simulation.wire.turbulence import Turbulence

__all__ = ["FuturesHub", "FuturesListener"]


class FuturesListener(Listener):
    """A futures connection; ``events`` are the user events that it wants, none of them all."""

    def __init__(self, peer: Peer, *, combined: bool, events: frozenset[str]) -> None:
        super().__init__(peer, combined=combined, micro=False)
        self.events = events

    def hears(self, event: str) -> bool:
        """Whether the connection asked for user events of that type."""
        return not self.events or event in self.events


class FuturesHub(Hub):
    """``lane`` keeps faults that swap frames from mixing markets with equal stream names."""

    def __init__(self, turbulence: Turbulence, lane: str) -> None:
        super().__init__(turbulence)
        self._lane = lane

    def publish(self, name: str, event: str, payload: Any) -> None:
        """Send the payload to everybody who listens to ``name``, subject to faults."""
        if self.wanted(name):
            lane = f"{self._lane} {name}"
            self._turbulence.deliver("market", event, lane, lambda: self._fan_out(name, payload))

    def publish_raw(self, name: str, event: str, data: bytes) -> None:
        """As :meth:`publish`, for a payload that is JSON already."""
        self.publish(name, event, data)

    def publish_user(self, listen_key: str, payload: dict[str, Any]) -> None:
        """Send a user event to the connections of that key, subject to faults."""
        if not self.wanted(listen_key):
            return
        event = str(payload["e"])
        lane = f"{self._lane} {listen_key}"
        self._turbulence.deliver(
            "user", event, lane, lambda: self._tell(listen_key, event, payload)
        )

    def _tell(self, listen_key: str, event: str, payload: dict[str, Any]) -> None:
        for listener in self._listeners.get(listen_key, ()):
            if not isinstance(listener, FuturesListener) or listener.hears(event):
                frame = stream_frame(listen_key, payload, listener.combined, micro=False)
                listener.peer.post(frame)
