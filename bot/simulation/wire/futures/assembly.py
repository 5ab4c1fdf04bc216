"""The parts of the futures wire and how they hang together."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import msgspec
from aiohttp import web

from bot.simulation.faults import ConnectionFault, FaultPlan
from bot.simulation.futures.exchange import FuturesExchange, Kind
from bot.simulation.wire.connections import Connections, Disruption
from bot.simulation.wire.control import Controls
from bot.simulation.wire.driver import Driver, WallClock
from bot.simulation.wire.endpoints import Endpoint
from bot.simulation.wire.futures.contracts import Board
from bot.simulation.wire.futures.desk import FuturesDesk
from bot.simulation.wire.futures.endpoints import STATISTICS_PREFIX, endpoints
from bot.simulation.wire.futures.gateway import FuturesGateway
from bot.simulation.wire.futures.hub import FuturesHub
from bot.simulation.wire.futures.listenkeys import ListenKeys
from bot.simulation.wire.futures.market import FuturesStreams
from bot.simulation.wire.futures.outlet import FuturesOutlet
from bot.simulation.wire.futures.pace import Pace
from bot.simulation.wire.futures.reception import FuturesReception
from bot.simulation.wire.futures.rules import FuturesRules
from bot.simulation.wire.futures.streams import MARKET, PUBLIC
from bot.simulation.wire.keys import Keyring
from bot.simulation.wire.limits import Limits
from bot.simulation.wire.turbulence import Turbulence
from bot.simulation.wire.users import UserStreams

__all__ = ["FuturesWire", "Shared"]

_PATHS: Final[Mapping[Kind, Mapping[str, frozenset[Any]]]] = {
    "usdm": {"/public": PUBLIC, "/market": MARKET, "/private": frozenset()},
    "coinm": {"/dstream": PUBLIC | MARKET},
}
_REST: Final = {"usdm": "/fapi/", "coinm": "/dapi/"}
_API: Final = {"usdm": "/ws-fapi/v1", "coinm": "/ws-dapi/v1"}


class Shared(msgspec.Struct, frozen=True):
    """What futures and spot have in common on one port."""

    plan: FaultPlan
    clock: WallClock
    turbulence: Turbulence
    connections: Connections
    disruption: Disruption
    keyring: Keyring


class FuturesWire:
    """Everything below ``/fapi``, ``/dapi`` and the futures sockets."""

    def __init__(
        self, exchanges: Sequence[FuturesExchange], *, shared: Shared, rules: FuturesRules
    ) -> None:
        limits, pace = Limits(rules), Pace(rules)
        for first, second in combinations(exchanges, 2):
            first.share_position_mode(second)
        boards = [Board.of(exchange) for exchange in exchanges]
        every: list[FuturesStreams] = []
        self._markets = [
            _Market(
                [board, *(other for other in boards if other is not board)],
                shared=shared,
                rules=rules,
                limits=limits,
                pace=pace,
                every=every,
            )
            for board in boards
        ]
        shared.disruption.tell(self._strike)
        self._clock = shared.clock

    def serves(self, path: str) -> bool:
        """Whether a path belongs to a futures market that is served."""
        return any(market.serves(path) for market in self._markets)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """The response; None where the connection must be cut."""
        serving = [m for m in self._markets if m.serves(request.path)]
        # What both answer is of the market that has the pair or symbol, or only that path.
        asked = {request.query.get(name) for name in ("pair", "symbol")}
        likely = [m for m in serving if asked & m.names] or serving
        market = next((m for m in likely if m.knows(request.path)), likely[0])
        return await market.handle(request)

    def start(self) -> None:
        for market in self._markets:
            market.driver.start()

    def stop(self) -> None:
        for market in self._markets:
            market.driver.stop()

    def state(self) -> dict[str, Any]:
        """The truth of each market, by its kind."""
        return {m.exchange.kind: m.exchange.state() for m in self._markets}

    def _strike(self, fault: ConnectionFault) -> None:
        for market in self._markets:
            if fault.kind == "listen_key_expired":
                market.keys.expire_all(self._clock.now_ms())
            elif fault.kind == "book_gap":
                market.skip_updates(fault.symbol)


class _Market:
    """USDⓈ-M or COIN-M; ``every`` gathers the streams of all markets."""

    def __init__(
        self,
        boards: Sequence[Board],
        *,
        shared: Shared,
        rules: FuturesRules,
        limits: Limits,
        pace: Pace,
        every: list[FuturesStreams],
    ) -> None:
        self.exchange = boards[0].exchange
        kind = self.exchange.kind
        self.names = {n for c in boards[0].contracts.values() for n in (c.symbol, c.pair)}
        """Of everything that is traded here."""
        hubs = {path: FuturesHub(shared.turbulence, kind) for path in _PATHS[kind]}
        self._streams = {
            path: FuturesStreams(boards, hub, _PATHS[kind][path]) for path, hub in hubs.items()
        }
        every.extend(self._streams.values())
        # The last path of a market is the one that knows listen keys.
        self.keys = ListenKeys(list(hubs.values())[-1], valid_s=rules.listen_key_s)
        self.driver = Driver(
            exchange=self.exchange,
            clock=shared.clock,
            outlet=FuturesOutlet(list(self._streams.values()), every, self.keys),
            on_tick=lambda _: self.keys.expire(shared.clock.now_ms()),
        )
        desk = FuturesDesk(
            core=self.exchange,
            pace=pace,
            driver=self.driver,
            plan=shared.plan,
            keyring=shared.keyring,
            rules=rules,
            now_ms=shared.clock.now_ms,
        )
        table = endpoints(kind, self.keys, pace)
        routes: dict[tuple[str, str], Endpoint] = {(e.method, e.path): e for e in table}
        self._paths = {e.path for e in table}
        self._methods: dict[str, Endpoint] = {e.name: e for e in table if e.name}
        self._gateway = FuturesGateway(desk=desk, limits=limits, routes=routes)
        self._receptions = {
            path: FuturesReception(
                rules=rules,
                clock=shared.clock,
                limits=limits,
                connections=shared.connections,
                disruption=shared.disruption,
                controls=Controls(hubs[path], streams, max_streams=rules.max_streams),
                users=UserStreams(shared.turbulence),
                desk=desk,
            )
            for path, streams in self._streams.items()
        }

    def serves(self, path: str) -> bool:
        kind = self.exchange.kind
        is_rest = path.startswith((_REST[kind], STATISTICS_PREFIX))
        return is_rest or path == _API[kind] or self._prefix(path) != ""

    def knows(self, path: str) -> bool:
        """Whether a request has that path."""
        return path in self._paths

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """The response; None where the connection must be cut."""
        prefix = self._prefix(request.path)
        if prefix:
            return await self._receptions[prefix].serve_streams(request, prefix)
        if request.path == _API[self.exchange.kind]:
            reception = next(iter(self._receptions.values()))
            return await reception.converse(request, self._methods)
        return await self._gateway.answer(request)

    def skip_updates(self, symbol: str) -> None:
        """Make a gap in the symbol's depth streams."""
        for streams in self._streams.values():
            streams.skip_updates(symbol)

    def _prefix(self, path: str) -> str:
        for prefix in self._receptions:
            if path.startswith(f"{prefix}/ws/") or path in (f"{prefix}/ws", f"{prefix}/stream"):
                return prefix
        return ""
