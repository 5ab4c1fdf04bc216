"""Commands of ``bot review`` that work something out: overview, order, trades, pnl."""

from typing import Annotated

import typer

from bot.cli.output import Format, columns_of, line, plain, print_json, print_rows, row_of
from bot.cli.review_pages import print_list, table_limit
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

__all__ = ["order", "overview", "pnl", "trades"]


def overview(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    run: Run = None,
    environment: Environment = None,
    form: Form = Format.TABLE,
) -> None:
    """The latest run at a glance, and whether anything is unexplained.

    With --from or --to: everything in that range, whichever run did it.

    Example: bot review overview
    """
    from bot.cli.review_pages import pnl_row, print_overview
    from bot.review import overview as review

    chosen = where(
        begin=begin, end=end, strategy=strategy, symbol=symbol, run=run, environment=environment
    )
    _no_csv(form, "overview")
    with opened(db) as reader:
        page = review.overview(reader, chosen)
    if page is None:
        if run is not None:
            raise UserError(f"there is no run {run!r}; bot review runs lists them")
        _nothing(form, "nothing has been recorded yet")
    elif form is Format.JSON:
        nested = {
            "pnl": [pnl_row(row) for row in page.pnl],
            "open_positions": [pnl_row(row) for row in page.open_positions],
        }
        print_json(plain(row_of(page) | nested))
    else:
        print_overview(page)


def order(
    order_id: Annotated[
        str, typer.Argument(metavar="ID", help="Our client order id, or the exchange's order id.")
    ],
    db: Db = None,
    form: Form = Format.TABLE,
) -> None:
    """The story of one order: each step, who said so, its fills and its slippage.

    Example: bot review order bot-sma_cross-mi8x2k4q-1
    """
    from bot.cli.review_pages import print_story
    from bot.review.story import Moment, find_story

    with opened(db) as reader:
        story = find_story(reader, order_id)
    if story is None:
        raise UserError(f"there is no order {order_id!r}; bot review orders lists them")
    if form is Format.JSON:
        print_json(plain(row_of(story)))
    elif form is Format.CSV:
        rows = [row_of(moment) for moment in story.timeline]
        print_rows(rows, form, columns=columns_of(Moment), empty="")
    else:
        print_story(story)


def trades(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    environment: Environment = None,
    limit: Limit = None,
    form: Form = Format.TABLE,
) -> None:
    """Round trips from flat to flat, by their beginning; the last of each symbol may be open.

    Example: bot review trades --strategy sma_cross
    """
    from bot.review.pnl import holdings
    from bot.review.trips import Trip, trips_of

    chosen = where(begin=begin, end=end, strategy=strategy, symbol=symbol, environment=environment)
    with opened(db) as reader:
        found = [trip for holding in holdings(reader, chosen) for trip in trips_of(holding)]
    found = [
        trip
        for trip in sorted(found, key=lambda trip: trip.opened_ns)
        if chosen.from_ns is None or (trip.closed_ns or trip.opened_ns) >= chosen.from_ns
    ]
    rows = [row_of(trip) for trip in found[-(table_limit(limit, form) or len(found)) :]]
    columns = (
        *("opened", "closed", "strategy", "symbol", "direction=way", "fills"),
        *("realised", "net"),
    )
    print_list(rows, form, Trip, columns, "no trades", limit)


def pnl(
    db: Db = None,
    begin: From = None,
    end: To = None,
    strategy: Strategy = None,
    symbol: Symbol = None,
    run: Run = None,
    environment: Environment = None,
    daily: Annotated[bool, typer.Option("--daily", help="A row for each day.")] = False,
    form: Form = Format.TABLE,
) -> None:
    """Profit and loss by strategy and symbol, and by day; amounts are in the quote asset.

    net = realised + unrealised - fees. By day: net = realised - fees.

    Example: bot review pnl --daily --format csv
    """
    from bot.cli.review_pages import FIFO_COLUMNS, PNL_COLUMNS, pnl_row, tidy
    from bot.review.pnl import DailyPnl, Pnl, daily_pnl
    from bot.review.pnl import pnl as total_pnl
    from bot.review.trips import TripStatistics

    chosen = where(
        begin=begin, end=end, strategy=strategy, symbol=symbol, run=run, environment=environment
    )
    is_table = form is Format.TABLE
    with opened(db) as reader:
        totals = (
            [pnl_row(row) for row in total_pnl(reader, chosen)] if is_table or not daily else []
        )
        days = [row_of(row) for row in daily_pnl(reader, chosen)] if is_table or daily else []
    if not is_table:
        header = columns_of(DailyPnl)
        if not daily:
            header = [c for c in columns_of(Pnl) if c != "statistics"] + columns_of(TripStatistics)
        print_rows(days if daily else totals, form, columns=header, empty="")
        return
    totals, days = [tidy(row) for row in totals], [tidy(row) for row in days]
    print_rows(totals, form, columns=PNL_COLUMNS, empty="no fills, so no profit and no loss")
    if not totals:
        return
    line("")
    print_rows(totals, form, columns=FIFO_COLUMNS, empty="")
    line("")
    trip_columns = (
        *("strategy", "symbol", "trips", "wins", "win_rate=win rate", "profit_factor=factor"),
        *("average_win=avg win", "average_loss=avg loss", "best", "worst"),
    )
    print_rows(totals, form, columns=trip_columns, empty="")
    line("")
    day_columns = (
        "day",
        "strategy",
        "symbol",
        "asset",
        "fills",
        "volume",
        "realised",
        "funding",
        "fees",
        "net",
    )
    print_rows(days, form, columns=day_columns, empty="")


def _no_csv(form: Format, name: str) -> None:
    if form is Format.CSV:
        raise UserError(f"bot review {name} is not one table: use --format json")


def _nothing(form: Format, text: str) -> None:
    if form is Format.JSON:
        print_json([])
    else:
        line(text)
