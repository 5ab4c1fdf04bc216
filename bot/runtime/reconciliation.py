"""The database against the exchange, on demand."""

from collections.abc import Sequence

import msgspec

from bot.domain.errors import DatabaseError, SettingsError, VenueError, VenueSetupError
from bot.engine.identity import id_prefix
from bot.exchange.reconcile import Difference
from bot.runtime.clock import WallClock
from bot.runtime.composition import connected
from bot.runtime.environment import Environment
from bot.runtime.settings import Settings
from bot.storage.reader import Filter, TradeReader
from bot.storage.rows import RunRow

__all__ = ["Reconciliation", "as_in", "newest_run", "reconcile_account"]


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared, and every difference."""

    environment: str
    symbols: tuple[str, ...]
    orders: int
    fills: int
    differences: list[Difference]


async def reconcile_account(
    settings: Settings, *, symbols: Sequence[str], chosen: bool
) -> Reconciliation:
    """Compare what the database's newest environment holds with its exchange.

    Orders and fills of the runs in this database are compared; those of other people, or
    of a bot with another database, are not ours to explain.

    Args:
        settings: the database, and how to reach the exchange.
        symbols: only these; empty: all that were traded.
        chosen: the venue was given; otherwise the newest run's is taken.

    Raises:
        UserError: no run is stored, or the exchange cannot be asked.
    """
    with TradeReader(settings.db) as reader:
        run = newest_run(reader.runs(), settings, chosen=chosen)
        settings = as_in(run, settings, chosen=chosen)
        within = Filter(environment=run.environment)
        runs = reader.runs(within)
        traded = tuple(dict.fromkeys(symbol for row in runs for symbol in row.symbols))
        wanted = tuple(symbols) or traded
        orders = [row.order for row in reader.orders(within) if row.order.symbol in wanted]
        fills = [row.fill for row in reader.fills(within) if row.fill.symbol in wanted]
    prefixes = tuple(
        id_prefix(strategy_id, row.run_id) for row in runs for strategy_id in row.strategies
    )
    # The embedded exchange must serve the symbols that are asked about.
    settings = settings.model_copy(update={"symbols": wanted})
    async with connected(settings, clock=WallClock()) as exchange:
        try:
            found = await exchange.account.differences(
                orders=orders, fills=fills, symbols=wanted, prefix=prefixes
            )
        except VenueError as e:
            raise VenueSetupError(f"the exchange could not be asked: {e}") from e
    return Reconciliation(
        environment=run.environment,
        symbols=wanted,
        orders=sum(order.client_order_id.startswith(prefixes) for order in orders),
        fills=sum(fill.client_order_id.startswith(prefixes) for fill in fills),
        differences=found,
    )


def newest_run(runs: Sequence[RunRow], settings: Settings, *, chosen: bool) -> RunRow:
    """The last run; of the settings' venue, if that was ``chosen``.

    Raises:
        UserError: there is none.
    """
    if not runs:
        raise DatabaseError(f"{settings.db} holds no run: there is nothing to reconcile")
    if not chosen:
        return runs[-1]
    where = settings.venue_url.rstrip("/") if settings.venue_url else None
    for run in reversed(runs):
        environment = Environment.parse(run.environment)
        if environment.venue == settings.venue and where in {None, environment.where}:
            return run
    raise SettingsError(f"{settings.db} holds no run on {where or settings.venue}")


def as_in(run: RunRow, settings: Settings, *, chosen: bool) -> Settings:
    """The settings with the venue, market and address of the run."""
    environment = Environment.parse(run.environment)
    is_address = environment.where.startswith(("http://", "https://"))
    update: dict[str, object] = {"venue": environment.venue, "market": environment.market}
    if not settings.venue_url and is_address and environment.venue == "sim":
        update["venue_url"] = environment.where
    if chosen and settings.venue_url:
        update = {"market": environment.market}
    return settings.model_copy(update=update)
