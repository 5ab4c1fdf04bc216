"""The settings of the risk gate: bounds, budgets, protections, one strategy's own."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.engine.risk import ProtectionRule, RiskLimits

__all__ = ["ProtectionSettings", "RiskSettings", "StrategyRiskSettings"]

Amount = Annotated[Decimal, Field(ge=0)]
Fraction = Annotated[Decimal, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class ProtectionSettings(BaseModel):
    """One pause: ``[[risk.protections]]`` in ``bot.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cooldown", "loss_streak", "drawdown"]
    scope: Literal["strategy", "account"] = "strategy"
    for_s: Seconds = 0.0
    losses: int = Field(3, ge=1)
    within_s: Seconds = 0.0
    amount: Amount = Decimal(0)

    @model_validator(mode="after")
    def _has_its_figure(self) -> Self:
        if self.kind == "drawdown" and not self.amount:
            raise ValueError("a drawdown needs an amount above 0")
        if self.kind == "cooldown" and not self.for_s:
            raise ValueError("a cooldown needs for_s above 0")
        return self


class StrategyRiskSettings(BaseModel):
    """What one strategy has of its own: ``[risk.strategies.NAME]``; the rest is as for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: Amount | None = None
    max_order_notional: Amount | None = None
    max_position_notional: Amount | None = None
    max_strategy_notional: Amount | None = None
    max_open_orders: Count | None = None
    max_strategy_daily_loss: Amount | None = None
    price_collar: Fraction | None = None
    max_orders_per_second: Count | None = None
    stale_after_s: Seconds | None = None


class RiskSettings(BaseModel):
    """Bounds of the risk gate; 0 switches one off. Amounts are in the symbol's quote asset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_order_notional: Amount = Decimal(1000)
    max_position_notional: Amount = Decimal(5000)
    max_strategy_notional: Amount = Decimal(0)
    max_symbol_notional: Amount = Decimal(0)
    max_account_notional: Amount = Decimal(0)
    max_open_orders: Count = 20
    max_account_open_orders: Count = 0
    max_daily_loss: Amount = Decimal(500)
    max_strategy_daily_loss: Amount = Decimal(0)
    price_collar: Fraction = Decimal("0.05")
    max_orders_per_second: Count = 50
    max_account_orders_per_second: Count = 0
    stale_after_s: Seconds = 15.0
    strategies: dict[str, StrategyRiskSettings] = {}
    protections: tuple[ProtectionSettings, ...] = ()

    def limits(self) -> RiskLimits:
        """As the gate takes them."""
        values = self.model_dump(exclude={"strategies", "protections"})
        rules = tuple(ProtectionRule(**rule.model_dump()) for rule in self.protections)
        return RiskLimits(**values, protections=rules)

    def of_strategies(self) -> dict[str, RiskLimits]:
        """All limits of each strategy that has some of its own."""
        whole = self.model_dump(exclude={"strategies", "protections"})
        return {
            name: RiskLimits(**whole | own.model_dump(exclude_none=True))
            for name, own in self.strategies.items()
        }
