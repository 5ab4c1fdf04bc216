"""What was written down about an order that became smaller."""

from dataclasses import dataclass
from typing import Any

from bot.simulation.fixedpoint import text

__all__ = ["Amendment"]


@dataclass(frozen=True, slots=True)
class Amendment:
    """One reduction of one order."""

    symbol: str
    order_id: int
    execution_id: int
    former_id: str
    new_id: str
    former_e8: int
    new_e8: int
    time_ms: int

    def body(self) -> dict[str, Any]:
        """As ``GET /api/v3/order/amendments`` gives it."""
        return {
            "symbol": self.symbol,
            "orderId": self.order_id,
            "executionId": self.execution_id,
            "origClientOrderId": self.former_id,
            "newClientOrderId": self.new_id,
            "origQty": text(self.former_e8),
            "newQty": text(self.new_e8),
            "time": self.time_ms,
        }
