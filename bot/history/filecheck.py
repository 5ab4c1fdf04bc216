"""What is wrong with a file of market data, row by row: tables, and files of the archive."""

from pathlib import Path, PurePosixPath

from bot.domain.errors import DataError
from bot.domain.market import Bar, TradeTick
from bot.history.archive import read_archive
from bot.history.flattened import Flattened
from bot.history.lines import lines
from bot.history.quality import BarCheck, Finding, Findings, IdCheck, PriceCheck
from bot.history.series import Series, series_of
from bot.history.tablecheck import check_table

__all__ = ["check_file"]


def check_file(path: Path) -> list[Finding]:
    """The findings in the order of the rows, without heading and comments; at most ten thousand.

    Raises:
        DataError: it is neither a table of one event a row nor a file named like Binance's
            archive, or it cannot be read.
    """
    if path.is_dir():
        raise DataError(
            f"{path} is a folder: name its files to check their rows; bot tape info {path} tells "
            "whether it hangs together"
        )
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    series = series_of(PurePosixPath(path.as_posix()))
    if series is not None:
        return _check_archive(path, series)
    first = next((line for line in lines(path, None) if line), b"")
    if not Flattened().recognises(first):
        raise DataError(
            f"{path} has no rows to check: give a table of one trade or price level a row, "
            "or a file named as in Binance's archive (BTCUSDT-1m-2024-01-01.zip)"
        )
    return check_table(path)


def _check_archive(path: Path, series: Series) -> list[Finding]:
    findings = Findings()
    ids, prices = IdCheck(findings), PriceCheck(findings)
    bars: BarCheck | None = None
    for number, row in enumerate(read_archive(path, series), 1):
        if isinstance(row, Bar):
            bars = bars or BarCheck(row.interval)
            bars.see(row.open_ns, row.open, row.high, row.low, row.close, row.volume)
        else:
            ids.see(number, row.trade_id if isinstance(row, TradeTick) else row.agg_id)
            prices.see(number, row.price, row.size)
    ids.end()
    return sorted([*findings, *(bars.findings if bars else ())])
