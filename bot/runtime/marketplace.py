"""What is traded on the simulated spot exchange: a generated market, or tapes."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

from bot.domain.errors import DataError, SettingsError
from bot.history import tape
from bot.simulation.exchange import MarketSource
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS, SymbolRules, symbol_rules
from bot.simulation.scenes import SceneScript
from bot.simulation.tape import LOOK_AHEAD, TapeFrame, TapeMarket

__all__ = ["generated_market", "spot_rules", "taped_market"]

_SYMBOL: Final = re.compile(r"[A-Z0-9]{5,20}")


def spot_rules(symbols: Sequence[str]) -> Sequence[SymbolRules]:
    """The rules of these symbols, or of the default ones.

    Raises:
        SettingsError: a symbol is not written as one.
    """
    return [_rules(symbol) for symbol in dict.fromkeys(symbols)] or DEFAULT_SYMBOLS


def generated_market(seed: int, script: SceneScript) -> MarketSource:
    """One seed decides everything but what the script says."""
    return SeededMarket(seed=seed, script=script)


def taped_market(
    tapes: Sequence[Path], *, speed: float, symbols: Sequence[str]
) -> tuple[MarketSource, Sequence[SymbolRules]]:
    """The market of the tapes, with the symbols that are wanted, or all that are on them.

    Raises:
        DataError: a tape is not there, is none, is one of futures, or lacks a symbol.
    """
    for path in tapes:
        if not path.exists():
            raise DataError(f"there is no tape {path}")
    named = ", ".join(map(str, tapes))
    market = TapeMarket(tape.read_all(tapes), speed=speed, name=named, samples=_samples(tapes[1:]))
    on_tape = {rules.symbol: rules for rules in market.rules()}
    wanted = dict.fromkeys(symbols)
    missing = [symbol for symbol in wanted if symbol not in on_tape]
    if missing:
        raise DataError(f"{named} has no {', '.join(missing)}: it has {', '.join(on_tape)}")
    return market, [on_tape[symbol] for symbol in wanted or on_tape]


def _samples(tapes: Sequence[Path]) -> Iterator[TapeFrame]:
    """The beginning of each, for symbols that come up long after the start."""
    return chain.from_iterable(islice(tape.read(path), LOOK_AHEAD) for path in tapes)


def _rules(symbol: str) -> SymbolRules:
    known = {rules.symbol: rules for rules in DEFAULT_SYMBOLS}
    if symbol in known:
        return known[symbol]
    if not _SYMBOL.fullmatch(symbol):
        raise SettingsError(f"--symbol {symbol!r} is no symbol: write it as BTCUSDT")
    return symbol_rules(symbol, tick="0.01", step="0.00001")
