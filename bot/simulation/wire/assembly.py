"""The parts of the wire and how they hang together."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.scenes import SceneScript
from bot.simulation.wire.admin import Admin
from bot.simulation.wire.connections import Connections, Disruption
from bot.simulation.wire.control import Controls
from bot.simulation.wire.desk import Desk
from bot.simulation.wire.driver import Driver, WallClock
from bot.simulation.wire.futures.assembly import FuturesWire, Shared
from bot.simulation.wire.futures.rules import FuturesRules
from bot.simulation.wire.gateway import Gateway
from bot.simulation.wire.hub import Hub
from bot.simulation.wire.keys import Keyring
from bot.simulation.wire.limits import Limits
from bot.simulation.wire.market import MarketStreams
from bot.simulation.wire.outlet import SpotOutlet
from bot.simulation.wire.reception import Reception
from bot.simulation.wire.rules import WireRules
from bot.simulation.wire.turbulence import Turbulence
from bot.simulation.wire.users import UserStreams

__all__ = ["Parts", "assemble"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server needs to hold in its hands."""

    exchange: SimulatedExchange
    clock: WallClock
    plan: FaultPlan
    driver: Driver
    turbulence: Turbulence
    connections: Connections
    gateway: Gateway
    reception: Reception
    admin: Admin
    futures: FuturesWire


def assemble(
    exchange: SimulatedExchange,
    *,
    plan: FaultPlan,
    rules: WireRules,
    futures: Sequence[FuturesExchange] = (),
    futures_rules: FuturesRules | None = None,
    script: SceneScript | None = None,
) -> Parts:
    """Everything but the port.

    Raises:
        SettingsError: an account's key is none.
    """
    clock, connections, limits = WallClock(), Connections(), Limits(rules)
    now_ms = clock.now_ms
    turbulence = Turbulence(plan, now_ms)
    hub, users = Hub(turbulence), UserStreams(turbulence)
    market = MarketStreams(exchange, hub)
    disruption = Disruption(
        plan=plan, connections=connections, market=market, users=users, now_ms=now_ms
    )
    driver = Driver(
        exchange=exchange,
        clock=clock,
        outlet=SpotOutlet(market, users),
        on_tick=lambda _: disruption.strike(),
    )
    specs = dict(exchange.accounts)
    for venue in futures:
        specs |= venue.accounts
    keyring = Keyring({key: spec.secret for key, spec in specs.items()})
    desk = Desk(
        exchange=exchange, driver=driver, plan=plan, keyring=keyring, rules=rules, now_ms=now_ms
    )
    reception = Reception(
        rules=rules,
        clock=clock,
        limits=limits,
        connections=connections,
        disruption=disruption,
        controls=Controls(hub, market, max_streams=rules.max_streams),
        users=users,
        desk=desk,
    )
    futures_wire = FuturesWire(
        futures,
        shared=Shared(plan, clock, turbulence, connections, disruption, keyring),
        rules=futures_rules or FuturesRules(),
    )
    return Parts(
        exchange=exchange,
        clock=clock,
        plan=plan,
        driver=driver,
        turbulence=turbulence,
        connections=connections,
        gateway=Gateway(desk=desk, limits=limits),
        reception=reception,
        admin=Admin(
            exchange=exchange,
            plan=plan,
            connections=connections,
            now_ms=now_ms,
            futures=futures_wire.state,
            script=script,
        ),
        futures=futures_wire,
    )
