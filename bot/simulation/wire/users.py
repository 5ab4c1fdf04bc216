"""User data subscriptions: whose events go to which WebSocket API connection.

Source: Binance spot documentation, "User Data Streams" over the WebSocket API. Nothing is
replayed: what happens while nobody is subscribed is lost.
"""

import contextlib
from typing import Any

from bot.simulation.emissions import UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.wire import frames
from bot.simulation.wire.peer import Peer
from bot.simulation.wire.timeunits import event_in_microseconds
from bot.simulation.wire.turbulence import Turbulence

__all__ = ["Subscriber", "UserStreams"]

_MAX_ACTIVE = 1_000
_MAX_IDS = 65_535


class Subscriber:
    """One WebSocket API connection and its subscriptions."""

    def __init__(self, peer: Peer, *, micro: bool) -> None:
        self.peer = peer
        self.micro = micro
        self.by_account: dict[str, int] = {}
        self._next_id = 0

    def next_id(self) -> int:
        if self._next_id >= _MAX_IDS or len(self.by_account) >= _MAX_ACTIVE:
            raise ApiError(400, -2042, "User Data Stream subscription ID limit reached.")
        self._next_id += 1
        return self._next_id - 1


class UserStreams:
    def __init__(self, turbulence: Turbulence) -> None:
        self._turbulence = turbulence
        self._subscribers: dict[str, dict[Subscriber, None]] = {}

    def subscribe(self, subscriber: Subscriber, account: str) -> int:
        """The id of the new subscription.

        Raises:
            ApiError: -2035 if the connection has one for that account, -2042 at the limit.
        """
        if account in subscriber.by_account:
            raise ApiError(400, -2035, "User Data Stream subscription already active.")
        ident = subscriber.next_id()
        subscriber.by_account[account] = ident
        self._subscribers.setdefault(account, {})[subscriber] = None
        return ident

    def unsubscribe(self, subscriber: Subscriber, account: str, now_ms: int) -> None:
        """End a subscription; the client is told by ``eventStreamTerminated``.

        Raises:
            ApiError: -2036, there is none for that account.
        """
        ident = subscriber.by_account.pop(account, None)
        if ident is None:
            raise ApiError(400, -2036, "User Data Stream subscription not active.")
        with contextlib.suppress(KeyError):
            del self._subscribers[account][subscriber]
        event = {"e": "eventStreamTerminated", "E": now_ms}
        subscriber.peer.post(_frame(ident, _encoded(event, subscriber.micro)))

    def leave(self, subscriber: Subscriber) -> None:
        """The connection has ended."""
        for account in subscriber.by_account:
            with contextlib.suppress(KeyError):
                del self._subscribers[account][subscriber]
        subscriber.by_account.clear()

    def publish(self, event: UserEvent) -> None:
        """Send an account's event to all its subscribers, subject to faults."""
        kind = str(event.payload.get("e", ""))
        lane = f"user {event.account}"
        self._turbulence.deliver("user", kind, lane, lambda: self._fan_out(event))

    def _fan_out(self, event: UserEvent) -> None:
        built: dict[bool, bytes] = {}
        for subscriber in self._subscribers.get(event.account, ()):
            micro = subscriber.micro
            data = built.get(micro)
            if data is None:
                data = built[micro] = _encoded(event.payload, micro)
            subscriber.peer.post(_frame(subscriber.by_account[event.account], data))


def _encoded(payload: dict[str, Any], micro: bool) -> bytes:
    return frames.encoded(event_in_microseconds(payload) if micro else payload)


def _frame(ident: int, event: bytes) -> bytes:
    return frames.text(b'{"subscriptionId":%d,"event":%s}' % (ident, event))
