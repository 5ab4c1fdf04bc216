"""The bounds of the gate, and the rules by which trading pauses."""

from decimal import Decimal
from typing import Final, Literal

import msgspec

__all__ = ["STRATEGY", "ProtectionRule", "RiskLimits"]

_ZERO: Final = Decimal(0)
STRATEGY: Final = frozenset(
    {
        *("max_order_notional", "max_position_notional", "max_strategy_notional"),
        *("max_open_orders", "max_strategy_daily_loss", "price_collar"),
        *("max_orders_per_second", "stale_after_s", "budget"),
    }
)
"""What a strategy may have of its own; the rest is of the account."""


class ProtectionRule(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing but what closes may be ordered for some time after something went wrong."""

    kind: Literal["cooldown", "loss_streak", "drawdown"]
    """After each losing round trip; after ``losses`` of them in a row; once what was earned
    has fallen by ``amount`` from its highest."""
    scope: Literal["strategy", "account"] = "strategy"
    """Who pauses, and whose round trips and earnings count."""
    for_s: float = 0.0
    """How long; 0: until somebody resumes."""
    losses: int = 3
    within_s: float = 0.0
    """Losses of a streak older than this do not count; 0: all do."""
    amount: Decimal = _ZERO
    """In the PnL asset."""

    @property
    def name(self) -> str:
        """Names the rule with its figures, so that a changed rule begins anew."""
        figures = {
            "cooldown": "",
            "loss_streak": f" {self.losses} within {self.within_s:g} s",
            "drawdown": f" {self.amount:f}",
        }
        return f"{self.kind}{figures[self.kind]} ({self.scope}, {self.for_s:g} s)"


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds; a value of 0 switches one off. Notionals are in the symbol's quote asset."""

    max_order_notional: Decimal = Decimal(1_000)
    max_position_notional: Decimal = Decimal(5_000)
    """Of one strategy on one symbol, with its open orders on that side."""
    max_strategy_notional: Decimal = _ZERO
    """Of one strategy on all symbols, each with its open orders."""
    max_symbol_notional: Decimal = _ZERO
    """Of all strategies on one symbol, each with its open orders."""
    max_account_notional: Decimal = _ZERO
    """Of all strategies on all symbols of one quote asset, each with its open orders."""
    max_open_orders: int = 20
    """Of one strategy."""
    max_account_open_orders: int = 0
    """Of all strategies."""
    max_daily_loss: Decimal = Decimal(500)
    """Of all strategies in one PnL asset since 00:00 UTC: realised, funding, fees, and open
    losses."""
    max_strategy_daily_loss: Decimal = _ZERO
    """The same of one strategy."""
    price_collar: Decimal = Decimal("0.05")
    """How far a limit may be *beyond* the market (a buy above, a sell below), as a fraction."""
    max_orders_per_second: int = 50
    """Of one strategy."""
    max_account_orders_per_second: int = 0
    """Of all strategies."""
    stale_after_s: float = 15.0
    """A price older than this is no price."""
    budget: Decimal = _ZERO
    """What one strategy may use, in the PnL asset of its symbols; 0: it has no budget."""
    protections: tuple[ProtectionRule, ...] = ()
