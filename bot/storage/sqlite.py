"""SQLite as this project opens it: exact decimals, write-ahead log, one way to begin."""

import os
import sqlite3
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final

__all__ = ["ReadConnection", "WriteConnection", "read_only_uri"]

_EXACT: Final = Context(prec=80)
"""The default 28 digits round a sum silently; 80 hold any sum of amounts on an exchange."""


class _DecimalSum:
    """The aggregate (and window function) ``decimal_sum`` over decimals kept as text.

    Named like the one of SQLite's own decimal extension, so that its shell reads the same SQL.
    """

    def __init__(self) -> None:
        self._total = Decimal(0)

    def step(self, value: str | int | None) -> None:
        if value is not None:
            self._total = _EXACT.add(self._total, Decimal(value))

    def inverse(self, value: str | int | None) -> None:
        if value is not None:
            self._total = _EXACT.subtract(self._total, Decimal(value))

    def value(self) -> str:
        return format(self._total, "f")

    def finalize(self) -> str:
        return self.value()


def _by_value(left: str, right: str) -> int:
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


class ReadConnection(sqlite3.Connection):
    """Knows the collation ``DECIMAL`` and the aggregate ``decimal_sum``.

    The collation is not part of the schema: tools that lack it could not sort such a column
    at all. Ask for it in the query: ``ORDER BY price COLLATE DECIMAL``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            self._set_up()
        except BaseException:
            # Who asked for it never gets it, and so could not close it.
            self.close()
            raise

    def _set_up(self) -> None:
        self.create_collation("DECIMAL", _by_value)
        self.create_window_function("decimal_sum", 1, _DecimalSum)
        self.execute("PRAGMA foreign_keys = ON")


class WriteConnection(ReadConnection):
    """Also puts the database into write-ahead mode, so that readers never block the writer."""

    def _set_up(self) -> None:
        super()._set_up()
        self.execute("PRAGMA journal_mode = WAL")


def read_only_uri(path: Path) -> str:
    """The URI that opens the file for reading while the bot may be writing to it.

    A write-ahead database needs its two side files even to be read. Where they are absent
    and cannot be made (a read-only folder), nobody can be writing either: immutable.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    wal = path.with_name(path.name + "-wal")
    if not wal.exists() and not os.access(path.parent, os.W_OK):
        uri += "&immutable=1"
    return uri
