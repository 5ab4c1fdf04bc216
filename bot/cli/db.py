"""``bot db``: the trade database itself."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.output import Format, line, print_json, print_rows
from bot.domain.errors import DatabaseError

__all__ = ["register"]

Url = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME. Default: the setting db (BOT_DB).",
        show_default=False,
    ),
]
Form = Annotated[Format, typer.Option("--format", help="json: one object.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command tree."""
    group = typer.Typer(
        help="The trade database: migrate, back up, verify.",
        epilog="Example: bot db verify --db sqlite:///bot.db",
        no_args_is_help=True,
    )
    for command in (upgrade, current, backup, verify):
        group.command(command.__name__)(command)
    # So that -1 is a revision, not an option.
    group.command("downgrade", context_settings={"ignore_unknown_options": True})(downgrade)
    app.add_typer(group, name="db")


def upgrade(db: Url = None) -> None:
    """Make the database, or bring an old one to the schema of this code.

    Example: bot db upgrade --db sqlite:///bot.db
    """
    from bot.storage.open import upgrade as bring_up

    before, after = bring_up(_url(db))
    if before == after:
        line(f"the database is at revision {after} already")
    else:
        line(f"the database was at {before or 'nothing'}, is now at revision {after}")


def downgrade(
    revision: Annotated[
        str, typer.Argument(metavar="[REV]", help="A revision, -1 (one step), or base (no tables).")
    ] = "-1",
    db: Url = None,
    without_backup: Annotated[
        bool, typer.Option("--without-backup", help="Do not copy the database first.")
    ] = False,
) -> None:
    """Take the schema back. What later revisions added is dropped, with its rows.

    A SQLite file is first copied beside itself; of PostgreSQL take a dump and say
    --without-backup.

    Example: bot db downgrade -1
    """
    from bot.storage.backup import backup as copy
    from bot.storage.connection import file_of, normalise_url
    from bot.storage.open import downgrade as take_down

    url = _url(db)
    path = file_of(normalise_url(url))
    if not without_backup:
        if path is None:
            raise DatabaseError("take a dump with pg_dump first, then add --without-backup")
        kept = path.with_name(f"{path.name}.{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.bak")
        copy(url, kept)
        line(f"the database as it was is kept in {kept}")
    before, after = take_down(url, revision)
    line(f"the database was at {before or 'nothing'}, is now at revision {after or 'base'}")


def current(db: Url = None, form: Form = Format.TABLE) -> None:
    """Where the database stands, and where this code does.

    Example: bot db current --db postgresql://bot@localhost/trades
    """
    from bot.storage.open import revisions

    found, wanted = revisions(_url(db))
    if form is Format.JSON:
        print_json({"revision": found, "head": wanted, "is_current": found == wanted})
    elif found == wanted:
        line(f"revision {found}, which is what this code needs")
    else:
        line(f"revision {found or 'none'}, this code needs {wanted}; run: bot db upgrade")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy to make.")],
    db: Url = None,
) -> None:
    """Copy the database into one file, also while the bot is running.

    Example: bot db backup backups/2026-11-22.db
    """
    from bot.storage.backup import backup as copy

    line(f"{file}: {copy(_url(db), file):,} bytes, checked")


def verify(
    db: Url = None,
    form: Form = Format.TABLE,
) -> None:
    """Rebuild every order from its events and every position from its fills, and compare.

    Exit code 1 if anything differs. Orders whose outcome is still not known are listed, and
    are no difference.

    Example: bot db verify --db sqlite:///bot.db --format json
    """
    from bot.storage.verify import verify as compare

    found = compare(_url(db))
    rows: list[dict[str, Any]] = [
        {name: getattr(item, name) for name in item.__struct_fields__} for item in found.differences
    ]
    columns = ("kind", "environment", "subject", "expected", "found")
    if form is Format.JSON:
        print_json(
            {
                "orders": found.orders,
                "events": found.events,
                "fills": found.fills,
                "differences": rows,
                "unsettled": list(found.unsettled),
            }
        )
    elif form is Format.CSV:
        print_rows(rows, form, columns=columns, empty="")
    else:
        if rows:
            print_rows(rows, form, columns=columns, empty="")
        for order in found.unsettled:
            line(f"not settled: {order}", "yellow")
        count = len(rows)
        line(
            f"{found.orders:,} orders, {found.events:,} events, {found.fills:,} fills: "
            f"{count} difference{'' if count == 1 else 's'}",
            "red" if rows else "green",
        )
    if rows:
        raise typer.Exit(1)


def _url(given: str | None) -> str:
    if given is not None:
        return given
    from bot.runtime.settings import load_settings

    return load_settings().db
