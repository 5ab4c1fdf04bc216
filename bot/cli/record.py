"""``bot record``: market data into files, without trading."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli.output import Format, line, print_json, print_rows

if TYPE_CHECKING:
    from bot.runtime.record import RecordPlan, RecordProgress

__all__ = ["register"]

_PLAIN_EVERY_S: Final = 10.0
_MB: Final = 1e6


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("record")(record)


def record(
    directory: Annotated[Path, typer.Option("--dir", help="The folder that the files go into.")],
    symbol: Annotated[
        list[str] | None, typer.Option(help="What to record; may be given several times.")
    ] = None,
    market: Annotated[str, typer.Option(help="spot, usdm or coinm.")] = "spot",
    stream: Annotated[
        list[str] | None,
        typer.Option(
            help="As Binance names it: trade, aggTrade, bookTicker, depth@100ms, depth20, kline_1m,"
            " ticker, markPrice@1s, !miniTicker@arr ...; trade, bookTicker and depth@100ms if"
            " absent."
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every kind of stream of a symbol.")] = False,
    venue: Annotated[str | None, typer.Option(help="sim (default), live, testnet or demo.")] = None,
    venue_url: Annotated[
        str | None, typer.Option(help="A simulated exchange that is already running.")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="How long: 30s, 8h. Until stopped if absent.")
    ] = None,
    part_mb: Annotated[float, typer.Option(help="A file of that size is followed by another.")] = (
        256.0
    ),
    seed: Annotated[int, typer.Option(help="Of the simulated market.")] = 1,
    form: Annotated[Format, typer.Option("--format", help="table or json.")] = Format.TABLE,
) -> None:
    """Record market data with receive times; no keys, no database, no orders.

    [bold]Examples[/bold]

    bot record --venue live --symbol BTCUSDT ETHUSDT --dir tapes --for 8h

    bot record --venue live --market usdm --symbol BTCUSDT --all --dir tapes

    bot tape info tapes
    """
    from bot.domain.errors import DataError
    from bot.runtime.logs import configure
    from bot.runtime.loop import run_async
    from bot.runtime.record import record as run
    from bot.runtime.settings import load_settings

    if form is Format.CSV:
        raise DataError("bot record prints a table or json: --format json")
    settings = load_settings(venue=venue, venue_url=venue_url)
    plan = _plan(
        {"symbol": symbol, "market": market, "stream": stream, "all": all_},
        directory=directory,
        venue=settings.venue,
        venue_url=settings.venue_url,
        for_=for_,
        part_mb=part_mb,
        seed=seed,
    )
    configure(
        level="WARNING", style=settings.log_format, path="", secrets=(), quiet=sys.stderr.isatty()
    )
    with _line(plan) as show:
        report = run_async(run(plan, on_progress=show))
    content = report.content
    if form is Format.JSON:
        print_json({"manifest": report.manifest, **content})
    else:
        _print(report.manifest, content, report.elapsed_s)
    if report.failed:
        raise DataError(f"the recording ended early: {report.failed}")


def _plan(
    wanted: dict[str, Any],
    *,
    directory: Path,
    venue: str,
    venue_url: str,
    for_: str | None,
    part_mb: float,
    seed: int,
) -> "RecordPlan":
    from bot.domain.errors import SettingsError
    from bot.domain.values import Market
    from bot.exchange.stream_wishes import every_stream
    from bot.runtime.record import RecordPlan
    from bot.runtime.settings import parse_duration_s

    if wanted["market"] not in {each.value for each in Market}:
        raise SettingsError(f"--market {wanted['market']!r}: there are {', '.join(Market)}")
    market = Market(wanted["market"])
    symbols = _listed(wanted["symbol"])
    if not symbols:
        raise SettingsError("no symbol is given: add --symbol BTCUSDT")
    if wanted["all"] and wanted["stream"]:
        raise SettingsError("--all and --stream exclude each other: leave one out")
    if part_mb <= 0:
        raise SettingsError(f"--part-mb {part_mb:g}: must be above 0")
    streams = every_stream(market) if wanted["all"] else _listed(wanted["stream"])
    return RecordPlan(
        market=market,
        symbols=tuple(symbol.upper() for symbol in symbols),
        streams=streams or ("trade", "bookTicker", "depth@100ms"),
        directory=directory,
        venue=venue,
        venue_url=venue_url,
        duration_s=parse_duration_s(for_) if for_ else None,
        part_bytes=int(part_mb * _MB),
        seed=seed,
    )


def _listed(texts: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for text in texts or () for part in text.split(",") if part))


@contextmanager
def _line(plan: "RecordPlan") -> "Iterator[Callable[[RecordProgress], None]]":
    """One line on stderr that is written anew; elsewhere than on a terminal one now and then."""
    live = sys.stderr.isatty()
    shown = [0.0]

    def show(progress: "RecordProgress") -> None:
        now = time.monotonic()
        if live:
            print(f"\r\x1b[2K{_text(progress, plan)}", end="", file=sys.stderr, flush=True)
        elif now - shown[0] >= _PLAIN_EVERY_S:
            shown[0] = now
            print(_text(progress, plan), file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if live:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def _text(progress: "RecordProgress", plan: "RecordPlan") -> str:
    of = f"/{plan.duration_s:.0f}" if plan.duration_s else ""
    down = f"   DOWN: {', '.join(progress.down)}" if progress.down else ""
    lost = f"   {progress.lost_frames:,} frames LOST" if progress.lost_frames else ""
    return (
        f"{progress.elapsed_s:.0f}{of} s   {progress.frames:,} frames"
        f"   {progress.size_bytes / _MB:,.1f} MB in {progress.files} files"
        f"   {progress.gaps} gaps{lost}{down}"
    )


def _print(manifest: str, content: dict[str, Any], elapsed_s: float) -> None:
    frames = sum(file["frames"] for file in content["files"])
    line(f"{frames:,} frames in {elapsed_s:.1f} s; what there is stands in {manifest}")
    rows = [{**file, "MB": round(file["bytes"] / _MB, 1)} for file in content["files"]]
    print_rows(
        rows, Format.TABLE, columns=("name", "frames", "from", "to", "MB"), empty="no frames"
    )
    for gap in content["gaps"]:
        line(f"gap: {gap['feed']} from {gap['from']} to {gap['to'] or 'the end'}: {gap['cause']}")
