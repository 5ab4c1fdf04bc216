"""Reading the files of Binance's public archive: trades, aggregate trades, bars.

Three things differ between files and are told by their content: times are milliseconds, or
microseconds (spot, from 2025-01-01); some have a header; truth is ``True`` or ``true``.
"""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from bot.domain.errors import DataError
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.history.frame import instant_ns
from bot.history.series import Dataset, Series, series_of

__all__ = ["Row", "archive_files", "identity", "read_archive", "read_archives"]

Row = TradeTick | AggTrade | Bar
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}


def archive_files(path: Path) -> list[tuple[Path, Series]]:
    """The archive's files that ``path`` is or has below it, with what they hold; by name.

    Raises:
        DataError: there is no such file or folder.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}")
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = [(file, series) for file in files if (series := series_of(_posix(file))) is not None]
    return sorted(found, key=lambda pair: pair[0].name)


def read_archives(paths: Sequence[Path | str], series: Series | None = None) -> Iterator[Row]:
    """The rows of one series from files and folders, each once, oldest first.

    Files may overlap, as a month, its days and what was asked for over REST do: what is not
    newer than the row before is passed over.

    Raises:
        DataError: nothing is there, it is of several series and none was chosen, or a file
            is damaged.
    """
    files = [pair for path in paths for pair in archive_files(Path(path))]
    held = list(dict.fromkeys(found for _, found in files))
    chosen = series or (held[0] if len(held) == 1 else None)
    if chosen is None:
        named = ", ".join(map(str, paths))
        listed = f"several series: {', '.join(map(str, held))}" if held else "no archive file"
        raise DataError(f"{named} holds {listed}")
    last = -1
    # By the day on which a file begins, which its name ends with; a month before its days.
    for path, found in sorted(files, key=lambda pair: _when(pair[0])):
        if found != chosen:
            continue
        for row in read_archive(path, found):
            at = identity(row)
            if at > last:
                last = at
                yield row


def read_archive(path: Path, series: Series | None = None) -> Iterator[Row]:
    """Each row of one file; ``recv_ns`` is the exchange's time, a bar's ``ts_ns`` its close.

    ``Bar.volume`` and ``quote_volume`` are as the archive has them: on COIN-M contracts and
    base units.

    Raises:
        DataError: it cannot be told what it holds, it cannot be read, or a row is damaged.
    """
    held = series or series_of(_posix(path))
    if held is None:
        raise DataError(
            f"{path} is not named like a file of the archive: SYMBOL-trades-DATE.zip,"
            " SYMBOL-aggTrades-DATE.zip or SYMBOL-INTERVAL-DATE.zip"
        )
    make = _MAKERS[held.dataset]
    with _text(path) as text:
        for number, fields in enumerate(csv.reader(text), 1):
            if not fields or (number == 1 and not fields[0].isdigit()):
                continue
            try:
                row = make(held, fields)
            except (IndexError, KeyError, ValueError) as e:
                raise DataError(f"{path} line {number}: not a row of {held}: {fields}") from e
            yield row


def identity(row: Row) -> int:
    """What counts up from row to row: the trade's id, or the bar's open time."""
    if isinstance(row, Bar):
        return row.open_ns
    return row.trade_id if isinstance(row, TradeTick) else row.agg_id


def _trade(series: Series, fields: list[str]) -> TradeTick:
    at = instant_ns(int(fields[4]))
    return TradeTick(
        symbol=series.symbol,
        price=float(fields[1]),
        size=float(fields[2]),
        trade_id=int(fields[0]),
        buyer_is_maker=_TRUTH[fields[5].lower()],
        ts_ns=at,
        recv_ns=at,
    )


def _agg_trade(series: Series, fields: list[str]) -> AggTrade:
    at = instant_ns(int(fields[5]))
    return AggTrade(
        symbol=series.symbol,
        price=float(fields[1]),
        size=float(fields[2]),
        agg_id=int(fields[0]),
        first_trade_id=int(fields[3]),
        last_trade_id=int(fields[4]),
        buyer_is_maker=_TRUTH[fields[6].lower()],
        ts_ns=at,
        recv_ns=at,
    )


def _bar(series: Series, fields: list[str]) -> Bar:
    close_ns = instant_ns(int(fields[6]))
    return Bar(
        symbol=series.symbol,
        interval="1M" if series.interval == "1mo" else series.interval,
        open=float(fields[1]),
        high=float(fields[2]),
        low=float(fields[3]),
        close=float(fields[4]),
        volume=float(fields[5]),
        quote_volume=float(fields[7]),
        trades=int(fields[8]),
        open_ns=instant_ns(int(fields[0])),
        close_ns=close_ns,
        closed=True,
        ts_ns=close_ns,
        recv_ns=close_ns,
        taker_volume=float(fields[9]),
        taker_quote_volume=float(fields[10]),
    )


_MAKERS: Final[dict[Dataset, Callable[[Series, list[str]], Row]]] = {
    Dataset.TRADES: _trade,
    Dataset.AGG_TRADES: _agg_trade,
    Dataset.KLINES: _bar,
}


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    """The lines of the CSV in a zip, gzipped or plain.

    Raises:
        DataError: it cannot be read, there or while its lines are read.
    """
    try:
        with _opened(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
            yield text
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, UnicodeDecodeError, csv.Error) as e:
        reason = getattr(e, "strerror", None) or e
        raise DataError(f"cannot read {path}: {reason}; download it again") from e


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if name.endswith(".csv")]
            if not names:
                raise zipfile.BadZipFile("there is no .csv in it")
            with packed.open(names[0]) as file:
                yield file
    elif path.suffix == ".gz":
        with gzip.open(path) as file:
            yield file
    else:
        with path.open("rb") as file:
            yield file


def _when(path: Path) -> str:
    when = path.name.removesuffix(".gz").rpartition(".")[0]
    return when[-10:] if when[-10:-6].isdigit() else when[-7:]


def _posix(path: Path) -> PurePosixPath:
    return PurePosixPath(path.absolute().as_posix())
