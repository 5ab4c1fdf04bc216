"""The futures markets of a simulated exchange: their contracts, accounts, sources and state."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from bot.domain.errors import SettingsError
from bot.runtime.tapes import Taped
from bot.simulation.account import DEFAULT_BALANCES, AccountSpec
from bot.simulation.crowd import Temper
from bot.simulation.futures.account import opened
from bot.simulation.futures.catalogue import find_contract
from bot.simulation.futures.clockwork import FuturesSource
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS, Contract, Kind
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.futures.tape import FuturesTapeMarket
from bot.simulation.journal import FileJournal, read_lines
from bot.simulation.market import DEFAULT_TEMPERS, SeededMarket
from bot.simulation.scenes import SceneScript

__all__ = ["chosen_contracts", "futures_markets", "taped_futures", "usdm_symbols"]

Traded = tuple[Sequence[Contract], FuturesSource]
"""What is traded, and everybody else who trades it."""

# Contracts are counted in pieces of 100 and 10 dollars: a crowd's amounts are piece times price.
_TEMPERS: Final = {
    **DEFAULT_TEMPERS,
    "BTCUSD_PERP": Temper(price=65_000.0, trade_median=1.3e6, level_median=2e7),
    "DEFIUSDT": Temper(price=800.0, volatility=6.5e-5),
    "ETHUSD_PERP": Temper(price=3_200.0, volatility=6.5e-5, trade_median=3.2e5, level_median=4.8e6),
}
_OF_OTHERS: Final = Decimal(10_000)
"""What an account without balances of its own has of each margin asset of a tape."""
_OPTIONS: Final[dict[Kind, str]] = {"usdm": "--usdm-symbol", "coinm": "--coinm-symbol"}


def futures_markets(
    symbols: Mapping[Kind, Sequence[str]],
    *,
    accounts: Sequence[AccountSpec],
    seed: int,
    now_ms: int,
    state: Path | None,
    closing: ExitStack,
    script: SceneScript | None = None,
    taped: Mapping[Kind, Traded] | None = None,
    insurance: Mapping[str, Decimal] | None = None,
) -> list[FuturesExchange]:
    """USDⓈ-M and COIN-M, each with its own wallet of every account.

    An account without balances of its own gets the market's default ones; of others it has what
    the market keeps margin in. ``state`` keeps each market in a file
    of its own beside spot's, which ``closing`` closes. ``script``: what else is to happen.
    ``taped`` are the markets that tapes play, of which ``symbols`` say nothing. ``insurance`` is
    what is in the insurance funds, where it is not to be plenty.

    Raises:
        UserError: a contract is not known, or a state file cannot be used.
    """
    markets: dict[Kind, Traded] = {**(taped or {})}
    for kind, names in symbols.items():
        if kind not in markets:
            generated = SeededMarket(seed=seed, tempers=_TEMPERS, script=script)
            markets[kind] = chosen_contracts(kind, names), generated
    return [
        _market(kind, *markets[kind], accounts, now_ms, _journal(kind, state, closing), insurance)
        for kind in symbols
    ]


def taped_futures(
    kind: Kind, taped: Taped, *, speed: float, symbols: Sequence[str], spot: Sequence[str] = ()
) -> Traded:
    """The contracts of the tapes that are wanted, or all that are on them, and their market.

    Without ``symbols`` those of ``spot`` are wanted, as far as the tapes have them.

    Raises:
        DataError: the tapes hold no market data, or lack a contract.
    """
    market = FuturesTapeMarket(
        kind,
        taped.frames(),
        speed=speed,
        name=taped.name,
        samples=taped.samples(),
        begin_ns=taped.begin_ns,
    )
    contracts = market.contracts()
    names = {contract.symbol for contract in contracts}
    return taped.chosen(contracts, symbols or [name for name in spot if name in names]), market


def chosen_contracts(kind: Kind, names: Sequence[str]) -> list[Contract]:
    """Those of that name, or the usual ones.

    Raises:
        SettingsError: there is no such contract.
    """
    usual = list(DEFAULT_CONTRACTS[kind])
    return [_contract(kind, name) for name in dict.fromkeys(names)] or usual


def usdm_symbols(named: Sequence[str], spot: Sequence[str]) -> Sequence[str]:
    """What ``--usdm-symbol`` names; or else what ``--symbol`` names, as far as it can be one."""
    return named or [name for name in spot if find_contract("usdm", name) is not None]


def _contract(kind: Kind, name: str) -> Contract:
    found = find_contract(kind, name)
    if found is None:
        known = ", ".join(contract.symbol for contract in DEFAULT_CONTRACTS[kind])
        others = ", and others whose names end in USDT or USDC" if kind == "usdm" else ""
        raise SettingsError(f"{_OPTIONS[kind]} {name}: there are {known}{others}")
    return found


def _market(
    kind: Kind,
    contracts: Sequence[Contract],
    source: FuturesSource,
    accounts: Sequence[AccountSpec],
    now_ms: int,
    journal: FileJournal | None,
    insurance: Mapping[str, Decimal] | None,
) -> FuturesExchange:
    assets = dict.fromkeys(contract.margin_asset for contract in contracts)
    return FuturesExchange(
        market=kind,
        symbols=contracts,
        accounts=[_account(kind, spec, assets) for spec in accounts],
        source=source,
        start_ms=now_ms,
        journal=journal,
        records=read_lines(journal.lines) if journal is not None else (),
        insurance=insurance,
    )


def _account(kind: Kind, spec: AccountSpec, assets: Mapping[str, None]) -> AccountSpec:
    """Its commission is the futures' own, unless one was written for it."""
    usual = AccountSpec("")
    account = replace(opened(spec.key, spec.secret, kind, {}), can_trade=spec.can_trade)
    if spec.maker_rate != usual.maker_rate:
        account = replace(account, maker_rate=spec.maker_rate)
    if spec.taker_rate != usual.taker_rate:
        account = replace(account, taker_rate=spec.taker_rate)
    if spec.balances == DEFAULT_BALANCES:
        return replace(account, balances={**dict.fromkeys(assets, _OF_OTHERS), **account.balances})
    own = {asset: amount for asset, amount in spec.balances.items() if asset in assets}
    return replace(account, balances=own)


def _journal(kind: Kind, state: Path | None, closing: ExitStack) -> FileJournal | None:
    if state is None:
        return None
    journal = FileJournal(state.with_name(f"{state.name}.{kind}"))
    closing.callback(journal.close)
    return journal
