"""One port that speaks Binance's spot and futures REST, streams and WebSocket APIs."""

from collections.abc import Sequence
from typing import Final

from aiohttp import HttpVersion10, web

from bot.domain.errors import SettingsError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.scenes import SceneScript
from bot.simulation.wire.assembly import Parts, assemble
from bot.simulation.wire.entrance import Entrance, invite
from bot.simulation.wire.futures.rules import FuturesRules
from bot.simulation.wire.gateway import html_page
from bot.simulation.wire.rules import WireRules

__all__ = ["SimServer", "serve"]

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
    futures: Sequence[FuturesExchange] = (),
    futures_rules: FuturesRules | None = None,
    script: SceneScript | None = None,
) -> "SimServer":
    """Open the port and let the market run; ``port`` 0 takes a free one.

    ``script`` is the one that the market follows, so that scenes can be posted.

    Raises:
        SettingsError: the port or the host cannot be used, or an account's key is none.
    """
    parts = assemble(
        exchange,
        plan=faults if faults is not None else FaultPlan(),
        rules=(rules or WireRules()).scaled(time_scale),
        futures=futures,
        futures_rules=(futures_rules or FuturesRules()).scaled(time_scale),
        script=script,
    )
    server = SimServer(parts, admin=admin)
    await server.open(host, port)
    return server


class SimServer:
    """The running server. ``port`` is where it listens, ``exchange`` what it serves."""

    def __init__(self, parts: Parts, *, admin: bool) -> None:
        self.port = 0
        self.exchange = parts.exchange
        self.connections = parts.connections
        self._parts = parts
        self._has_admin = admin
        self._runner = web.ServerRunner(
            Entrance(
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
        self._parts.driver.start()
        self._parts.futures.start()

    async def close(self) -> None:
        """Stop the market, close every connection and the port."""
        self._parts.driver.stop()
        self._parts.futures.stop()
        self._parts.turbulence.stop()
        for connection in self.connections:
            if connection.peer.half_open:
                connection.peer.abort()
            else:
                connection.peer.end()
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        invite(request)
        try:
            return await self._route(request)
        except web.HTTPException as e:
            # No handshake where one must be, or too large a body.
            return html_page(e.status)

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        path, parts = request.path, self._parts
        if request.version < HttpVersion10:
            # A request line without a version: HTTP/0.9, whose answers have no status line.
            return _cut(request)
        if path.startswith("/sim/"):
            return await parts.admin.answer(request) if self._has_admin else html_page(404)
        if parts.plan.outage(parts.clock.now_ms()):
            return _cut(request)
        if parts.futures.serves(path):
            return await parts.futures.handle(request) or _cut(request)
        if path == "/ws-api/v3":
            return await parts.reception.serve_api(request)
        if path in ("/ws", "/stream") or path.startswith("/ws/"):
            return await parts.reception.serve_market(request)
        return await parts.gateway.answer(request) or _cut(request)


def _cut(request: web.BaseRequest) -> web.Response:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
