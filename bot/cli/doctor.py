"""``bot doctor``: look at everything before a run."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    venue: Annotated[str | None, typer.Option(help="As in the run.")] = None,
    market: Annotated[str | None, typer.Option(help="As in the run.")] = None,
    venue_url: Annotated[str | None, typer.Option(help="As in the run.")] = None,
    symbol: Annotated[list[str] | None, typer.Option(help="As in the run.")] = None,
    strategy: Annotated[list[str] | None, typer.Option(help="As in the run.")] = None,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    config: Annotated[Path | None, typer.Option(help="A bot.toml.")] = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Check settings, strategies, keys, clock, symbols, database, disk and open halts.

    It trades nothing and writes nothing. Exit code 1 if anything would stop a run.

    [bold]Examples[/bold]

    bot doctor

    bot doctor --venue testnet --symbol BTCUSDT --format json
    """
    import msgspec

    from bot.cli.output import line, print_json
    from bot.domain.errors import SettingsError
    from bot.runtime.doctor import examined, state_of
    from bot.runtime.logs import configure
    from bot.runtime.loop import run_async
    from bot.runtime.settings import load_settings

    if format_ not in {"table", "json"}:
        raise SettingsError(f"--format {format_}: table or json")
    symbols = tuple(part for text in symbol or () for part in text.split(",") if part)
    settings = load_settings(
        config=config,
        venue=venue,
        market=market,
        venue_url=venue_url,
        symbols=symbols or None,
        strategies=tuple(strategy) if strategy else None,
        db=db,
    )
    configure(level="ERROR", style="text", secrets=settings.secrets())
    findings = run_async(examined(settings))
    state = state_of(findings)
    if format_ == "json":
        print_json({"state": state, "findings": msgspec.to_builtins(findings)})
    else:
        styles = {"OK": "green", "WARN": "yellow", "FAIL": "red"}
        for finding in findings:
            todo = f": {finding.todo}" if finding.todo else ""
            text = f"{finding.state:<4}  {finding.name:<9} {finding.text}{todo}"
            line(text, styles[finding.state])
    if state == "FAIL":
        raise typer.Exit(1)
