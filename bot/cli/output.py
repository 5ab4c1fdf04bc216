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

__all__ = [
    "At",
    "Format",
    "Row",
    "Span",
    "columns_of",
    "heading",
    "line",
    "plain",
    "print_json",
    "print_rows",
    "row_of",
]

Row = Mapping[str, Any]

_WIDTH: Final = 100
"""Columns where the output is no terminal."""
_WORD: Final = 9
"""Text is not folded to less than this."""
_DECIMALS: Final = Decimal("1E-8")
"""The finest step in a table; JSON and CSV have every digit."""
_SUM_DECIMALS: Final = Decimal("1E-4")
_SUMS: Final = frozenset(
    {
        "volume",
        "realised",
        "unrealised",
        "fees",
        "net",
        "average_win",
        "average_loss",
        "best",
        "worst",
    }
)
"""Columns of amounts of quote money, for which four decimals are enough to look at."""
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
    """An instant, nanoseconds UTC; None: not yet."""

    ns: int | None


class Span(msgspec.Struct, frozen=True):
    """A length of time, nanoseconds; milliseconds in every output."""

    ns: int | None


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


def row_of(struct: msgspec.Struct) -> dict[str, Any]:
    """The row of a struct: ``time_ns`` becomes ``time``, ``after_span_ns`` becomes ``after_ms``.

    Structs within it, and lists of them, become rows too.
    """
    row: dict[str, Any] = {}
    for field in struct.__struct_fields__:
        value = getattr(struct, field)
        if field.endswith("_span_ns"):
            row[field.removesuffix("_span_ns") + "_ms"] = Span(value)
        elif field.endswith("_ns"):
            row[field.removesuffix("_ns")] = At(value)
        elif isinstance(value, msgspec.Struct):
            row[field] = row_of(value)
        elif isinstance(value, list):
            row[field] = [row_of(v) if isinstance(v, msgspec.Struct) else v for v in value]
        else:
            row[field] = value
    return row


def columns_of(kind: type[msgspec.Struct]) -> list[str]:
    """The columns in CSV of rows that :func:`row_of` makes of that type."""
    columns: list[str] = []
    for field in kind.__struct_fields__:
        if field.endswith("_span_ns"):
            columns.append(field.removesuffix("_span_ns") + "_ms")
        elif field.endswith("_ns"):
            columns += [field.removesuffix("_ns"), field]
        else:
            columns.append(field)
    return columns


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
        return None if value.ns is None else iso_utc(value.ns)
    if isinstance(value, Span):
        return None if value.ns is None else round(value.ns / 1e6, 3)
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
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    keys = []
    days: dict[str, str] = {}
    for name in shown:
        key, _, title = name.partition("=")
        keys.append(key)
        values = [row.get(key) for row in rows]
        days[key] = _common_day(values)
        is_number = any(
            isinstance(value, Decimal | int | float | Span) and not isinstance(value, bool)
            for value in values
        )
        table.add_column(
            " ".join(filter(None, [title or key.replace("_", " "), days[key]])),
            justify="right" if is_number else "left",
            # What must not be broken: text folds first.
            no_wrap=is_number or _is_time(values),
            min_width=_narrowest(
                values, days[key], key, breakable=not (is_number or _is_time(values))
            ),
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_cell(row.get(key), days[key], key) for key in keys))
    return table


def _is_time(values: Sequence[Any]) -> bool:
    return any(isinstance(value, At) for value in values)


def _narrowest(values: Sequence[Any], day: str, key: str, *, breakable: bool) -> int:
    widest = max(len(_cell(value, day, key)) for value in values)
    return min(widest, _WORD) if breakable else widest


def _common_day(values: Sequence[Any]) -> str:
    """The day of all the instants, which then need not be repeated in each row."""
    instants = [value.ns for value in values if isinstance(value, At) and value.ns is not None]
    days = {iso_utc(ns)[:10] for ns in instants}
    return days.pop() if len(days) == 1 and len(instants) > 1 else ""


def _cell(value: Any, day: str = "", key: str = "") -> Text:
    if value is None or value == "" or (isinstance(value, At | Span) and value.ns is None):
        return Text("-", style="dim")
    if isinstance(value, At):
        text = iso_utc(value.ns or 0)
        return Text(text[11:23] if day else text[:19].replace("T", " "))
    if isinstance(value, list | tuple):
        return Text(", ".join(map(str, value)))
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, Decimal):
        decimals = _SUM_DECIMALS if key in _SUMS else _DECIMALS
        return Text(_short(value, decimals), style="red" if value < 0 else "")
    if isinstance(value, float):
        return Text(f"{value:.4f}".rstrip("0").rstrip("."), style="red" if value < 0 else "")
    if isinstance(value, Span):
        return Text(f"{(value.ns or 0) / 1e6:.1f}")
    text = str(plain(value))
    return Text(text, style=_STYLES.get(text, ""))


def _short(value: Decimal, decimals: Decimal) -> str:
    # Large enough numbers lose nothing; quantize would overflow the context on them.
    if value.adjusted() < 18:  # noqa: PLR2004 - 28 digits less 8 decimals, with room
        value = value.quantize(decimals, rounding=ROUND_HALF_EVEN)
    text = as_fixed(value)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _console() -> Console:
    # A new one each time: stdout may have been replaced since.
    console = Console(file=sys.stdout, highlight=False)
    return console if console.is_terminal else Console(width=_WIDTH, highlight=False)
