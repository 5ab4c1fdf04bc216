"""What the contracts are like in the seeded market."""

from collections.abc import Mapping
from typing import Final

from bot.simulation.crowd import Temper
from bot.simulation.futures.contracts import Kind
from bot.simulation.market import DEFAULT_TEMPERS, SeededMarket

__all__ = ["seeded_source"]


def _inverse(price: float, contracts: float, volatility: float) -> Temper:
    """The crowd thinks in price x quantity; contracts are so many at any price."""
    return Temper(
        price=price,
        volatility=volatility,
        trade_median=contracts * price,
        level_median=15 * contracts * price,
    )


_TEMPERS: Final[Mapping[str, Temper]] = {
    **DEFAULT_TEMPERS,
    "BTCUSD_PERP": _inverse(65_000.0, 3.0, 5e-5),
    "ETHUSD_PERP": _inverse(3_200.0, 20.0, 6.5e-5),
}


def seeded_source(
    kind: Kind, *, seed: int = 0, rate: float = 20.0, history_minutes: int = 600
) -> SeededMarket:
    """The market of the default contracts; each kind of exchange has its own weather."""
    shift = 0 if kind == "usdm" else 1_000_003
    return SeededMarket(
        seed=seed + shift, rate=rate, tempers=_TEMPERS, history_minutes=history_minutes
    )
