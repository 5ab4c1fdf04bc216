"""Which rows of which database a review command is about: its options, and the reader."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from bot.cli.output import Format
from bot.domain.errors import UserError
from bot.domain.times import ns_of
from bot.domain.values import SECOND_NS
from bot.review.port import Where

if TYPE_CHECKING:
    from bot.storage.reader import Filter, TradeReader
    from bot.storage.rows import (
        EquityRow,
        FillRow,
        FundingRow,
        IncidentRow,
        InstrumentRow,
        OrderHistory,
        OrderRow,
        RunRow,
    )

__all__ = [
    "Db",
    "Environment",
    "Form",
    "From",
    "Limit",
    "Run",
    "Strategy",
    "Symbol",
    "To",
    "opened",
    "where",
]

_DAY_NS: Final = 86_400 * SECOND_NS
_DATE_LENGTH: Final = len("2026-11-22")

Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME. Default: the setting db (BOT_DB).",
        show_default=False,
    ),
]
Form = Annotated[Format, typer.Option("--format", help="Decimals are exact in json and csv.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="From here on: 2026-11-22 or 2026-11-22T14:30."),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", help="Up to here; a day without a time is included."),
]
Strategy = Annotated[str | None, typer.Option("--strategy", metavar="NAME")]
Symbol = Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL")]
Run = Annotated[str | None, typer.Option("--run", metavar="ID", help="One run of the bot.")]
Environment = Annotated[
    str | None, typer.Option("--environment", metavar="NAME", help="One account.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="The newest so many.")]


def where(
    *,
    begin: str | None,
    end: str | None,
    strategy: str | None,
    symbol: str | None,
    environment: str | None = None,
    run: str | None = None,
    limit: int | None = None,
) -> Where:
    """The rows that the options ask for.

    Raises:
        UserError: a time cannot be read, or the range is empty.
    """
    from_ns = None if begin is None else _instant("--from", begin)
    to_ns = None if end is None else _instant("--to", end)
    if to_ns is not None and end is not None and len(end) == _DATE_LENGTH:
        to_ns += _DAY_NS
    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        raise UserError(f"--from {begin} is not before --to {end}")
    return Where(
        from_ns=from_ns,
        to_ns=to_ns,
        strategy=strategy,
        symbol=None if symbol is None else symbol.upper(),
        environment=environment,
        run_id=run,
        limit=limit,
    )


@contextmanager
def opened(url: str | None) -> Iterator["_Reader"]:
    """A reader of the database. One that has only read can be left open to a writing bot.

    Raises:
        DatabaseError: it does not exist, is not migrated, or cannot be reached.
    """
    from bot.storage.reader import TradeReader

    if url is None:
        from bot.runtime.settings import load_settings

        url = load_settings().db
    with TradeReader(url) as reader:
        yield _Reader(reader)


class _Reader:
    """The storage's reader as the review's port."""

    def __init__(self, reader: "TradeReader") -> None:
        self._reader = reader

    def runs(self, where: Where) -> "Sequence[RunRow]":
        return self._reader.runs(_filter(where))

    def orders(self, where: Where) -> "Sequence[OrderRow]":
        return self._reader.orders(_filter(where))

    def order(self, client_order_id: str) -> "OrderHistory | None":
        return self._reader.order(client_order_id)

    def fills(self, where: Where) -> "Sequence[FillRow]":
        return self._reader.fills(_filter(where))

    def fundings(self, where: Where) -> "Sequence[FundingRow]":
        return self._reader.fundings(_filter(where))

    def instruments(self, environment: str | None) -> "Sequence[InstrumentRow]":
        return self._reader.instruments(environment)

    def incidents(self, where: Where) -> "Sequence[IncidentRow]":
        return self._reader.incidents(_filter(where))

    def equity(self, where: Where) -> "Sequence[EquityRow]":
        return self._reader.equity(_filter(where))


def _filter(where: Where) -> "Filter":
    from bot.storage.reader import Filter

    return Filter(**msgspec.structs.asdict(where))


def _instant(option: str, text: str) -> int:
    try:
        return ns_of(text)
    except ValueError:
        raise UserError(
            f"{option} {text!r} is not a time; write 2026-11-22 or 2026-11-22T14:30 (UTC)"
        ) from None
