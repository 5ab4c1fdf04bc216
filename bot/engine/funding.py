"""Payments of funding: taken once, and shared among those who held the position."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.funding import FundingPaid
from bot.domain.records import FundingSaved
from bot.domain.terms import PositionSide
from bot.domain.values import EXTERNAL, as_fixed

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Funding", "shares_of"]

_CENT: Final = Decimal("1E-8")
_ZERO: Final = Decimal(0)
_Owner = tuple[str, PositionSide]


class Funding:
    """Books what the exchange says was paid."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def on_paid(self, event: FundingPaid) -> None:
        """Take each payment once, however often it is told."""
        engine = self._engine
        if not engine.account.margin.is_news(event):
            return
        engine.counts["fundings"] += 1
        for (strategy_id, side), amount in shares_of(event.amount, self._held(event)).items():
            engine.blotter.receive(strategy_id, event, amount, side)
            engine.record(
                FundingSaved(
                    payment=event,
                    strategy_id=strategy_id,
                    run_id=engine.config.run_id,
                    position_side=side,
                    amount=amount,
                )
            )
        engine.log("INFO", f"funding {event.symbol}: {as_fixed(event.amount)} {event.asset}")

    def _held(self, event: FundingPaid) -> dict[_Owner, Decimal]:
        """Who held how much at the time; the list of payments is some minutes late."""
        engine = self._engine
        held = {
            (position.strategy_id, position.side): position.quantity
            for position in engine.blotter.positions.values()
            if position.symbol == event.symbol
        }
        for strategy_id, fill in engine.blotter.recent:
            if fill.symbol == event.symbol and fill.ts_ns > event.ts_ns:
                held[strategy_id, fill.position_side] -= fill.side.sign * fill.quantity
        return {owner: quantity for owner, quantity in held.items() if quantity}


def shares_of(amount: Decimal, held: dict[_Owner, Decimal]) -> dict[_Owner, Decimal]:
    """The payment by owner, in proportion to what each held; the parts are exactly the whole.

    Shorts receive what longs pay, so quantities count with their sign. Nobody of ours is
    charged for what nobody held: that is *external*.
    """
    total = sum(held.values(), _ZERO)
    if not total:
        return {(EXTERNAL, PositionSide.BOTH): amount}
    shares = {
        owner: (amount * quantity / total).quantize(_CENT, ROUND_HALF_EVEN)
        for owner, quantity in held.items()
    }
    largest = max(held, key=lambda owner: (abs(held[owner]), owner))
    shares[largest] += amount - sum(shares.values(), _ZERO)
    return shares
