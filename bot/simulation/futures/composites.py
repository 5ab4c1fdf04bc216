"""Contracts on an index of several assets, and what their indices are made of."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from bot.simulation.futures.amounts import money
from bot.simulation.futures.brackets import Brackets
from bot.simulation.futures.contracts import Contract

__all__ = ["COMPOSITES", "Component", "components", "index_parts", "index_weights"]


class Component(NamedTuple):
    base: str
    weight: Decimal
    """Share of the index."""
    quantity: Decimal
    """How much of the asset the index holds."""


_DEFI: Final = tuple(
    Component(base, Decimal(weight), Decimal(quantity))
    for base, weight, quantity in (
        ("AAVE", "0.28000000", "0.60000000"),
        ("UNI", "0.24000000", "16.00000000"),
        ("CRV", "0.18000000", "160.00000000"),
        ("COMP", "0.16000000", "1.80000000"),
        ("SNX", "0.14000000", "45.00000000"),
    )
)
_COMPONENTS: Final[Mapping[str, tuple[Component, ...]]] = {"DEFIUSDT": _DEFI}
_STEPS: Final = (
    (50, "5000", "0.01"),
    (20, "25000", "0.025"),
    (10, "100000", "0.05"),
    (5, "250000", "0.1"),
    (2, "1000000", "0.125"),
    (1, "30000000", "0.5"),
)

COMPOSITES: Final = (
    Contract(
        symbol="DEFIUSDT",
        pair="DEFIUSDT",
        base="DEFI",
        quote="USDT",
        tick=Decimal("0.1"),
        step=Decimal("0.001"),
        price_places=1,
        quantity_places=3,
        brackets=Brackets(_STEPS),
        max_quantity=Decimal(10_000),
        max_market_quantity=Decimal(500),
        min_price=Decimal("0.1"),
        max_price=Decimal(100_000),
        min_notional=Decimal(5),
        underlying="INDEX",
    ),
)
"""What ``bot sim`` trades beside its default contracts where it is named."""


def components(symbol: str) -> tuple[Component, ...]:
    """What the contract's index is made of; nothing where it is the price of one asset."""
    return _COMPONENTS.get(symbol, ())


def index_weights(symbol: str) -> list[dict[str, Any]]:
    """``baseAssetList`` of ``GET indexInfo``."""
    return [
        {
            "baseAsset": one.base,
            "quoteAsset": "USDT",
            "weightInQuantity": money(one.quantity),
            "weightInPercentage": money(one.weight),
        }
        for one in components(symbol)
    ]


def index_parts(symbol: str, index: Decimal) -> list[dict[str, Any]]:
    """``c`` of the ``compositeIndex`` stream; the shares do not move, so all prices move alike."""
    return [
        {
            "b": one.base,
            "q": "USDT",
            "w": money(one.quantity),
            "W": money(one.weight),
            "i": money(index * one.weight / one.quantity),
        }
        for one in components(symbol)
    ]
