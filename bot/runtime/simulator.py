"""The composition of a simulated exchange: its market or tape, its accounts, faults and wire."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from bot.domain.errors import SettingsError
from bot.runtime.accountform import parse_account, parse_insurance
from bot.runtime.futures import (
    Traded,
    chosen_contracts,
    futures_markets,
    taped_futures,
    usdm_symbols,
)
from bot.runtime.jsonlist import read_list
from bot.runtime.limits import changed, parse_limits
from bot.runtime.marketplace import generated_market, spot_rules, taped_market
from bot.runtime.tapes import Taped, read_tapes
from bot.simulation.account import AccountSpec
from bot.simulation.errors import ApiError
from bot.simulation.exchange import MarketSource, SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.futures.contracts import Kind
from bot.simulation.journal import FileJournal
from bot.simulation.rules import SymbolRules
from bot.simulation.scenes import SceneScript, parse_scenes
from bot.simulation.tapemarkets import TapeKind
from bot.simulation.wire.futures.rules import FuturesRules
from bot.simulation.wire.rules import WireRules
from bot.simulation.wire.server import SimServer, serve

__all__ = ["DEFAULT_ACCOUNT", "SimulatorOptions", "simulator"]

DEFAULT_ACCOUNT: Final = AccountSpec("sim-key", "sim-secret")
"""Stands from the start, for everybody."""


class SimulatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``bot sim serve`` is told."""

    host: str = "127.0.0.1"
    port: int = 0
    admin: bool = False
    seed: int = 0
    tapes: tuple[Path, ...] = ()
    """Played together, or one after the other, as they were recorded."""
    speed: float = 1.0
    faults: Path | None = None
    scene: Path | None = None
    symbols: tuple[str, ...] = ()
    usdm_symbols: tuple[str, ...] = ()
    """None: those of ``symbols`` that are contracts too, or else all."""
    coinm_symbols: tuple[str, ...] = ()
    """None: all."""
    accounts: tuple[str, ...] = ()
    """Each ``KEY:SECRET[:ASSET=AMOUNT,...]``."""
    insurance: str = ""
    """``ASSET=AMOUNT,...`` in the futures' insurance funds; of others there is plenty."""
    state: Path | None = None
    time_scale: float = 1.0
    limits: str = ""
    """``key=value,...`` of :class:`WireRules`, or the path of a JSON file with them."""


@asynccontextmanager
async def simulator(options: SimulatorOptions) -> AsyncIterator[SimServer]:
    """The exchange, listening; it ends with the context.

    Raises:
        UserError: an option is wrong, a file cannot be used, or the port is taken.
    """
    if options.speed <= 0 or options.time_scale <= 0:
        raise SettingsError("--speed and --time-scale must be above 0")
    accounts = _accounts(options.accounts)
    limits, insurance = parse_limits(options.limits), parse_insurance(options.insurance)
    now_ms = time.time_ns() // 1_000_000
    faults = read_list(options.faults, "faults", parse_faults)
    plan = FaultPlan(faults, seed=options.seed, now_ms=now_ms)
    futures: dict[Kind, Sequence[str]] = {
        "usdm": usdm_symbols(options.usdm_symbols, options.symbols),
        "coinm": options.coinm_symbols,
    }
    if options.tapes and options.scene is not None:
        raise SettingsError("--scene is for a generated market, and --tape is as recorded")
    tapes = read_tapes(options.tapes)
    market, symbols, script = _market(options, futures, tapes, now_ms)
    taped = _taped_futures(options, tapes)
    with ExitStack() as closing:
        journal = FileJournal(options.state) if options.state is not None else None
        if journal is not None:
            closing.callback(journal.close)
        exchange = SimulatedExchange.restore(
            journal.lines if journal is not None else (),
            symbols=symbols,
            accounts=accounts,
            market=market,
            start_ms=now_ms,
            journal=journal,
        )
        server = await serve(
            exchange,
            host=options.host,
            port=options.port,
            admin=options.admin,
            faults=plan,
            time_scale=options.time_scale,
            rules=changed(WireRules(), limits),
            futures=futures_markets(
                futures,
                accounts=accounts,
                seed=options.seed,
                now_ms=now_ms,
                state=options.state,
                closing=closing,
                script=script,
                taped=taped,
                insurance=insurance,
            ),
            futures_rules=changed(FuturesRules(), limits),
            script=script,
        )
        try:
            yield server
        finally:
            await server.close()


def _accounts(texts: Sequence[str]) -> list[AccountSpec]:
    accounts = {DEFAULT_ACCOUNT.key: DEFAULT_ACCOUNT}
    given: set[str] = set()
    for text in texts:
        account = parse_account(text)
        if account.key in given:
            raise SettingsError(f"--account {account.key} is given twice: each key has one secret")
        given.add(account.key)
        accounts[account.key] = account
    return list(accounts.values())


def _taped_futures(
    options: SimulatorOptions, tapes: Mapping[TapeKind, Taped]
) -> dict[Kind, Traded]:
    """The futures markets that are on the tapes."""
    wanted: dict[Kind, tuple[Sequence[str], Sequence[str]]] = {
        "usdm": (options.usdm_symbols, options.symbols),
        "coinm": (options.coinm_symbols, ()),
    }
    return {
        kind: taped_futures(kind, tapes[kind], speed=options.speed, symbols=symbols, spot=spot)
        for kind, (symbols, spot) in wanted.items()
        if kind in tapes
    }


def _market(
    options: SimulatorOptions,
    futures: Mapping[Kind, Sequence[str]],
    tapes: Mapping[TapeKind, Taped],
    now_ms: int,
) -> tuple[MarketSource, Sequence[SymbolRules], SceneScript | None]:
    """Spot's market and symbols, and the script that futures follow too."""
    if "spot" in tapes:
        market = taped_market(tapes["spot"], speed=options.speed, symbols=options.symbols)
        return *market, None
    rules = spot_rules(options.symbols)
    if tapes:
        return generated_market(options.seed, None), rules, None
    contracts = [c.symbol for kind, names in futures.items() for c in chosen_contracts(kind, names)]
    script = SceneScript({*(rule.symbol for rule in rules), *contracts})
    scenes = read_list(options.scene, "scenes", parse_scenes)
    try:
        script.add(scenes, now_ms)
    except ApiError as e:
        raise SettingsError(f"the scenes in {options.scene}: {e.msg}") from None
    return generated_market(options.seed, script), rules, script
