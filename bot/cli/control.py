"""``bot status | halt | resume | flatten``: to the bot that runs on a database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.runtime.settings import Settings

__all__ = ["register"]

Db = Annotated[str | None, typer.Option(help="Database URL of the bot.")]
Config = Annotated[Path | None, typer.Option(help="A bot.toml.")]
Form = Annotated[str, typer.Option("--format", help="table or json.")]
Reason = Annotated[str, typer.Option(help="Why: it is kept.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("status")(status)
    app.command("halt")(halt)
    app.command("resume")(resume)
    app.command("flatten")(flatten)


def status(db: Db = None, config: Config = None, format_: Form = "table") -> None:
    """How the running bot is: alive, blind, halted, its orders, positions and feeds.

    Answered by a thread of its own: a bot whose event loop is stuck says so. Exit code 1 if no
    bot answers or its loop is stuck.

    [bold]Examples[/bold]

    bot status

    bot status --db sqlite:///run.db --format json
    """
    from bot.runtime.control import remote

    settings = _settings(db, config, format_)
    answer = remote.status(settings)
    if format_ == "json":
        _print_json(answer)
    else:
        _show_status(answer)
    if answer["loop_age_s"] > settings.stuck_loop_s:
        raise typer.Exit(1)


def halt(
    reason: Reason = "asked to", db: Db = None, config: Config = None, format_: Form = "table"
) -> None:
    """No new orders from now on, over restarts too, until bot resume.

    What rests stays; see bot flatten. Works while the event loop is stuck, the database is
    locked or no bot runs (then the next start is halted).

    [bold]Examples[/bold]

    bot halt --reason "news at 14:30"
    """
    from bot.runtime.control import remote

    answer = remote.halt(_settings(db, config, format_), reason)
    if format_ == "json":
        _print_json(answer)
    else:
        done = "the engine knows" if answer["applied"] else answer["bot"]
        if answer["bot"] == "it answers" and not answer["applied"]:
            done = "no order leaves; the event loop is busy and has not heard of it yet"
        print(f"halted: {reason} ({done})")


def resume(
    reason: Reason = "asked to", db: Db = None, config: Config = None, format_: Form = "table"
) -> None:
    """Let orders leave again after a halt.

    [bold]Examples[/bold]

    bot resume
    """
    from bot.runtime.control import remote

    answer = remote.resume(_settings(db, config, format_), reason)
    if format_ == "json":
        _print_json(answer)
    else:
        was = f"; it was halted: {answer['was']}" if answer.get("was") else ""
        print(f"resumed{was}" + (f" ({answer['bot']})" if answer.get("bot") else ""))


def flatten(
    symbol: Annotated[str, typer.Option(help="Only this one; all if absent.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    reason: Reason = "flatten",
    db: Db = None,
    config: Config = None,
    format_: Form = "table",
) -> None:
    """Halt, cancel all open orders of the bot, and close its positions at the market.

    Done by the engine; past it if its event loop is stuck or dead. Exit code 1 if anything is
    left, with a line that says what.

    [bold]Examples[/bold]

    bot flatten --yes

    bot flatten --symbol BTCUSDT --yes --reason "exchange trouble"
    """
    from bot.runtime.control import remote

    settings = _settings(db, config, format_)
    what = symbol or "all symbols"
    if not yes and not typer.confirm(f"Close every position of the bot on {what} at the market?"):
        raise typer.Exit(1)
    answer = remote.flatten(settings, symbol, reason)
    if format_ == "json":
        _print_json(answer)
    else:
        _show_flatten(answer)
    if not answer["ok"]:
        raise typer.Exit(1)


def _settings(db: str | None, config: Path | None, format_: str) -> "Settings":
    from bot.domain.errors import SettingsError
    from bot.runtime.logs import configure
    from bot.runtime.settings import load_settings

    if format_ not in {"table", "json"}:
        raise SettingsError(f"--format {format_}: table or json")
    settings = load_settings(config=config, db=db)
    configure(level="ERROR", style="text", secrets=settings.secrets())
    return settings


def _print_json(answer: dict[str, Any]) -> None:
    from bot.cli.output import print_json

    print_json(answer)


def _show_flatten(answer: dict[str, Any]) -> None:
    by = "by the engine" if answer["way"] == "engine" else "past the engine"
    for name in answer.get("cancelled", ()):
        print(f"cancelled {name}")
    for text in answer.get("closed", ()):
        print(f"traded {text}")
    for text in answer.get("dust", ()):
        print(f"too small to trade: {text}")
    for text in answer["left"]:
        print(f"LEFT: {text}")
    if answer["ok"]:
        print(f"flat ({by}); the bot is halted: bot resume lets it trade again")


def _show_status(answer: dict[str, Any]) -> None:
    from bot.cli.output import heading, line

    alive = f"event loop seen {answer['loop_age_s']:g} s ago"
    line(f"run {answer['run_id']}, process {answer['pid']}, up {answer['up_s']:.0f} s, {alive}")
    line(f"on {answer['environment']}; watchdog: {answer['watchdog']}")
    if answer["halted"]:
        line(f"HALTED: {answer['halted']}", "red")
    if answer["blind"]:
        line("BLIND: the account is not reconciled", "red")
    elif answer["closed"]:
        line(f"NO ORDERS: {answer['closed']}", "red")
    feeds = ", ".join(f"{name} {state}" for name, state in answer["feeds"].items())
    weight = answer["weight_used_1m"]
    used = "not known" if weight < 0 else str(weight)
    line(f"feeds: {feeds}; weight used: {used}; records to write: {answer['backlog']}")
    for title, rows in (
        ("strategies", [f"{name}: {state}" for name, state in answer["strategies"].items()]),
        ("open orders", [" ".join(filter(None, row.values())) for row in answer["open_orders"]]),
        ("positions", [" ".join(row.values()) for row in answer["positions"]]),
        ("open incidents", answer["incidents_open"]),
    ):
        heading(f"{title}: {len(rows)}")
        for text in rows:
            line(f"  {text}")
