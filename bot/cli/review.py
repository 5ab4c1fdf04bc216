"""``bot review``: reading the trade database, also while a bot writes to it."""

from typing import Annotated

import msgspec
import typer

from bot.cli.output import Format, row_of
from bot.cli.review_pages import print_list, table_limit
from bot.cli.review_results import order, overview, pnl, trades
from bot.cli.review_scope import (
    Db,
    Environment,
    Form,
    From,
    Limit,
    Run,
    Strategy,
    Symbol,
    To,
    opened,
    where,
)
from bot.domain.errors import UserError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the group to the command tree."""
    group = typer.Typer(
        help="Read the trade database: what was done, why, and what came of it.",
        epilog="Example: bot review fills --from 2026-11-22 --format csv > fills.csv",
        no_args_is_help=True,
    )
    commands = (overview, orders, order, fills, trades, pnl, equity, incidents, runs)
    for command in commands:
        group.command(command.__name__)(command)
    app.add_typer(group, name="review")


def orders(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    status: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help="FILLED, UNKNOWN ...")
    ] = None,
    run: Run = None,
    environment: Environment = None,
    limit: Limit = None,
    form: Form = Format.TABLE,
) -> None:
    """Orders, by creation.

    Example: bot review orders --status REFUSED --from 2026-11-22
    """
    from bot.cli.review_pages import ORDER_COLUMNS, order_row
    from bot.domain.values import OrderStatus
    from bot.review.listing import OrderLine

    if status is not None and status.upper() not in OrderStatus.__members__:
        raise UserError(f"there is no status {status!r}; one of {', '.join(OrderStatus)}")
    chosen = where(
        begin=begin,
        end=end,
        strategy=strategy,
        symbol=symbol,
        run=run,
        environment=environment,
        limit=table_limit(limit, form),
    )
    if status is not None:
        chosen = msgspec.structs.replace(chosen, status=status.upper())
    with opened(db) as reader:
        rows = [row_of(OrderLine.of(row)) for row in reader.orders(chosen)]
    if form is Format.TABLE:
        rows = [order_row(row) for row in rows]
    print_list(rows, form, OrderLine, ORDER_COLUMNS, "no orders", limit)


def fills(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    run: Run = None,
    environment: Environment = None,
    limit: Limit = None,
    form: Form = Format.TABLE,
) -> None:
    """Fills, by the exchange's time.

    Example: bot review fills --symbol BTCUSDT --format json
    """
    from bot.review.listing import FillLine

    chosen = where(
        begin=begin,
        end=end,
        strategy=strategy,
        symbol=symbol,
        run=run,
        environment=environment,
        limit=table_limit(limit, form),
    )
    with opened(db) as reader:
        rows = [row_of(FillLine.of(row)) for row in reader.fills(chosen)]
    columns = (
        *("time", "symbol", "side", "price", "quantity", "commission=fee", "commission_asset=in"),
        *("realised", "strategy"),
    )
    print_list(rows, form, FillLine, columns, "no fills", limit)


def equity(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    run: Run = None,
    environment: Environment = None,
    limit: Limit = None,
    form: Form = Format.TABLE,
) -> None:
    """Equity by strategy and symbol over time, as the bot wrote it down.

    Example: bot review equity --strategy sma_cross --format csv
    """
    from bot.review.listing import EquityLine

    chosen = where(
        begin=begin,
        end=end,
        strategy=strategy,
        symbol=symbol,
        run=run,
        environment=environment,
        limit=table_limit(limit, form),
    )
    with opened(db) as reader:
        rows = [row_of(EquityLine.of(row)) for row in reader.equity(chosen)]
    columns = (
        *("time", "strategy", "symbol", "position", "price", "realised", "unrealised", "fees"),
        "net",
    )
    print_list(rows, form, EquityLine, columns, "no equity has been written down", limit)


def incidents(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    run: Run = None,
    environment: Environment = None,
    limit: Limit = None,
    form: Form = Format.TABLE,
) -> None:
    """Gaps, blind times, refusals, halts: everything that interrupted the ordinary.

    Example: bot review incidents --from 2026-11-22
    """
    from bot.review.listing import IncidentLine

    chosen = where(
        begin=begin,
        end=end,
        strategy=strategy,
        symbol=symbol,
        run=run,
        environment=environment,
        limit=table_limit(limit, form),
    )
    with opened(db) as reader:
        rows = [row_of(IncidentLine.of(row)) for row in reader.incidents(chosen)]
    columns = ("from", "kind", "severity", "subject", "cause", "lasted_ms=lasted ms", "healed_by")
    print_list(rows, form, IncidentLine, columns, "no incidents", limit)


def runs(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    environment: Environment = None,
    limit: Limit = None,
    form: Form = Format.TABLE,
) -> None:
    """Runs of the bot, by their start.

    Example: bot review runs --limit 5
    """
    from bot.review import listing

    chosen = where(
        begin=begin,
        end=end,
        strategy=strategy,
        symbol=symbol,
        environment=environment,
        limit=table_limit(limit, form),
    )
    with opened(db) as reader:
        rows = [row_of(row) for row in listing.runs(reader, chosen)]
    columns = (
        "started",
        "ended",
        "run_id=run",
        "venue",
        "market",
        "strategies",
        "symbols",
        "outcome",
    )
    print_list(rows, form, listing.RunLine, columns, "no runs", limit)
