"""``bot tape``: recorded and downloaded market data."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli.output import Format, heading, line, print_json, print_rows
from bot.cli.tape_check import check
from bot.domain.errors import DataError

if TYPE_CHECKING:
    from bot.history.series import Series

__all__ = ["register"]

_PATIENCE_S: Final = 1.0


def register(app: typer.Typer) -> None:
    """Add the group to the command tree."""
    group = typer.Typer(help="Recorded and downloaded market data.", no_args_is_help=True)
    group.command("info")(info)
    group.command("check")(check)
    app.add_typer(group, name="tape")


def info(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Tapes, or files of the archive. A folder is one session of several tapes, or"
            " what was downloaded into it.",
        ),
    ],
    form: Annotated[
        Format, typer.Option("--format", help="json: one object; of several files, path: object.")
    ] = Format.TABLE,
) -> None:
    """What a capture or a download holds, and whether it hangs together.

    Order books are rebuilt by Binance's procedure and compared with bookTicker messages. The
    manifest of a recording that was killed is made anew.

    Example: bot tape info captures/btcusdt_20240808.gz --format json
    """
    if form is Format.CSV:
        raise DataError("bot tape info prints a table or json: --format json")
    told: dict[str, dict[str, Any]] = {}
    for path in files:
        told |= _told(path)
    if form is Format.JSON:
        print_json(next(iter(told.values())) if len(told) == 1 else told)
    else:
        for name, content in told.items():
            (_print_coverage if "series" in content else _print)(name, content)
    for name, content in told.items():
        for defect in content.get("defects", []):
            print(f"warning: {name}: {defect}", file=sys.stderr)


def _told(path: Path) -> dict[str, dict[str, Any]]:
    """By path; of a folder with several series, by path and series."""
    from bot.history.archive import archive_files

    if not path.exists():
        raise DataError(f"there is no file {path}")
    series = dict.fromkeys(held for _, held in archive_files(path))
    if not series:
        return {str(path): _survey(path)}
    named = {each: str(path) if len(series) == 1 else f"{path}: {each}" for each in series}
    return {named[each]: _coverage(path, each) for each in series}


def _coverage(path: Path, series: "Series") -> dict[str, Any]:
    from bot.history.archive import read_archives
    from bot.history.coverage import Coverage

    return Coverage.of(read_archives([path], series), series).as_dict()


def _survey(path: Path) -> dict[str, Any]:
    from bot.history.inventory import inventories
    from bot.history.survey import Survey
    from bot.history.tape import read, size_bytes

    recordings = inventories(path) if path.is_dir() else []
    with _progress(path.name, size_bytes(path)) as advance:
        survey = Survey.of(read(path, advance=advance)).as_dict()
    if recordings:
        survey["recordings"] = [each.as_dict() for each in recordings]
        defects = [defect for each in recordings for defect in each.defects]
        if defects := [*survey.get("defects", []), *defects]:
            survey["defects"] = defects
    return survey


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
    for recording in survey.get("recordings", []):
        _print_recording(recording)
    line("")


def _print_recording(recording: dict[str, Any]) -> None:
    ended = "still being recorded" if recording["recording"] else f"to {recording['ended_at']}"
    line("")
    line(f"recording {recording['run_id']} from {recording['started_at']} {ended}")
    if recording.get("stopped"):
        line(f"  ended early: {recording['stopped']}")
    for file in recording["files"]:
        line(f"  {file['name']}  {file['frames']:,} frames, {file['bytes'] / 1e6:,.1f} MB")
    for gap in recording["gaps"]:
        until = gap["to"] or "the end"
        line(f"  gap of {gap['feed']} from {gap['from']} to {until}: {gap['cause']}")


def _print_coverage(path: str, content: dict[str, Any]) -> None:
    heading(path)
    line(f"{content['rows']:,} {content['series']} from {content['from']} to {content['to']}")
    line(f"{content['missing']:,} missing in {content['gap_count']} gaps")
    if content["gaps"]:
        columns = [
            key
            for key in ("from", "to", "from_id", "to_id", "missing")
            if key in content["gaps"][0]
        ]
        print_rows(content["gaps"], Format.TABLE, columns=columns, empty="")
    line("")
