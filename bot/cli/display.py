"""A run for people: a live picture while it lasts, a summary when it has ended."""

import sys
import time
from decimal import Decimal
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.runtime.progress import Progress, Summary

__all__ = ["Display", "print_summary"]

_PLAIN_EVERY_S: Final = 2.0
_LATE_MS: Final = 250.0
"""Market data that is handled later than this is worth a word."""


class Display:
    """Shows :class:`Progress`: redrawn in place on a terminal, a line now and then elsewhere."""

    def __init__(self, *, duration_s: float | None) -> None:
        self._duration_s = duration_s
        self._console = Console()
        self._live = (
            Live(console=self._console, refresh_per_second=4, transient=True)
            if self._console.is_terminal
            else None
        )
        self._printed = 0.0

    @property
    def is_live(self) -> bool:
        """Whether it draws in place, so that log lines would disturb it."""
        return self._live is not None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, progress: Progress) -> None:
        if self._live:
            self._live.update(self._picture(progress))
        elif time.monotonic() - self._printed >= _PLAIN_EVERY_S:
            self._printed = time.monotonic()
            print(self._line(progress), flush=True)

    def _clock(self, progress: Progress) -> str:
        of = f"/{self._duration_s:.0f}" if self._duration_s else ""
        return f"{progress.elapsed_s:.0f}{of} s"

    def _line(self, progress: Progress) -> str:
        pnl = "  ".join(
            f"{row.strategy} {_money(amount)} {asset}"
            for row in progress.strategies
            for asset, amount in row.pnl.items()
        )
        sight = f"NO ORDERS: {progress.closed}" if progress.closed else "seeing"
        return (
            f"{self._clock(progress):>9}  {progress.events:>7,} events  "
            f"{progress.orders:>4} orders  {progress.fills:>4} fills  {sight}  {pnl}"
        )

    def _picture(self, progress: Progress) -> Group:
        head = Text.assemble(
            (self._clock(progress), "bold"),
            f"   {progress.events:,} events   {progress.orders} orders   {progress.fills} fills   "
            f"{progress.open_orders} open   p50 {progress.latency_us['p50']:.0f} µs   ",
            (f"DATA {progress.lag_ms:,.0f} ms LATE   ", "red")
            if progress.lag_ms > _LATE_MS
            else "",
            (f"NO ORDERS: {progress.closed}", "red") if progress.closed else ("seeing", "green"),
        )
        prices = Text(
            "   ".join(f"{symbol} {price:,.2f}" for symbol, price in progress.prices.items()),
            style="dim",
        )
        return Group(head, prices, _strategies(progress))


def _late(progress: Progress) -> str:
    return f"DATA {progress.lag_ms:,.0f} ms LATE   " if progress.lag_ms > _LATE_MS else ""


def _strategies(progress: Progress) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("strategy")
    for name in ("open", "fills", "position", "PnL"):
        table.add_column(name, justify="right")
    for row in progress.strategies:
        title = Text(row.strategy, style="red" if row.quarantined else "")
        held = "  ".join(f"{quantity} {symbol}" for symbol, quantity in row.positions.items())
        pnl = "  ".join(f"{_money(amount)} {asset}" for asset, amount in row.pnl.items())
        colour = "green" if any(amount > 0 for amount in row.pnl.values()) else "red"
        table.add_row(
            title, str(row.open_orders), str(row.fills), held or "flat", Text(pnl, style=colour)
        )
    return table


def print_summary(summary: Summary, *, db: str) -> None:
    """The figures of a run, and where to look further."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    table = Table(title=f"Run {summary.run_id} on {summary.venue}", box=None, padding=(0, 2))
    table.add_column("", style="dim")
    table.add_column("", justify="right")
    rows: list[tuple[str, object]] = [
        ("market and account events", f"{summary.events:,}"),
        ("orders placed", summary.orders),
        ("fills", summary.fills),
        ("orders refused by risk", summary.refused),
        ("ambiguous answers resolved", summary.unknown_resolved),
        ("reconnects / gaps", f"{summary.reconnects} / {summary.gaps}"),
        ("still open / unresolved", f"{summary.open_orders} / {summary.unresolved}"),
        ("frame to handler p50", f"{summary.latency_us['p50']:.0f} µs"),
        ("frame to handler p99", f"{summary.latency_us['p99']:.0f} µs"),
    ]
    if summary.rollovers:
        rows.append(("connections replaced without a gap", summary.rollovers))
    if summary.worst_lag_ms > _LATE_MS:
        rows.append(("market data late, at most", f"{summary.worst_lag_ms:,.0f} ms"))
    if summary.conflated:
        rows.append(("replaced before they were handled", f"{summary.conflated:,}"))
    rows += [(f"PnL {name}", _money(Decimal(amount))) for name, amount in summary.pnl.items()]
    for name, value in rows:
        table.add_row(name, str(value))
    console.print(table)
    if summary.incidents:
        told = ", ".join(f"{count} {kind}" for kind, count in summary.incidents.items())
        console.print(f"incidents: {told}", highlight=False)
    suffix = "" if db == "sqlite:///bot.db" else f" --db {db}"
    console.print("\nLook further:", highlight=False)
    for command, tells in (
        ("bot review overview", "how it went"),
        ("bot review fills", "every trade"),
        ("bot review incidents", "what was missed, refused or failed"),
        ("bot db verify", "the database against itself"),
        ("bot reconcile", "the database against the exchange"),
    ):
        console.print(f"  {command + suffix:<44} {tells}", highlight=False)


def _money(amount: Decimal) -> str:
    return f"{amount:+,.4f}"
