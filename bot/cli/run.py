"""``bot run``: trade."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.engine.host import StrategySpec
    from bot.runtime.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME[:key=value,...]; may be given several times. id= names it, symbols=A+B picks"
            " symbols, budget=500 bounds what it may use."
        ),
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="What to trade; may be given several times.")
    ] = None,
    venue: Annotated[str | None, typer.Option(help="sim (default), testnet, demo or live.")] = None,
    market: Annotated[str | None, typer.Option(help="spot (default), usdm or coinm.")] = None,
    config: Annotated[Path | None, typer.Option(help="A bot.toml.")] = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="How long: 30s, 5m, 1.5h. Until stopped if absent.")
    ] = None,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    venue_url: Annotated[
        str | None, typer.Option(help="A simulated exchange that is already running.")
    ] = None,
    tape: Annotated[
        list[Path] | None,
        typer.Option(help="With --venue sim: recorded frames to play; may be given several times."),
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times faster the tape is played.")] = 1.0,
    faults: Annotated[
        Path | None, typer.Option(help="With --venue sim: a JSON file of faults to inject.")
    ] = None,
    scene: Annotated[
        Path | None,
        typer.Option(help="With --venue sim: a JSON file of gaps, crashes, halts ..."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the simulated market.")] = 1,
    record: Annotated[
        Path | None,
        typer.Option(help="Record market data into this folder; bot tape info reads it."),
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Write the summary there as JSON.")] = None,
    on_stop: Annotated[
        str | None, typer.Option(help="What happens to open orders at the end: cancel or keep.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
) -> None:
    """Trade: strategies on a venue, every order written down before it is sent.

    [bold]Examples[/bold]

    bot run --strategy sma_cross --symbol BTCUSDT --for 30s

    bot run --strategy sma_cross:fast=5,slow=20 --strategy quoting --symbol BTCUSDT ETHUSDT

    bot run --strategy sma_cross:budget=500 --strategy quoting:budget=200 --symbol BTCUSDT

    Risk limits and protections are settings: docs/operations.md, "Risk", or .env.example.

    bot run --market usdm --strategy quoting --symbol BTCUSDT --for 30s

    bot run --venue sim --venue-url http://127.0.0.1:9000 --strategy quoting --symbol BTCUSDT
    """
    import msgspec

    from bot.cli.display import Display, print_summary
    from bot.domain.errors import SettingsError
    from bot.runtime.embedded import EmbeddedOptions
    from bot.runtime.logs import configure
    from bot.runtime.loop import run_async
    from bot.runtime.runner import Plan, Runner
    from bot.runtime.settings import load_settings, parse_duration_s
    from bot.runtime.tapes import require_market

    symbols = tuple(part for text in symbol or () for part in text.split(",") if part)
    settings = load_settings(
        config=config,
        venue=venue,
        market=market,
        db=db,
        venue_url=venue_url,
        symbols=symbols or None,
        strategies=tuple(strategy) if strategy else None,
        on_stop=on_stop,
        log_level=log_level,
    )
    duration_s = parse_duration_s(for_) if for_ else None
    require_market(tape or (), settings.market)
    if not speed > 0:
        raise SettingsError(f"--speed {speed}: must be above 0")
    if summary is not None and not summary.parent.is_dir():
        raise SettingsError(f"--summary {summary}: the folder does not exist")
    specs = _strategies(settings)
    display = Display(duration_s=duration_s)
    configure(
        level=settings.log_level,
        style=settings.log_format,
        path=settings.log_file,
        secrets=settings.secrets(),
        quiet=display.is_live,
    )
    plan = Plan(
        settings=settings,
        strategies=specs,
        duration_s=duration_s,
        embedded=EmbeddedOptions(
            seed=seed, tapes=tuple(tape or ()), speed=speed, faults=faults, scene=scene
        ),
        record=record,
        on_progress=display.show,
    )
    with display:
        result = run_async(Runner(plan).run())
    if summary is not None:
        summary.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2))
    print_summary(result, db=settings.db)


def _strategies(settings: "Settings") -> "tuple[StrategySpec, ...]":
    from bot.domain.errors import SettingsError
    from bot.runtime.plugins import resolve

    if not settings.strategies:
        raise SettingsError("no strategy is given: add --strategy NAME; see: bot strategies list")
    specs = tuple(
        resolve(text, default_symbols=settings.symbols, strategies_dir=settings.strategies_dir)
        for text in settings.strategies
    )
    names = [spec.strategy_id for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(
                f"two strategies are called {name!r}: give one another id, "
                f"as in --strategy {name}:id=second"
            )
    return specs
