"""What is traded on the simulated spot exchange: a generated market, or tapes."""

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.errors import SettingsError
from bot.runtime.tapes import Taped
from bot.simulation.exchange import MarketSource
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS, SymbolRules, symbol_rules
from bot.simulation.scenes import SceneScript
from bot.simulation.tape import TapeMarket

__all__ = ["generated_market", "spot_rules", "taped_market"]

_SYMBOL: Final = re.compile(r"[A-Z0-9]{5,20}")


def spot_rules(symbols: Sequence[str]) -> Sequence[SymbolRules]:
    """The rules of these symbols, or of the default ones.

    Raises:
        SettingsError: a symbol is not written as one.
    """
    return [_rules(symbol) for symbol in dict.fromkeys(symbols)] or DEFAULT_SYMBOLS


def generated_market(seed: int, script: SceneScript | None) -> MarketSource:
    """One seed decides everything but what the script says."""
    return SeededMarket(seed=seed, script=script)


def taped_market(
    taped: Taped, *, speed: float, symbols: Sequence[str]
) -> tuple[MarketSource, Sequence[SymbolRules]]:
    """Spot as it is on the tapes, with the symbols that are wanted, or all that are on them.

    Raises:
        DataError: the tapes hold no market data, or lack a symbol.
    """
    market = TapeMarket(
        taped.frames(),
        speed=speed,
        name=taped.name,
        samples=taped.samples(),
        begin_ns=taped.begin_ns,
    )
    return market, taped.chosen(market.rules(), symbols)


def _rules(symbol: str) -> SymbolRules:
    known = {rules.symbol: rules for rules in DEFAULT_SYMBOLS}
    if symbol in known:
        return known[symbol]
    if not _SYMBOL.fullmatch(symbol):
        raise SettingsError(f"--symbol {symbol!r} is no symbol: write it as BTCUSDT")
    return symbol_rules(symbol, tick="0.01", step="0.00001")
