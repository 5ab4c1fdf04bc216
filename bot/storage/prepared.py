"""Inserts in the driver's own words: made once, so that a row costs its values and no more.

SQLAlchemy writes the text and says how each type is bound; what it would do again for every
execution took as long as the database itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Dialect, Table
from sqlalchemy.sql.dml import Insert

__all__ = ["Prepared"]

_Bind = Callable[[Any], Any]


class Prepared:
    """One statement for rows that have these columns."""

    def __init__(
        self, statement: Insert, table: Table, columns: Sequence[str], dialect: Dialect
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns))
        binds = {name: _bind_of(table, name, dialect) for name in columns}
        self._text = str(compiled)
        self._is_positional = bool(compiled.positional)
        order = compiled.positiontup if compiled.positional else None
        self._columns: Final = tuple((name, binds[name]) for name in order or columns)

    def execute(
        self, connection: Connection, rows: Sequence[Mapping[str, Any]]
    ) -> CursorResult[Any]:
        """Insert them; there is at least one."""
        parameters = [self._parameters(row) for row in rows]
        one_or_many: Any = parameters if len(parameters) > 1 else parameters[0]
        return connection.exec_driver_sql(self._text, one_or_many)

    def _parameters(self, row: Mapping[str, Any]) -> Any:
        if self._is_positional:
            return tuple(
                [row[name] if bind is None else bind(row[name]) for name, bind in self._columns]
            )
        return {
            name: row[name] if bind is None else bind(row[name]) for name, bind in self._columns
        }


def _bind_of(table: Table, name: str, dialect: Dialect) -> _Bind | None:
    # By the dialect's own kind of the type, as SQLAlchemy binds it.
    kind = table.columns[name].type
    bind: _Bind | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return bind
