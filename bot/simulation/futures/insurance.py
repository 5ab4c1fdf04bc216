"""The insurance fund: it gets the fees of liquidations, and pays what the liquidated cannot."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from bot.simulation.futures.amounts import ZERO, plain

__all__ = ["InsuranceFund"]

_OPENING: Final[Mapping[str, Decimal]] = {
    "USDT": Decimal("793930579.31584800"),
    "BTC": Decimal("61.73143554"),
    "ETH": Decimal("1300.00000000"),
}
_OTHER: Final = Decimal(100_000)
_SCARCE, _LOW = Decimal("0.25"), Decimal("0.75")


class InsuranceFund:
    """One for each market; ``balances`` by asset."""

    def __init__(self, assets: Iterable[str], opening: Mapping[str, Decimal] | None) -> None:
        """``opening``: what is in it at first; of others as much as in Binance's."""
        known = {**_OPENING, **(opening or {})}
        self.balances: dict[str, Decimal] = {asset: known.get(asset, _OTHER) for asset in assets}
        self.update_ms = 0
        self._opening = dict(self.balances)

    def bears(self, asset: str, debt: Decimal) -> bool:
        """Whether it can pay so much."""
        return debt <= self.balances[asset]

    def settle(self, asset: str, change: Decimal, now_ms: int) -> None:
        """Take a fee in, or pay a debt (negative)."""
        self.balances[asset] += change
        self.update_ms = now_ms

    def risk(self, asset: str) -> str:
        """How near positions in that asset are to being closed for others' debts."""
        opening = self._opening[asset]
        left = self.balances[asset] / opening if opening else ZERO
        if left < _SCARCE:
            return "high"
        return "medium" if left < _LOW else "low"

    def body(self, symbols: Iterable[str], assets: Iterable[str], now_ms: int) -> dict[str, Any]:
        """As ``GET insuranceBalance`` gives it."""
        return {
            "symbols": sorted(symbols),
            "assets": [
                {
                    "asset": asset,
                    "marginBalance": plain(self.balances[asset]),
                    "updateTime": self.update_ms or now_ms,
                }
                for asset in assets
            ],
        }
