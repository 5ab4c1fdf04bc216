"""WebSocket connections from the handshake to the end."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from bot.simulation.errors import ApiError
from bot.simulation.wire.connections import Connection, Connections, Disruption
from bot.simulation.wire.control import Controls
from bot.simulation.wire.desk import Desk
from bot.simulation.wire.driver import WallClock
from bot.simulation.wire.gateway import json_response
from bot.simulation.wire.hub import Listener
from bot.simulation.wire.limits import Allowance, Limits
from bot.simulation.wire.peer import Peer
from bot.simulation.wire.rules import WireRules
from bot.simulation.wire.session import Session
from bot.simulation.wire.timeunits import wants_microseconds
from bot.simulation.wire.users import Subscriber, UserStreams

__all__ = ["Reception", "url_options"]

_WSAPI_WEIGHT: Final = 2


class Reception:
    """Lets connections in, or refuses them as Binance does."""

    def __init__(
        self,
        *,
        rules: WireRules,
        clock: WallClock,
        limits: Limits,
        connections: Connections,
        disruption: Disruption,
        controls: Controls,
        users: UserStreams,
        desk: Desk,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._limits = limits
        self._connections = connections
        self._disruption = disruption
        self._controls = controls
        self._users = users
        self._desk = desk

    async def serve_market(self, request: web.BaseRequest) -> web.StreamResponse:
        """``/ws``, ``/ws/<streams>`` and ``/stream?streams=``, until the connection ends."""
        path, _, query = request.raw_path.partition("?")
        options = url_options(query)
        combined = path == "/stream"
        listed = options.get("streams", "") if combined else unquote(path[len("/ws/") :])
        names = [name for name in listed.split("/") if name]
        try:
            micro = wants_microseconds(options.get("timeUnit"))
        except ApiError as e:
            return json_response(e.body, status=e.status)
        return await self._listen(
            request,
            kind="market",
            names=names,
            controls=self._controls,
            listener=lambda peer: Listener(peer, combined=combined, micro=micro),
        )

    async def serve_api(self, request: web.BaseRequest) -> web.StreamResponse:
        """``/ws-api/v3``, until the connection ends."""
        options = url_options(request.raw_path.partition("?")[2])
        try:
            micro = wants_microseconds(options.get("timeUnit"))
        except ApiError as e:
            return json_response(e.body, status=e.status)
        show_limits = options.get("returnRateLimits") != "false"

        def session(subscriber: Subscriber, allowance: Allowance) -> Session:
            return Session(
                subscriber=subscriber,
                desk=self._desk,
                users=self._users,
                allowance=allowance,
                show_limits=show_limits,
            )

        return await self._converse(request, micro=micro, session=session)

    async def _listen(
        self,
        request: web.BaseRequest,
        *,
        kind: str,
        names: list[str],
        controls: Controls,
        listener: Callable[[Peer], Listener],
    ) -> web.StreamResponse:
        """A connection that hears streams, until it ends."""
        try:
            self._admit(request)
        except ApiError as e:
            return json_response(e.body, status=e.status)
        if len(set(names)) > self._rules.max_streams:
            return json_response(
                {"code": 2, "msg": "Invalid request: too many parameters"}, status=400
            )
        peer = self._peer(request, kind)
        response = await peer.open(request)
        ear = listener(peer)
        connection = Connection(peer, listener=ear)
        self._join(connection)
        controls.subscribe(ear, names)
        try:
            async with aclosing(peer.messages()) as messages:
                async for message in messages:
                    peer.say(controls.answer(ear, message))
        finally:
            self._connections.remove(connection)
            controls.unsubscribe(ear, list(ear.streams))
        return response

    async def _converse(
        self,
        request: web.BaseRequest,
        *,
        micro: bool,
        session: Callable[[Subscriber, Allowance], Session],
    ) -> web.StreamResponse:
        """A connection of the WebSocket API, until it ends."""
        allowance = self._limits.of(request.remote or "")
        try:
            self._admit(request)
            allowance.charge(_WSAPI_WEIGHT, self._clock.now_ms())
        except ApiError as e:
            return json_response(e.body, status=e.status)
        peer = self._peer(request, "wsapi")
        response = await peer.open(request)
        subscriber = Subscriber(peer, micro=micro)
        conversation = session(subscriber, allowance)
        connection = Connection(peer, subscriber=subscriber)
        self._join(connection)
        try:
            async with aclosing(peer.messages()) as messages:
                async for message in messages:
                    conversation.hear(message)
        finally:
            self._connections.remove(connection)
            self._users.leave(subscriber)
        return response

    def _admit(self, request: web.BaseRequest) -> None:
        now_s = self._clock.now_ms() / 1000
        if not self._limits.of(request.remote or "").connects(now_s):
            minutes = max(1, round(self._rules.connects_window_s / 60))
            msg = (
                "Too many connection attempts from IP; "
                f"current limit is {self._rules.connects} per '{minutes} MINUTE'."
            )
            raise ApiError(429, -1034, msg)

    def _peer(self, request: web.BaseRequest, kind: str) -> Peer:
        return Peer(
            ident=self._connections.next_ident(),
            kind=kind,
            path=request.raw_path,
            since_ms=self._clock.now_ms(),
            rules=self._rules,
            counts_text=kind != "wsapi",
        )

    def _join(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._disruption.greet(connection)


def url_options(query: str) -> dict[str, str]:
    """The parameters of a WebSocket URL, the first of each name.

    A plus sign is itself: ``streams=btcusdt@kline_1d@+08:00`` names a time zone.
    """
    options: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        options.setdefault(unquote(name), unquote(value))
    return options
