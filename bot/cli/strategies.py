"""``bot strategies``: plugins found, checked, begun."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.runtime.plugins.examination import Examined, Listed

__all__ = ["register"]


class Form(StrEnum):
    TABLE = "table"
    JSON = "json"


_Folder = Annotated[Path, typer.Option("--dir", help="Where plugins are looked for.")]
_Format = Annotated[Form, typer.Option("--format", help="table, or json for programs.")]
_FOLDER = Path("strategies")


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Strategy plugins: list, check, begin a new one.")
    group.command("list")(list_)
    group.command("check")(check)
    group.command("new")(new)
    app.add_typer(group, name="strategies", no_args_is_help=True)


def list_(folder: _Folder = _FOLDER, form: _Format = Form.TABLE) -> None:
    """All plugins, with their parameters.

    Example: bot strategies list --format json
    """
    from bot.cli.output import line, print_json
    from bot.runtime.plugins.examination import listing

    found = list(listing(folder))
    if form is Form.JSON:
        print_json([_listed(plugin) for plugin in found])
        return
    if not found:
        line(f"no plugins in {folder} and none installed; begin one: bot strategies new NAME")
    for plugin in found:
        _print_listed(plugin)


def check(
    names: Annotated[list[str], typer.Argument(metavar="NAME[:key=value,...]...")],
    folder: _Folder = _FOLDER,
    form: _Format = Form.TABLE,
) -> None:
    """Look for faults and rehearse on the real engine; exit 1 with file:line if one is wrong.

    The rehearsal is a small synthetic day with refusals and feeds that go down; no exchange
    and no network is needed.

    Example: bot strategies check sma_cross:fast=3 path/to/mine.py
    """
    from bot.cli.output import print_json
    from bot.runtime.plugins.examination import examine

    results = [examine(name, folder) for name in names]
    if form is Form.JSON:
        print_json([_examined(result) for result in results])
    else:
        for result in results:
            _print_examined(result)
    if any(result.errors for result in results):
        raise typer.Exit(1)


def new(
    name: Annotated[str, typer.Argument(help="As a module is named: mean_reversion.")],
    folder: _Folder = _FOLDER,
) -> None:
    """Write a plugin that works, and its tests. Overwrites nothing.

    Example: bot strategies new mean_reversion
    """
    from bot.cli.output import line
    from bot.runtime.plugins.template import write_new

    plugin, tests = write_new(name, folder, folder.parent / "tests" / "strategies")
    line(f"wrote {plugin} and {tests}")
    line(f"next: bot strategies check {name}, then bot run --strategy {name} --symbol BTCUSDT")


def _listed(plugin: "Listed") -> dict[str, object]:
    row = asdict(plugin)
    return {"name": row.pop("name"), "class": row.pop("kind"), **row}


def _print_listed(plugin: "Listed") -> None:
    from bot.cli.output import line

    if plugin.problem:
        line(f"{plugin.name}  cannot be used: {plugin.problem}", "red")
        return
    line(f"{plugin.name}  ({plugin.kind}, version {plugin.version}, {plugin.source})", "bold")
    if plugin.description:
        line(f"  {plugin.description}")
    rows = [
        (p.name, p.type, p.default, "; ".join(filter(None, (p.allowed, p.description))))
        for p in plugin.parameters
    ]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        line(f"    {'  '.join(cells)}  {row[3]}".rstrip())


def _examined(result: "Examined") -> dict[str, object]:
    rehearsal = result.rehearsal
    return {
        "name": result.name,
        "ok": not result.errors,
        "errors": list(result.errors),
        "warnings": list(result.warnings),
        "callbacks": rehearsal.callbacks if rehearsal else {},
        "orders": rehearsal.orders if rehearsal else 0,
        "fills": rehearsal.fills if rehearsal else 0,
        "refused": rehearsal.refused if rehearsal else 0,
    }


def _print_examined(result: "Examined") -> None:
    from bot.cli.output import line

    for error in result.errors:
        typer.echo(f"error: {error}", err=True)
    for warning in result.warnings:
        typer.echo(f"warning: {warning}", err=True)
    rehearsal = result.rehearsal
    if not result.errors and rehearsal is not None:
        ran = ", ".join(f"{name} {count}" for name, count in rehearsal.callbacks.items())
        line(
            f"{result.name}: ok; rehearsed: {ran or 'no callbacks'}; {rehearsal.orders} orders, "
            f"{rehearsal.fills} fills, {rehearsal.refused} refused"
        )
