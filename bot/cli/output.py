"""Rows on the screen and for programs: a table, JSON or CSV.

A row is a mapping. Decimals are exact in JSON and CSV (text in fixed notation) and short in
tables; an :class:`At` is two keys in JSON and CSV, ``time`` (ISO 8601) and ``time_ns``.
"""

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum, StrEnum
from typing import Any, Final

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.domain.times import iso_utc
from bot.domain.values import as_fixed

__all__ = ["At", "Format", "Row", "Span", "heading", "line", "plain", "print_json", "print_rows"]

Row = Mapping[str, Any]

_WIDTH: Final = 100
"""Columns where the output is no terminal."""
_DECIMALS: Final = Decimal("1E-8")
"""The finest step in a table; JSON and CSV have every digit."""
_STYLES: Final = {
    "FILLED": "green",
    "OPEN": "cyan",
    "PARTIALLY_FILLED": "cyan",
    "REJECTED": "red",
    "REFUSED": "yellow",
    "EXPIRED": "yellow",
    "UNKNOWN": "bold red",
    "error": "red",
    "warning": "yellow",
}


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class At(msgspec.Struct, frozen=True):
    """An instant, nanoseconds UTC."""

    ns: int


class Span(msgspec.Struct, frozen=True):
    """A length of time, nanoseconds; milliseconds in every output."""

    ns: int


def print_rows(
    rows: Sequence[Row],
    form: Format,
    *,
    columns: Sequence[str],
    empty: str,
    shown: Sequence[str] | None = None,
) -> None:
    """Print the rows.

    Args:
        rows: What to print; all have the same keys.
        form: How.
        columns: The keys of a row: the header of CSV, also where there are no rows.
        empty: The line that a table gives way to when there are no rows.
        shown: The columns of the table; all if None. ``key=Heading`` names a column.
    """
    if form is Format.JSON:
        print_json([plain(row) for row in rows])
    elif form is Format.CSV:
        print(_csv(rows, columns), end="")
    elif rows:
        _console().print(_table(rows, shown or columns))
    else:
        line(empty)


def print_json(value: Any) -> None:
    """Indented JSON of plain values (see :func:`plain`)."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def heading(text: str) -> None:
    """A heading over a table."""
    _console().print(Text(text, style="bold"))


def line(text: str, style: str = "") -> None:
    """A line of text, as it is."""
    _console().print(Text(text, style=style), soft_wrap=True)


def plain(value: Any) -> Any:
    """The value as JSON has it: decimals as text, instants as ISO text and nanoseconds."""
    if isinstance(value, Mapping):
        flat: dict[str, Any] = {}
        for key, item in value.items():
            flat[key] = plain(item)
            if isinstance(item, At):
                flat[f"{key}_ns"] = item.ns
        return flat
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return as_fixed(value)
    if isinstance(value, At):
        return iso_utc(value.ns)
    if isinstance(value, Span):
        return round(value.ns / 1e6, 3)
    return value.value if isinstance(value, Enum) else value


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    flat = [plain(row) for row in rows]
    names = list(flat[0]) if flat else list(columns)
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in flat:
        writer.writerow({name: _cell_of_csv(row.get(name)) for name in names})
    return text.getvalue()


def _cell_of_csv(value: Any) -> Any:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _table(rows: Sequence[Row], shown: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    keys = []
    for name in shown:
        key, _, title = name.partition("=")
        keys.append(key)
        is_number = any(isinstance(row.get(key), Decimal | int | float | Span) for row in rows)
        table.add_column(
            title or key.replace("_", " "),
            justify="right" if is_number else "left",
            no_wrap=is_number,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_cell(row.get(key)) for key in keys))
    return table


def _cell(value: Any) -> Text:
    if value is None or value == "":
        return Text("-", style="dim")
    if isinstance(value, At):
        return Text(iso_utc(value.ns)[:23].replace("T", " "), no_wrap=True)
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, Decimal):
        return Text(_short(value), style="red" if value < 0 else "")
    if isinstance(value, float):
        return Text(f"{value:.4f}".rstrip("0").rstrip("."), style="red" if value < 0 else "")
    if isinstance(value, Span):
        return Text(f"{value.ns / 1e6:.1f}")
    text = str(plain(value))
    return Text(text, style=_STYLES.get(text, ""))


def _short(value: Decimal) -> str:
    # Large enough numbers lose nothing; quantize would overflow the context on them.
    if value.adjusted() < 18:  # noqa: PLR2004 - 28 digits less 8 decimals, with room
        value = value.quantize(_DECIMALS, rounding=ROUND_HALF_EVEN)
    text = as_fixed(value)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _console() -> Console:
    # A new one each time: stdout may have been replaced since.
    console = Console(file=sys.stdout, highlight=False)
    return console if console.is_terminal else Console(width=_WIDTH, highlight=False)
