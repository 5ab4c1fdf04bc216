"""How values stand in a column, so that what goes in comes out equal on either database."""

from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import BigInteger, Dialect, Integer, Numeric, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from bot.domain.values import as_fixed

__all__ = [
    "EnumName",
    "ExactDecimal",
    "JsonText",
    "Nanoseconds",
    "RowId",
    "StructText",
    "decimal_sum",
]

E = TypeVar("E", bound=StrEnum)
S = TypeVar("S", bound=msgspec.Struct)

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up only in a column that is INTEGER PRIMARY KEY by name."""

Nanoseconds = BigInteger
"""Nanoseconds since the epoch, UTC: until the year 2262 within 63 bits."""


class ExactDecimal(TypeDecorator[Decimal]):
    """Money. ``NUMERIC`` on PostgreSQL, text in fixed notation on SQLite; never a float.

    ``NUMERIC`` stands without precision and scale on purpose: ``NUMERIC(38, 18)`` would round
    an average cost (28 digits) and refuse a large value in the middle of trading, where
    SQLite would do neither. Without them PostgreSQL keeps every digit it is given.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Raises: TypeError for anything but a Decimal, ValueError if it is not finite."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            msg = f"money is stored from Decimal only, got {type(value).__name__} {value!r}"
            raise TypeError(msg)
        if not value.is_finite():
            msg = f"money must be a finite number, got {value}"
            raise ValueError(msg)
        return as_fixed(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else Decimal(value)


class EnumName(TypeDecorator[StrEnum], Generic[E]):
    """A member of an enumeration as its name: readable, and free of the order of members."""

    impl = Text
    cache_ok = True

    def __init__(self, enumeration: type[E]) -> None:
        super().__init__()
        self.enumeration = enumeration

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else self.enumeration(value).name

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else self.enumeration[value]


class JsonText(TypeDecorator[Any]):
    """A value of plain types as JSON text, which people and both databases can read."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - the base class's signature
        return None if value is None else msgspec.json.decode(value)


class StructText(TypeDecorator[Any], Generic[S]):
    """A frozen struct as JSON text, its defaults left out; NULL is the struct of defaults."""

    impl = Text
    cache_ok = True

    def __init__(self, struct: type[S]) -> None:
        super().__init__()
        self.struct = struct

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class's signature
        text: str = msgspec.json.encode(value).decode()
        return None if text == "{}" else text

    def process_result_value(self, value: Any, dialect: Dialect) -> S:  # noqa: ARG002 - the base class's signature
        return self.struct() if value is None else msgspec.json.decode(value, type=self.struct)


class decimal_sum(GenericFunction[Decimal]):  # noqa: N801 - the name of the SQL function
    """The exact sum of a column of money; None of no rows."""

    type = ExactDecimal()
    inherit_cache = True


@compiles(decimal_sum, "postgresql")
def _sum_on_postgresql(element: decimal_sum, compiler: SQLCompiler, **kw: Any) -> str:
    return f"sum({compiler.process(element.clauses, **kw)})"
