"""What a person sees while the bot runs, and the summary when it has."""

from decimal import Decimal

import msgspec

from bot.domain.values import EXTERNAL
from bot.engine.engine import Engine
from bot.ports import FeedFigures
from bot.runtime.latency import Latency

__all__ = ["Progress", "StrategyProgress", "Summary", "progress_of", "summary_of"]


class StrategyProgress(msgspec.Struct, frozen=True, kw_only=True):
    strategy: str
    open_orders: int
    fills: int
    positions: dict[str, str]
    """Symbol to base units, flat ones left out."""
    pnl: dict[str, Decimal]
    """Quote asset to realised + unrealised - fees."""
    quarantined: str


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The present state, as one picture."""

    elapsed_s: float
    events: int
    orders: int
    fills: int
    refused: int
    blind: bool
    closed: str
    """Why no order may pass now, or ''."""
    open_orders: int
    backlog: int
    """Records that wait to be committed."""
    latency_us: dict[str, float]
    lag_ms: float = 0.0
    """How late market data is handled."""
    prices: dict[str, float]
    strategies: tuple[StrategyProgress, ...]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What ``--summary FILE`` holds. Counts are of this run; PnL since the strategy began."""

    run_id: str
    venue: str
    events: int
    orders: int
    fills: int
    refused: int
    unknown_resolved: int
    reconnects: int
    gaps: int
    pnl: dict[str, str]
    """Strategy to realised + unrealised - fees in its quote asset; ``strategy/ASSET`` where
    a strategy trades in several."""
    latency_us: dict[str, float]
    started_at: str
    ended_at: str
    duplicates: int = 0
    incidents: dict[str, int] = {}
    open_orders: int = 0
    unresolved: int = 0
    outcome: str = "stopped"
    rollovers: int = 0
    """Market connections that were replaced without a gap."""
    conflated: int = 0
    """Quotes, partial books and tickers that a later one replaced before they were handled."""
    worst_lag_ms: float = 0.0
    """The most that market data was handled late."""


def progress_of(
    engine: Engine, latency: Latency, feed: FeedFigures, *, elapsed_s: float, backlog: int
) -> Progress:
    """A picture of the engine now."""
    return Progress(
        elapsed_s=elapsed_s,
        events=engine.events,
        orders=engine.counts["orders"],
        fills=engine.counts["fills"],
        refused=engine.counts["refused"],
        blind=engine.is_blind,
        closed=engine.gate.closed,
        open_orders=len(engine.blotter.open_orders()),
        backlog=backlog,
        latency_us=latency.quantiles_us(),
        lag_ms=round(feed.lag_ms, 1),
        prices={
            symbol: price
            for symbol in engine.cache.instruments
            if (price := engine.cache.last_price(symbol)) is not None
        },
        strategies=tuple(
            _strategy(engine, name)
            for name in (*engine.host.plugins, EXTERNAL)
            if name != EXTERNAL or any(owner == EXTERNAL for owner, _ in engine.blotter.positions)
        ),
    )


def summary_of(
    engine: Engine,
    latency: Latency,
    feed: FeedFigures,
    *,
    venue: str,
    started_at: str,
    ended_at: str,
    outcome: str,
) -> Summary:
    """The end of a run in figures."""
    pnl: dict[str, str] = {}
    for name in engine.host.plugins:
        by_asset = _pnl(engine, name)
        for asset, amount in by_asset.items():
            key = name if len(by_asset) == 1 else f"{name}/{asset}"
            pnl[key] = format(round(amount, 8).normalize(), "f")
        if not by_asset:
            pnl[name] = "0"
    counts = engine.counts
    return Summary(
        run_id=engine.config.run_id,
        venue=venue,
        events=engine.events,
        orders=counts["orders"],
        fills=counts["fills"],
        refused=counts["refused"],
        unknown_resolved=counts["unknown_resolved"],
        reconnects=engine.sight.reconnects,
        gaps=engine.sight.gaps,
        pnl=pnl,
        latency_us=latency.quantiles_us(),
        started_at=started_at,
        ended_at=ended_at,
        duplicates=counts["duplicates"],
        incidents={
            name.removeprefix("incident:"): count
            for name, count in sorted(counts.items())
            if name.startswith("incident:")
        },
        open_orders=len(engine.blotter.open_orders()),
        unresolved=sum(not order.status.is_working for order in engine.blotter.open_orders()),
        outcome=outcome,
        rollovers=feed.rollovers,
        conflated=feed.conflated,
        worst_lag_ms=round(feed.worst_lag_ms, 1),
    )


def _strategy(engine: Engine, name: str) -> StrategyProgress:
    plugin = engine.host.plugins.get(name)
    held = [p for (owner, _), p in engine.blotter.positions.items() if owner == name]
    return StrategyProgress(
        strategy=name,
        open_orders=len(engine.blotter.open_orders(name)),
        fills=sum(position.fills for position in held),
        positions={
            position.key: format(position.quantity.normalize(), "f")
            for position in held
            if position.quantity
        },
        pnl=_pnl(engine, name),
        quarantined=plugin.quarantined if plugin else "",
    )


def _pnl(engine: Engine, name: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for (owner, _), position in engine.blotter.positions.items():
        instrument = engine.cache.instruments.get(position.symbol)
        if owner != name or instrument is None:
            continue
        net = position.net(engine.cache.exact_price(position.symbol))
        totals[instrument.pnl_asset] = totals.get(instrument.pnl_asset, Decimal(0)) + net
    return totals
