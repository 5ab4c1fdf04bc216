"""A guard for a run, made of the run's parts."""

import os

import certifi

from bot.domain.values import Market
from bot.engine.engine import Engine
from bot.engine.identity import id_prefix
from bot.exchange.direct import Access
from bot.runtime.composition import Parts
from bot.runtime.control.guard import Guard
from bot.runtime.control.lifeline import Lifeline, SentryOrders
from bot.runtime.control.outlook import Outlook
from bot.runtime.control.places import Places, places_of
from bot.runtime.deadman import DeadMansHand
from bot.runtime.pump import Pump
from bot.runtime.settings import Settings

__all__ = ["guard_of"]


def guard_of(settings: Settings, parts: Parts, engine: Engine, pump: Pump) -> Guard:
    """Not started yet: that is for when the engine has recovered."""
    places = places_of(settings.db)
    is_spot = engine.config.market is Market.SPOT
    guard = Guard(
        places=places,
        engine=engine,
        pump=pump,
        store=parts.store,
        access=parts.access,
        stuck_s=settings.stuck_loop_s,
        patience_s=settings.flatten_patience_s,
        flatten_wait_s=settings.flatten_wait_s,
    )
    guard.outlook = Outlook(
        engine,
        guard.pulse,
        environment=parts.environment,
        held=lambda: guard.held,
        weight_used=parts.weight_used,
        backlog=parts.backlog,
        watchdog=lambda: _of(guard),
    )
    if settings.watchdog_s and parts.dead_man is not None:
        guard.dead_man = DeadMansHand(
            parts.dead_man,
            seconds=settings.watchdog_s,
            engine=engine,
            pump=pump,
            store=parts.store,
        )
    # The embedded exchange ends with the bot, and its orders rest nowhere.
    if settings.watchdog_s and is_spot and parts.access is not None and not parts.is_embedded:
        orders = _orders(settings, parts.access, engine, places)
        guard.lifeline = Lifeline(
            orders,
            offset_ms=parts.clock_offset_ms,
            lost=lambda cause: _lost(engine, pump, cause),
        )
    return guard


def _orders(settings: Settings, access: Access, engine: Engine, places: Places) -> SentryOrders:
    run_id = engine.config.run_id
    return SentryOrders(
        rest=access.endpoints.spot_rest,
        key=access.api_key,
        secret=access.api_secret,
        recv_window_ms=access.recv_window_ms,
        symbols=tuple(engine.cache.instruments),
        prefixes=tuple(id_prefix(name, run_id) for name in engine.host.plugins),
        ids=(),
        spare_stops=settings.watchdog_spares == "stops",
        silence_s=settings.watchdog_s,
        socket=str(places.socket),
        pid=os.getpid(),
        deeds=str(places.deeds),
        cafile=certifi.where(),
    )


def _lost(engine: Engine, pump: Pump, cause: str) -> None:
    engine.incident("watchdog_lost", "watchdog", cause, severity="warning")
    pump.flush()


def _of(guard: Guard) -> str:
    lifeline = guard.lifeline
    if lifeline is None:
        return "off" if guard.dead_man is None else "countdown at the exchange"
    return f"process {lifeline.pid}" if lifeline.pid else "not running"
