"""What can be done for a bot that does not answer: in its files and on its account."""

import json
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from bot.domain.errors import DatabaseError, SettingsError, VenueSetupError
from bot.domain.records import IncidentOpened, StateSaved
from bot.domain.values import Market, Side
from bot.exchange.direct import Access
from bot.runtime.composition import endpoints_of, keys_of
from bot.runtime.control.deeds import Deeds
from bot.runtime.control.places import places_of
from bot.runtime.control.takeover import Account, flatten_directly
from bot.runtime.environment import Environment
from bot.runtime.reconciliation import as_in, newest_run
from bot.runtime.settings import Settings
from bot.storage.open import open_store
from bot.storage.reader import Filter, TradeReader
from bot.storage.rows import RunRow

__all__ = ["flatten_from_database", "store_halt"]

_STORE_S = 5.0


async def store_halt(settings: Settings, reason: str) -> None:
    """Latch the halt (``''``: lift it) in the database of a bot that does not run.

    Raises:
        DatabaseError: there is no database yet, or it is not free.
    """
    with TradeReader(settings.db) as reader:
        run = newest_run(reader.runs(), settings, chosen=False)
    store = open_store(settings.db, environment=run.environment, close_timeout_s=_STORE_S)
    try:
        now_ns = time.time_ns()
        kind = "halt" if reason else "resume"
        mark = store.append(
            [
                StateSaved(
                    strategy_id="_engine", key="halt", value=json.dumps(reason), ts_ns=now_ns
                ),
                IncidentOpened(
                    incident_id=f"{run.run_id}-{kind}-{now_ns}",
                    run_id=run.run_id,
                    kind=kind,
                    severity="warning" if reason else "info",
                    subject="bot",
                    cause=reason or "asked to while no bot ran",
                    from_ns=now_ns,
                    to_ns=now_ns,
                ),
            ]
        )
        await store.durable(mark)
    finally:
        await store.close()


def flatten_from_database(settings: Settings, symbol: str) -> Mapping[str, Any]:
    """Cancel and close by what the database holds, and by what the exchange says; blocks.

    Raises:
        UserError: no run is stored, or its exchange cannot be reached without its bot.
    """
    with TradeReader(settings.db) as reader:
        run = newest_run(reader.runs(), settings, chosen=False)
        account = _account(reader, run)
    if symbol and symbol not in account.symbols:
        traded = ", ".join(account.symbols)
        raise SettingsError(f"--symbol {symbol}: the last run traded {traded}")
    environment = Environment.parse(run.environment)
    if environment.where == "embedded":
        raise VenueSetupError(
            "the exchange of the last run ended with its bot: start the bot, and flatten then"
        )
    settings = as_in(run, settings, chosen=False)
    at = endpoints_of(settings)
    if at is None:
        raise VenueSetupError("where the exchange of the last run is, is not known: --venue-url")
    key, secret = keys_of(settings)
    outcome = flatten_directly(
        Access(
            endpoints=at,
            api_key=key,
            api_secret=secret,
            recv_window_ms=settings.recv_window_ms,
            market=Market(environment.market),
        ),
        account,
        Deeds(places_of(settings.db).deeds),
        symbol=symbol,
        patience_s=settings.flatten_patience_s,
    )
    return {"ok": not outcome.left, "way": "direct", **msgspec.to_builtins(outcome)}


def _account(reader: TradeReader, run: RunRow) -> Account:
    within = Filter(environment=run.environment)
    positions: dict[tuple[str, str], Decimal] = {}
    trades: dict[str, set[tuple[int, Side]]] = {}
    for row in reader.fills(within):
        fill = row.fill
        key = (row.strategy_id, fill.symbol)
        # On spot a symbol begins with its base asset, which is what a commission may reduce.
        in_base = bool(fill.commission_asset) and fill.symbol.startswith(fill.commission_asset)
        fee = fill.commission if in_base else Decimal(0)
        change = fill.side.sign * fill.quantity - fee
        positions[key] = positions.get(key, Decimal(0)) + change
        trades.setdefault(fill.symbol, set()).add((fill.trade_id, fill.side))
    orders = [row.order for row in reader.orders(within)]
    names = {order.client_order_id for order in orders}
    if not names and not run.strategies:
        raise DatabaseError("the last run had no strategies: there is nothing to flatten")
    return Account(
        run_id=run.run_id,
        symbols=run.symbols,
        strategies=run.strategies,
        orders=[order for order in orders if not order.status.is_terminal],
        positions=positions,
        trades=trades,
        is_used=lambda name: name in names,
    )
