"""Contracts by their names: those with known rules, and others that could be."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from bot.simulation.futures.composites import COMPOSITES
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS, Contract, Kind

__all__ = ["find_contract"]

_LINEAR: Final = re.compile(r"([A-Z0-9]{2,15}?)(USDT|USDC)")


def find_contract(kind: Kind, symbol: str) -> Contract | None:
    """What is traded under that name; None where there can be no such contract.

    A coin of which nothing is known has the rules of a small one on USDⓈ-M. On COIN-M nobody
    could say what a contract of it is worth.
    """
    known = (*DEFAULT_CONTRACTS[kind], *(COMPOSITES if kind == "usdm" else ()))
    found = next((contract for contract in known if contract.symbol == symbol), None)
    if found is not None or kind == "coinm":
        return found
    name = _LINEAR.fullmatch(symbol)
    if name is None:
        return None
    return replace(
        DEFAULT_CONTRACTS[kind][-1],
        symbol=symbol,
        pair=symbol,
        base=name[1],
        quote=name[2],
        tick=Decimal("0.01"),
        min_price=Decimal("0.01"),
        price_places=2,
    )
