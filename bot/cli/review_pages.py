"""What the review shows a person: its pages, and its lists."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from bot.cli.output import Format, columns_of, heading, line, print_rows, row_of
from bot.domain.times import iso_utc
from bot.review.assets import quote_of
from bot.review.overview import Overview
from bot.review.pnl import Pnl
from bot.review.story import Story

__all__ = [
    "ORDER_COLUMNS",
    "PNL_COLUMNS",
    "order_row",
    "pnl_row",
    "print_list",
    "print_overview",
    "print_story",
    "table_limit",
    "tidy",
]

ORDER_COLUMNS = (
    "created",
    "client_order_id=client order id",
    "symbol",
    "what=order",
    "filled_of=filled / of",
    "price",
    "status",
)
_TABLE_ROWS = 200
PNL_COLUMNS = (
    "strategy",
    "symbol",
    "asset",
    "fills",
    "volume",
    "realised",
    "unrealised",
    "funding",
    "fees",
    "net",
    "position",
)
FIFO_COLUMNS = (
    "strategy",
    "symbol",
    "realised",
    "realised_fifo=by fifo",
    "unrealised",
    "unrealised_fifo=by fifo",
    "dust",
    "fees_unknown=no fee yet",
)
_AMOUNTS = frozenset(
    {
        *("volume", "realised", "unrealised", "fees", "funding", "net", "average_price"),
        *("realised_fifo", "unrealised_fifo"),
        *("average_win", "average_loss", "best", "worst"),
    }
)
_FILL_COLUMNS = (
    "time",
    "trade_id=trade",
    "side",
    "price",
    "quantity",
    "commission",
    "commission_asset=in",
    "maker",
    "realised",
    "source",
)
_MOMENT_COLUMNS = (
    "time",
    "after_ms=+ms",
    "event",
    "source",
    "status_after=then",
    "cause",
    "details",
)


def order_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of an order with two columns more, for a table that is not too wide."""
    filled, of = (f"{row[key].normalize():f}" for key in ("filled", "quantity"))
    return tidy(row) | {"what": f"{row['side']} {row['type']}", "filled_of": f"{filled} / {of}"}


def pnl_row(pnl: Pnl) -> dict[str, Any]:
    """The row of a PnL, the statistics of its trips beside the rest."""
    row = row_of(pnl)
    statistics = row.pop("statistics")
    return {**row, **statistics}


def tidy(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row for a table: amounts to as many decimals as matter at their size."""
    tidied = dict(row)
    for key in _AMOUNTS & row.keys():
        if isinstance(row[key], Decimal):
            tidied[key] = round(row[key], _decimals(abs(row[key])))
    if isinstance(row.get("win_rate"), float):
        tidied["win_rate"] = f"{row['win_rate']:.1%}"
    return tidied


def _decimals(amount: Decimal) -> int:
    if amount >= 1000:  # noqa: PLR2004 - thousands
        return 2
    return 4 if amount >= 1 else 8


def print_overview(page: Overview) -> None:
    """The overview for a person."""
    run = page.run
    if run is not None:
        end = "still running or killed" if run.ended_ns is None else f"ended {_at(run.ended_ns)}"
        heading(f"Run {run.run_id} on {run.venue} {run.market}, {', '.join(run.symbols)}")
        times = f"began {_at(run.started_ns)}, {end} {run.outcome}".rstrip()
        line(f"{', '.join(run.strategies) or 'no strategy'}; {times}")
    statuses = ", ".join(f"{n} {name}" for name, n in page.orders_by_status.items())
    line(f"orders     {page.orders}" + (f": {statuses}" if statuses else ""))
    line(f"fills      {page.fills}, volume {_amounts(page.volume)}, fees {_amounts(page.fees)}")
    line(f"net PnL    {_amounts(page.net)}")
    kinds = ", ".join(f"{n} {kind}" for kind, n in page.incidents.items())
    line(f"incidents  {kinds or 'none'}")
    if page.pnl:
        _section("PnL")
        rows = [tidy(pnl_row(row)) for row in page.pnl]
        print_rows(rows, Format.TABLE, columns=PNL_COLUMNS, empty="")
    for title, orders in (
        ("Open orders", page.open_orders),
        ("Orders with an unknown outcome", page.unresolved_orders),
    ):
        if orders:
            _section(title)
            rows = [order_row(row_of(order)) for order in orders]
            print_rows(rows, Format.TABLE, columns=ORDER_COLUMNS, empty="")
    line("")
    if page.unexplained:
        line("Look at:", style="bold yellow")
        for reason in page.unexplained:
            line(f"  - {reason}")
    else:
        line("Everything is explained.", style="green")


def print_story(story: Story) -> None:
    """The story of an order for a person."""
    order = story.order
    at = "" if order.price is None else f" at {order.price:f}"
    heading(f"{order.client_order_id}  {order.status}")
    line(
        f"{order.side} {order.quantity:f} {order.symbol} {order.type}{at} {order.time_in_force},"
        f" strategy {order.strategy}, run {order.run_id}"
    )
    if order.reason:
        line(f"reason: {order.reason}")
    line("")
    rows = [row_of(moment) for moment in story.timeline]
    shown = [
        name
        for name in _MOMENT_COLUMNS
        if name != "cause" or any(moment.cause for moment in story.timeline)
    ]
    print_rows(rows, Format.TABLE, columns=shown, empty="no events")
    if story.fills:
        _section("Fills")
        rows = [row_of(fill) for fill in story.fills]
        print_rows(rows, Format.TABLE, columns=_FILL_COLUMNS, empty="")
    if story.slippage is not None:
        cost = story.slippage
        asset = quote_of(order.symbol)
        line("")
        line(
            f"slippage {cost.basis_points:.2f} basis points ({_amounts({asset: cost.cost_quote})}):"
            f" filled at {_rounded(cost.average_price)}, decided at a mid price of"
            f" {cost.reference_price:f}"
        )
    if story.incidents:
        _section("Incidents")
        columns = ("from", "kind", "severity", "cause", "lasted_ms=lasted ms", "healed_by")
        rows = [row_of(incident) for incident in story.incidents]
        print_rows(rows, Format.TABLE, columns=columns, empty="")


def _section(title: str) -> None:
    line("")
    heading(title)


def _amounts(totals: Mapping[str, Decimal]) -> str:
    if not totals:
        return "0"
    return " + ".join(f"{_rounded(value)} {asset}".strip() for asset, value in totals.items())


def _rounded(value: Decimal) -> str:
    return f"{round(value, 8).normalize():f}"


def _at(ns: int) -> str:
    return iso_utc(ns)[:19].replace("T", " ")


def print_list(
    rows: Sequence[dict[str, Any]],
    form: Format,
    kind: type[msgspec.Struct],
    shown: Sequence[str],
    empty: str,
    limit: int | None,
) -> None:
    """Print a list; ``shown`` are the columns of a table, those of ``kind`` all there are."""
    if form is Format.TABLE:
        rows = [tidy(row) for row in rows]
        print_rows(rows, form, columns=shown, empty=empty)
        if limit is None and len(rows) == _TABLE_ROWS:
            line(f"(the newest {_TABLE_ROWS}; --limit N for more)", style="dim")
    else:
        print_rows(rows, form, columns=columns_of(kind), empty=empty)


def table_limit(limit: int | None, form: Format) -> int | None:
    """How many rows to ask for: a table of a long list is short unless --limit says otherwise."""
    return _TABLE_ROWS if limit is None and form is Format.TABLE else limit
