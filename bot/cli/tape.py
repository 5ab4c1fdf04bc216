"""``bot tape``: recorded market data."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bot.cli.output import Format, heading, line, print_json, print_rows
from bot.domain.errors import DataError

__all__ = ["register"]

_PATIENCE_S: Final = 1.0


def register(app: typer.Typer) -> None:
    """Add the group to the command tree."""
    group = typer.Typer(help="Recorded market data.", no_args_is_help=True)
    group.command("info")(info)
    app.add_typer(group, name="tape")


def info(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Tapes. A directory is one session of several."),
    ],
    form: Annotated[
        Format, typer.Option("--format", help="json: one object; of several files, path: object.")
    ] = Format.TABLE,
) -> None:
    """What a capture holds, and whether it hangs together.

    Order books are rebuilt by Binance's procedure and compared with bookTicker messages.

    Example: bot tape info captures/btcusdt_20240808.gz --format json
    """
    if form is Format.CSV:
        raise DataError("bot tape info prints a table or json: --format json")
    surveys = {str(path): _survey(path) for path in files}
    if form is Format.JSON:
        print_json(next(iter(surveys.values())) if len(files) == 1 else surveys)
    else:
        for path, survey in surveys.items():
            _print(path, survey)
    for path, survey in surveys.items():
        for defect in survey.get("defects", []):
            print(f"warning: {path}: {defect}", file=sys.stderr)


def _survey(path: Path) -> dict[str, Any]:
    from bot.history.survey import Survey
    from bot.history.tape import read, size_bytes

    if not path.exists():
        raise DataError(f"there is no file {path}")
    with _progress(path.name, size_bytes(path)) as advance:
        return Survey.of(read(path, advance=advance)).as_dict()


@contextmanager
def _progress(name: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr once it has taken a while, if somebody is there to see it."""
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(name, total=total_bytes)
    begun = time.monotonic()

    def advance(count: int) -> None:
        bar.advance(task, count)
        if sys.stderr.isatty() and time.monotonic() - begun > _PATIENCE_S:
            bar.start()

    try:
        yield advance
    finally:
        # Stopping what was never started would print an empty line.
        if bar.live.is_started:
            bar.stop()


def _print(path: str, survey: dict[str, Any]) -> None:
    heading(path)
    line(f"{survey['frames']:,} frames from {survey['from']} to {survey['to']}")
    line(f"{survey['undecodable']} undecodable, {survey['unknown']} of unknown type")
    line("")
    events = [{"event": name, "messages": count} for name, count in survey["events"].items()]
    print_rows(events, Format.TABLE, columns=("event", "messages"), empty="no events")
    books = [{"symbol": symbol, **book} for symbol, book in survey["books"].items()]
    if books:
        line("")
        columns = (
            "symbol",
            "updates=book updates",
            "gaps",
            "checked_against_book_ticker=checked against bookTicker",
            "disagreements",
        )
        print_rows(books, Format.TABLE, columns=columns, empty="")
    line("")
