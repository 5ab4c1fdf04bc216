"""The composition of a simulated exchange: its market or tape, its accounts, faults and wire."""

import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.domain.errors import DataError, SettingsError
from bot.history import tape as tapes
from bot.runtime.futures import futures_markets, usdm_symbols
from bot.runtime.limits import changed, parse_limits
from bot.simulation.account import DEFAULT_BALANCES, AccountSpec
from bot.simulation.errors import ApiError
from bot.simulation.exchange import MarketSource, SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.journal import FileJournal
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS, SymbolRules, symbol_rules
from bot.simulation.tape import TapeMarket
from bot.simulation.wire.futures.rules import FuturesRules
from bot.simulation.wire.rules import WireRules
from bot.simulation.wire.server import SimServer, serve

__all__ = ["DEFAULT_ACCOUNT", "SimulatorOptions", "parse_account", "simulator"]

DEFAULT_ACCOUNT: Final = AccountSpec("sim-key", "sim-secret")
"""Stands from the start, for everybody."""

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ASSET: Final = re.compile(r"[A-Z0-9]{1,20}")
_SYMBOL: Final = re.compile(r"[A-Z0-9]{5,20}")
_PLACES: Final = 8


class SimulatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``bot sim serve`` is told."""

    host: str = "127.0.0.1"
    port: int = 0
    admin: bool = False
    seed: int = 0
    tape: Path | None = None
    speed: float = 1.0
    faults: Path | None = None
    symbols: tuple[str, ...] = ()
    usdm_symbols: tuple[str, ...] = ()
    """None: those of ``symbols`` that are contracts too, or else all."""
    coinm_symbols: tuple[str, ...] = ()
    """None: all."""
    accounts: tuple[str, ...] = ()
    """Each ``KEY:SECRET[:ASSET=AMOUNT,...]``."""
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
    limits = parse_limits(options.limits)
    now_ms = time.time_ns() // 1_000_000
    plan = FaultPlan(_faults(options.faults), seed=options.seed, now_ms=now_ms)
    market, symbols = _market(options)
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
                {
                    "usdm": usdm_symbols(options.usdm_symbols, options.symbols),
                    "coinm": options.coinm_symbols,
                },
                accounts=accounts,
                seed=options.seed,
                now_ms=now_ms,
                state=options.state,
                closing=closing,
            ),
            futures_rules=changed(FuturesRules(), limits),
        )
        try:
            yield server
        finally:
            await server.close()


def parse_account(text: str) -> AccountSpec:
    """``KEY:SECRET[:ASSET=AMOUNT,...]``; ``SECRET`` may be ``@FILE``, a public key in PEM.

    Raises:
        SettingsError: what is wrong with it, without the secret.
    """
    key, _, rest = text.partition(":")
    secret, _, amounts = rest.partition(":")
    if not _KEY.fullmatch(key) or not secret:
        raise SettingsError(
            f"--account {key!r}: write KEY:SECRET or KEY:SECRET:ASSET=AMOUNT,... "
            "with a key of letters, digits, - and _"
        )
    if secret.startswith("@"):
        try:
            secret = Path(secret[1:]).read_text()
        except (OSError, UnicodeDecodeError) as e:
            raise SettingsError(f"--account {key}: cannot read {secret[1:]}: {e}") from None
    balances = dict(DEFAULT_BALANCES) if not amounts else _balances(key, amounts)
    return AccountSpec(key, secret, balances)


def _balances(key: str, text: str) -> dict[str, Decimal]:
    balances: dict[str, Decimal] = {}
    for part in text.split(","):
        asset, _, amount = part.partition("=")
        try:
            value = Decimal(amount)
        except InvalidOperation:
            value = Decimal(-1)
        places = -int(exponent) if isinstance(exponent := value.as_tuple().exponent, int) else 0
        if not _ASSET.fullmatch(asset) or not value.is_finite() or value < 0 or places > _PLACES:
            raise SettingsError(
                f"--account {key}: {part!r} is not ASSET=AMOUNT, such as USDT=1000.50"
            )
        balances[asset] = value
    return balances


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


def _faults(path: Path | None) -> list[Any]:
    if path is None:
        return []
    try:
        return list(parse_faults(msgspec.json.decode(path.read_bytes())))
    except OSError as e:
        raise SettingsError(f"cannot read the faults in {path}: {e.strerror}") from None
    except msgspec.DecodeError as e:
        raise SettingsError(f"the faults in {path} are not JSON: {e}") from None
    except ApiError as e:
        raise SettingsError(f"the faults in {path}: {e.msg}") from None


def _market(options: SimulatorOptions) -> tuple[MarketSource, Sequence[SymbolRules]]:
    wanted = list(dict.fromkeys(options.symbols))
    if options.tape is None:
        return SeededMarket(seed=options.seed), [_rules(s) for s in wanted] or DEFAULT_SYMBOLS
    if not options.tape.exists():
        raise DataError(f"there is no tape {options.tape}")
    market = TapeMarket(tapes.read(options.tape), speed=options.speed)
    on_tape = {rules.symbol: rules for rules in market.rules()}
    missing = [symbol for symbol in wanted if symbol not in on_tape]
    if missing:
        raise DataError(f"{options.tape} has no {', '.join(missing)}: it has {', '.join(on_tape)}")
    return market, [on_tape[symbol] for symbol in wanted or on_tape]


def _rules(symbol: str) -> SymbolRules:
    known = {rules.symbol: rules for rules in DEFAULT_SYMBOLS}
    if symbol in known:
        return known[symbol]
    if not _SYMBOL.fullmatch(symbol):
        raise SettingsError(f"--symbol {symbol!r} is no symbol: write it as BTCUSDT")
    return symbol_rules(symbol, tick="0.01", step="0.00001")
