"""The open WebSocket connections, and what strikes them on purpose."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from bot.simulation.faults import ConnectionFault, FaultPlan
from bot.simulation.wire.hub import Listener
from bot.simulation.wire.market import MarketStreams
from bot.simulation.wire.peer import Peer
from bot.simulation.wire.users import Subscriber, UserStreams

__all__ = ["Connection", "Connections", "Disruption"]

_SHUTDOWN_NOTICE_S = 1.0


class Connection(msgspec.Struct, frozen=True, eq=False):
    """A market connection has a ``listener``, one of the WebSocket API a ``subscriber``."""

    peer: Peer
    listener: Listener | None = None
    subscriber: Subscriber | None = None

    @property
    def is_user(self) -> bool:
        """Whether a user data subscription lives on it."""
        return self.subscriber is not None and bool(self.subscriber.by_account)

    def is_target(self, target: str) -> bool:
        """A WebSocket API connection with user data is both ``wsapi`` and ``user``."""
        return target in ("all", self.peer.kind) or (target == "user" and self.is_user)

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.peer.ident,
            "kind": "user" if self.is_user else self.peer.kind,
            "path": self.peer.path,
            "streams": list(self.listener.streams) if self.listener else [],
            "since_ms": self.peer.since_ms,
        }


class Connections:
    def __init__(self) -> None:
        self._open: dict[int, Connection] = {}
        self._count = 0

    def next_ident(self) -> int:
        self._count += 1
        return self._count

    def add(self, connection: Connection) -> None:
        self._open[connection.peer.ident] = connection

    def remove(self, connection: Connection) -> None:
        self._open.pop(connection.peer.ident, None)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def of(self, target: str) -> list[Connection]:
        return [c for c in self._open.values() if c.is_target(target)]


class Disruption:
    """Carries out the faults that strike connections."""

    def __init__(
        self,
        *,
        plan: FaultPlan,
        connections: Connections,
        market: MarketStreams,
        users: UserStreams,
        now_ms: Callable[[], int],
    ) -> None:
        self._plan = plan
        self._connections = connections
        self._market = market
        self._users = users
        self._now_ms = now_ms
        self._mute: dict[str, float] = {}
        self._others: list[Callable[[ConnectionFault], None]] = []

    def tell(self, other: Callable[[ConnectionFault], None]) -> None:
        """Have ``other`` told of each fault that falls due: parts that this one does not know."""
        self._others.append(other)

    def strike(self) -> None:
        """Do what has fallen due."""
        for fault in self._plan.connections(self._now_ms()):
            self._commit(fault)

    def greet(self, connection: Connection) -> None:
        """A connection that opens while its kind is mute for some time is mute too."""
        now_ms = self._now_ms()
        for target, until_ms in self._mute.items():
            # Faults that were cleared meanwhile are no longer on.
            mute = now_ms < until_ms and self._plan.half_open(target, now_ms)
            if mute and connection.is_target(target):
                connection.peer.freeze()

    def _commit(self, fault: ConnectionFault) -> None:
        for other in self._others:
            other(fault)
        if fault.kind == "book_gap":
            self._market.skip_updates(fault.symbol)
            return
        if fault.kind == "half_open" and fault.for_s is not None:
            self._mute[fault.target] = self._now_ms() + fault.for_s * 1000
        for connection in self._connections.of("all" if fault.kind == "outage" else fault.target):
            if fault.kind in ("drop", "outage"):
                connection.peer.abort()
            elif fault.kind == "half_open":
                connection.peer.freeze()
            elif fault.kind == "server_shutdown":
                self._shut_down(connection, fault.for_s)
            elif fault.kind == "stream_terminated" and connection.subscriber is not None:
                for account in list(connection.subscriber.by_account):
                    self._users.unsubscribe(connection.subscriber, account, self._now_ms())

    def _shut_down(self, connection: Connection, notice_s: float | None) -> None:
        """Announce the end in the connection's own form; it comes without further notice."""
        event = {"e": "serverShutdown", "E": self._now_ms()}
        peer, listener = connection.peer, connection.listener
        if listener is None:
            peer.say({"event": event})
        elif listener.combined:
            peer.say({"stream": "!serverShutdown", "data": event})
        else:
            peer.say(event)
        notice = _SHUTDOWN_NOTICE_S if notice_s is None else notice_s
        asyncio.get_running_loop().call_later(notice, peer.end)
