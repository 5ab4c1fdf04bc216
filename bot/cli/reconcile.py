"""``bot reconcile``: the database against the exchange."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reconcile")(reconcile)


def reconcile(
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    venue: Annotated[
        str | None, typer.Option(help="As in the run; the latest run's if absent.")
    ] = None,
    venue_url: Annotated[
        str | None, typer.Option(help="As in the run; the latest run's if absent.")
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="Only these; those of the account's runs if absent.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A bot.toml.")] = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Compare stored orders and fills with the exchange's: missing, extra, different.

    Exit code 1 if there is any difference.

    [bold]Examples[/bold]

    bot reconcile

    bot reconcile --db sqlite:///run.db --format json
    """
    from bot.domain.errors import SettingsError
    from bot.runtime.logs import configure
    from bot.runtime.loop import run_async
    from bot.runtime.reconciliation import reconcile_account
    from bot.runtime.settings import load_settings

    if format_ not in {"table", "json"}:
        raise SettingsError(f"--format {format_}: table or json")
    settings = load_settings(config=config, db=db, venue=venue, venue_url=venue_url)
    configure(level="WARNING", style="text", secrets=settings.secrets())
    symbols = tuple(part for text in symbol or () for part in text.split(",") if part)
    report = run_async(
        reconcile_account(settings, symbols=symbols, chosen=bool(venue or venue_url))
    )
    if format_ == "json":
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        _show(report)
    if report.differences:
        raise typer.Exit(1)


def _show(report: object) -> None:
    from rich.console import Console
    from rich.table import Table

    from bot.runtime.reconciliation import Reconciliation

    assert isinstance(report, Reconciliation)
    console = Console()
    if report.differences:
        table = Table(box=None, padding=(0, 2), header_style="dim")
        for name in ("what", "symbol", "id", "is", "stored", "exchange"):
            table.add_column(name)
        for row in report.differences:
            table.add_row(row.what, row.symbol, row.id, row.kind, row.stored, row.exchange)
        console.print(table)
    console.print(
        f"{report.environment}: {report.orders} orders and {report.fills} fills compared",
        highlight=False,
    )
    count = len(report.differences)
    console.print(f"{count} difference{'' if count == 1 else 's'}", highlight=False)
