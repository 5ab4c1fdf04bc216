"""``bot download``: market history from Binance's public archive."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import Format, heading, line, print_json

if TYPE_CHECKING:
    from bot.history.series import Series
    from bot.runtime.download import DownloadProgress, DownloadReport

__all__ = ["register"]

_Symbol = Annotated[str, typer.Argument(help="As Binance writes it: BTCUSDT, BTCUSD_PERP.")]
_From = Annotated[str, typer.Option("--from", help="The first day, UTC: 2024-01-01.")]
_To = Annotated[str, typer.Option("--to", help="The last day, UTC; today if absent.")]
_Market = Annotated[str, typer.Option(help="spot, usdm or coinm.")]
_Out = Annotated[Path, typer.Option(help="The folder that the archive's own folders go into.")]
_BaseUrl = Annotated[str, typer.Option(help="Another archive; Binance's own if absent.")]
_VenueUrl = Annotated[
    str, typer.Option(help="Who is asked for the newest days over REST; Binance if absent.")
]
_NoRest = Annotated[bool, typer.Option("--no-rest", help="Leave out what the archive lacks.")]
_Parallel = Annotated[int, typer.Option(min=1, max=16, help="Files at once.")]
_Form = Annotated[Format, typer.Option("--format", help="table or json.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command tree."""
    group = typer.Typer(
        help="Market history from Binance's public archive, with checksums and resume.",
        no_args_is_help=True,
    )
    group.command("trades")(trades)
    group.command("aggtrades")(aggtrades)
    group.command("klines")(klines)
    app.add_typer(group, name="download")


def trades(
    symbol: _Symbol,
    from_: _From,
    to: _To = "",
    market: _Market = "spot",
    out: _Out = Path("data"),
    base_url: _BaseUrl = "",
    venue_url: _VenueUrl = "",
    no_rest: _NoRest = False,
    parallel: _Parallel = 4,
    form: _Form = Format.TABLE,
) -> None:
    """Every trade.

    Example: bot download trades BTCUSDT --from 2024-01-01 --to 2024-01-31
    """
    series = _series("trades", market, symbol)
    _download(series, from_, to, out, (base_url, venue_url), no_rest, parallel, form)


def aggtrades(
    symbol: _Symbol,
    from_: _From,
    to: _To = "",
    market: _Market = "spot",
    out: _Out = Path("data"),
    base_url: _BaseUrl = "",
    venue_url: _VenueUrl = "",
    no_rest: _NoRest = False,
    parallel: _Parallel = 4,
    form: _Form = Format.TABLE,
) -> None:
    """Aggregate trades: what one order took at one price.

    Example: bot download aggtrades BTCUSDT --market usdm --from 2024-01-01
    """
    series = _series("aggTrades", market, symbol)
    _download(series, from_, to, out, (base_url, venue_url), no_rest, parallel, form)


def klines(
    symbol: _Symbol,
    from_: _From,
    to: _To = "",
    interval: Annotated[str, typer.Option(help="1s, 1m, 5m, 1h, 1d, 1w, 1mo ...")] = "1m",
    market: _Market = "spot",
    out: _Out = Path("data"),
    base_url: _BaseUrl = "",
    venue_url: _VenueUrl = "",
    no_rest: _NoRest = False,
    parallel: _Parallel = 4,
    form: _Form = Format.TABLE,
) -> None:
    """Bars of an interval.

    Example: bot download klines BTCUSDT --interval 1h --from 2023-01-01 --format json
    """
    series = _series("klines", market, symbol, interval)
    _download(series, from_, to, out, (base_url, venue_url), no_rest, parallel, form)


def _series(dataset: str, market: str, symbol: str, interval: str = "") -> "Series":
    from bot.domain.errors import SettingsError
    from bot.domain.values import Market
    from bot.history.series import Dataset, Series

    if market not in {each.value for each in Market}:
        raise SettingsError(f"--market {market!r}: there are {', '.join(Market)}")
    return Series(
        dataset=Dataset(dataset),
        market=Market(market),
        symbol=symbol.upper(),
        interval="1mo" if interval == "1M" else interval,
    )


def _download(
    series: "Series",
    first: str,
    last: str,
    out: Path,
    urls: tuple[str, str],
    no_rest: bool,
    parallel: int,
    form: Format,
) -> None:
    from datetime import UTC, datetime

    from bot.domain.errors import DataError
    from bot.exchange import endpoints
    from bot.exchange.archive import ARCHIVE_URL
    from bot.runtime.download import Download, DownloadPlan, days_of
    from bot.runtime.loop import run_async

    if form is Format.CSV:
        raise DataError("bot download prints a table or json: --format json")
    days = days_of(first, last, today=datetime.now(UTC).date())
    base_url, venue_url = urls
    rest = endpoints.from_url(venue_url) if venue_url else endpoints.LIVE
    plan = DownloadPlan(
        series=series,
        first=days[0],
        last=days[1],
        out=out,
        base_url=_address(base_url or ARCHIVE_URL),
        rest=None if no_rest else rest,
        parallel=parallel,
    )
    with _bar(str(series)) as show:

        async def run() -> "DownloadReport":
            return await Download(plan, on_progress=show).run()

        report = run_async(run())
    if form is Format.JSON:
        print_json(report.as_dict())
    else:
        _print(report)
    for gap in report.gaps:
        print(
            f"warning: no data from {gap['from']} to {gap['to']}: {gap['cause']}", file=sys.stderr
        )


def _address(url: str) -> str:
    from urllib.parse import urlsplit

    from bot.domain.errors import SettingsError

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SettingsError(f"--base-url {url!r} is no address: write it like https://host")
    return url


@contextmanager
def _bar(title: str) -> "Iterator[Callable[[DownloadProgress], None]]":
    """Bytes, rate and time left on stderr, if somebody is there to see it."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[files]}"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, files="")

        def show(progress: "DownloadProgress") -> None:
            # What has not begun is taken to be as large as the others are on average.
            mean = progress.size_bytes / progress.sizes if progress.sizes else 0
            left = progress.files - progress.files_done
            begun = max(0, left - max(0, progress.files - progress.sizes))
            total = progress.size_bytes + (left - begun) * mean
            rows = f", {progress.rows:,} rows over REST" if progress.rows else ""
            files = f"{progress.files_done}/{progress.files} files{rows}"
            bar.update(task, total=total or None, completed=progress.got_bytes, files=files)

        yield show


def _print(report: "DownloadReport") -> None:
    heading(f"{report.series}, {report.first} to {report.last}")
    line(
        f"{report.fetched} files fetched ({report.got_bytes / 1e6:,.1f} MB),"
        f" {report.kept} were there, {report.elapsed_s:.1f} s"
    )
    if report.rest_days:
        line(f"{len(report.rest_days)} days over REST: {report.rest_rows:,} rows")
    folders = dict.fromkeys(str(Path(file).parent) for file in report.files)
    for folder in folders:
        line(f"in {folder}")
