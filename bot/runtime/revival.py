"""From what the store remembers to an engine that goes on: the beginning of every process."""

from collections.abc import Sequence

from bot.domain.instrument import Instrument
from bot.engine.bus import Stopwatch
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.engine.recovery import restore
from bot.ports import Recovery
from bot.runtime.logs import logger

__all__ = ["recover", "revived"]


def revived(
    config: EngineConfig,
    instruments: dict[str, Instrument],
    strategies: Sequence[StrategySpec],
    recovery: Recovery,
    *,
    stopwatch: Stopwatch | None = None,
) -> Engine:
    """A new engine with its strategies, each with the state that it had saved."""
    if stopwatch is None:
        engine = Engine(config, instruments)
    else:
        engine = Engine(config, instruments, stopwatch=stopwatch)
    for spec in strategies:
        engine.host.load(spec, recovery.state.get(spec.strategy_id, {}))
    return engine


def recover(engine: Engine, recovery: Recovery, now_ns: int) -> None:
    """Fold what was stored back in, once, before the first event."""
    restore(
        engine,
        now_ns=now_ns,
        orders=(*recovery.recent_orders, *recovery.orders),
        fills=[(row.fill, row.strategy_id, row.fee_quote) for row in recovery.fills],
        engine_state=recovery.state.get("_engine", {}),
        open_incidents=[row.incident_id for row in recovery.open_incidents],
        fundings=[
            (row.payment, row.strategy_id, row.position_side, row.amount)
            for row in recovery.fundings
        ],
        instruments=recovery.instruments,
    )
    engine.ledger.write_instruments()
    if recovery.orders or recovery.fills:
        logger.bind(source="recovery").info(
            "recovered {} open orders and {} fills", len(recovery.orders), len(recovery.fills)
        )
    if engine.halted:
        logger.bind(source="recovery").warning("still halted: {}", engine.halted)
