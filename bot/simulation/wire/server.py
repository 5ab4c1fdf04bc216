"""One port that speaks Binance's spot REST, streams and WebSocket API."""

from contextlib import aclosing
from typing import Final
from urllib.parse import parse_qs, unquote

from aiohttp import web

from bot.domain.errors import SettingsError
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan
from bot.simulation.wire.admin import Admin
from bot.simulation.wire.connections import Connection, Connections, Disruption
from bot.simulation.wire.control import Controls
from bot.simulation.wire.desk import Desk
from bot.simulation.wire.driver import Driver, WallClock
from bot.simulation.wire.gateway import Gateway, html_page, json_response
from bot.simulation.wire.hub import Hub, Listener
from bot.simulation.wire.keys import Keyring
from bot.simulation.wire.limits import Limits
from bot.simulation.wire.market import MarketStreams
from bot.simulation.wire.peer import Peer
from bot.simulation.wire.rules import WireRules
from bot.simulation.wire.session import Session
from bot.simulation.wire.turbulence import Turbulence
from bot.simulation.wire.users import Subscriber, UserStreams

__all__ = ["SimServer", "serve"]

_WSAPI_WEIGHT: Final = 2
_CLOSE_WAIT_S: Final = 0.3
_MAX_LINE: Final = 64 * 1024


async def serve(
    exchange: SimulatedExchange,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    admin: bool = False,
    faults: FaultPlan | None = None,
    time_scale: float = 1.0,
    rules: WireRules | None = None,
) -> "SimServer":
    """Open the port and let the market run; ``port`` 0 takes a free one.

    Raises:
        SettingsError: the port or the host cannot be used, or an account's key is none.
    """
    server = SimServer(
        exchange,
        admin=admin,
        plan=faults or FaultPlan(),
        rules=(rules or WireRules()).scaled(time_scale),
    )
    await server.open(host, port)
    return server


class SimServer:
    """The running server. ``port`` is where it listens, ``exchange`` what it serves."""

    def __init__(
        self, exchange: SimulatedExchange, *, admin: bool, plan: FaultPlan, rules: WireRules
    ) -> None:
        self.port = 0
        self.exchange = exchange
        self._rules = rules
        self._plan = plan
        self._clock = WallClock()
        self._connections = Connections()
        self._limits = Limits(rules)
        now_ms = self._clock.now_ms
        self._turbulence = Turbulence(plan, now_ms)
        self._hub = Hub(self._turbulence)
        self._market = MarketStreams(exchange, self._hub)
        self._users = UserStreams(self._turbulence)
        self._controls = Controls(self._hub, self._market, max_streams=rules.max_streams)
        self._disruption = Disruption(
            plan=plan,
            connections=self._connections,
            market=self._market,
            users=self._users,
            now_ms=now_ms,
        )
        self._driver = Driver(
            exchange=exchange,
            clock=self._clock,
            market=self._market,
            users=self._users,
            on_tick=lambda _: self._disruption.strike(),
        )
        self._desk = Desk(
            exchange=exchange,
            driver=self._driver,
            plan=plan,
            keyring=Keyring({key: spec.secret for key, spec in exchange.accounts.items()}),
            rules=rules,
            now_ms=now_ms,
        )
        self._gateway = Gateway(desk=self._desk, limits=self._limits)
        self._admin = (
            Admin(exchange=exchange, plan=plan, connections=self._connections, now_ms=now_ms)
            if admin
            else None
        )
        self._runner = web.ServerRunner(
            web.Server(
                self._handle,
                access_log=None,
                keepalive_timeout=3_600,
                max_line_size=_MAX_LINE,
                max_field_size=_MAX_LINE,
            ),
            shutdown_timeout=_CLOSE_WAIT_S,
        )

    async def open(self, host: str, port: int) -> None:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as e:
            await self._runner.cleanup()
            reason = e.strerror or str(e)
            msg = f"cannot listen on {host}:{port}: {reason}; choose another --port or --host"
            raise SettingsError(msg) from None
        self.port = self._runner.addresses[0][1]
        self._driver.start()

    async def close(self) -> None:
        """Stop the market, close every connection and the port."""
        self._driver.stop()
        self._turbulence.stop()
        for connection in self._connections:
            if connection.peer.half_open:
                connection.peer.abort()
            else:
                connection.peer.end()
        await self._runner.cleanup()

    # --- requests ---------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/sim/"):
            return await self._admin.answer(request) if self._admin else html_page(404)
        if self._plan.outage(self._clock.now_ms()):
            return _cut(request)
        if path == "/ws-api/v3":
            return await self._serve_api(request)
        if path in ("/ws", "/stream") or path.startswith("/ws/"):
            return await self._serve_market(request)
        return await self._gateway.answer(request) or _cut(request)

    async def _serve_market(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        options = parse_qs(query, max_num_fields=100)
        combined = path == "/stream"
        listed = options.get("streams", [""])[0] if combined else unquote(path[len("/ws/") :])
        names = [name for name in listed.split("/") if name]
        try:
            micro = _micro(options)
            self._admit(request)
        except ApiError as e:
            return json_response(e.body, status=e.status)
        if len(set(names)) > self._rules.max_streams:
            return json_response(
                {"code": 2, "msg": "Invalid request: too many parameters"}, status=400
            )
        peer = self._peer(request, "market")
        response = await peer.open(request)
        listener = Listener(peer, combined=combined, micro=micro)
        connection = Connection(peer, listener=listener)
        self._join(connection)
        self._controls.subscribe(listener, names)
        try:
            async with aclosing(peer.messages()) as messages:
                async for message in messages:
                    peer.say(self._controls.answer(listener, message))
        finally:
            self._connections.remove(connection)
            self._controls.unsubscribe(listener, list(listener.streams))
        return response

    async def _serve_api(self, request: web.BaseRequest) -> web.StreamResponse:
        options = parse_qs(request.raw_path.partition("?")[2], max_num_fields=100)
        allowance = self._limits.of(request.remote or "")
        try:
            micro = _micro(options)
            self._admit(request)
            allowance.charge(_WSAPI_WEIGHT, self._clock.now_ms())
        except ApiError as e:
            return json_response(e.body, status=e.status)
        peer = self._peer(request, "wsapi")
        response = await peer.open(request)
        subscriber = Subscriber(peer, micro=micro)
        session = Session(
            subscriber=subscriber,
            desk=self._desk,
            users=self._users,
            allowance=allowance,
            show_limits=options.get("returnRateLimits", ["true"])[0] != "false",
        )
        connection = Connection(peer, subscriber=subscriber)
        self._join(connection)
        try:
            async with aclosing(peer.messages()) as messages:
                async for message in messages:
                    session.hear(message)
        finally:
            self._connections.remove(connection)
            self._users.leave(subscriber)
        return response

    def _admit(self, request: web.BaseRequest) -> None:
        now_s = self._clock.now_ms() / 1000
        if not self._limits.of(request.remote or "").connects(now_s):
            limit = self._rules.connects
            raise ApiError(429, -1034, f"Too many connection attempts; current limit is {limit}.")

    def _peer(self, request: web.BaseRequest, kind: str) -> Peer:
        return Peer(
            ident=self._connections.next_ident(),
            kind=kind,
            path=request.raw_path,
            since_ms=self._clock.now_ms(),
            rules=self._rules,
            counts_text=kind == "market",
        )

    def _join(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._disruption.greet(connection)


def _micro(options: dict[str, list[str]]) -> bool:
    unit = options.get("timeUnit", ["MILLISECOND"])[0]
    if unit in ("MILLISECOND", "millisecond"):
        return False
    if unit in ("MICROSECOND", "microsecond"):
        return True
    msg = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
    raise ApiError(400, -1194, msg)


def _cut(request: web.BaseRequest) -> web.Response:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
