"""``bot tape check``: what is wrong with rows of market data."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output import Format, print_rows

__all__ = ["check"]


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Files of Binance's archive, or tables of one trade or price level a row.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="table, json or csv.")] = Format.TABLE,
) -> None:
    """Find rows that are missing, repeated, impossible or odd; exit 1 if there are any.

    Row 1 is the first after heading and comments.

    Example: bot tape check history/BTCUSDT-1m-2024-01-01.zip
    """
    from bot.history.filecheck import check_file

    found = [
        {"file": path.name, "row": finding.row, "finding": finding.what}
        for path in files
        for finding in check_file(path)
    ]
    print_rows(found, form, columns=("file", "row", "finding"), empty="nothing is wrong")
    if found:
        raise typer.Exit(1)
