"""What the exchange says of a futures account: positions, funding, calls for margin."""

import json
from typing import TYPE_CHECKING, Final

from bot.domain.funding import FundingPaid
from bot.domain.margin import HeldPosition, MarginCalled, PositionsReported
from bot.domain.terms import PositionSide
from bot.domain.values import SECOND_NS, Market, as_fixed

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["FUNDING", "Margin"]

FUNDING: Final = "funding"
"""The key under which the engine saves which payments of funding it knows."""
_LATE_NS: Final = 600 * SECOND_NS
"""So late may the list of incomes show a payment."""
_KEPT: Final = 100
"""Payments remembered by name; more than there are within ``_LATE_NS``."""


class Margin:
    """Positions as the exchange has them, beside our own sums of fills."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.held: dict[tuple[str, PositionSide], HeldPosition] = {}
        """By symbol and side; flat ones are left out."""
        self.funding_since_ns: int | None = None
        """Up to when every payment is known; None before the first sweep."""
        self._occasions: list[str] = []

    def restore(self, text: str) -> None:
        """Take up what an earlier process had saved."""
        if text:
            self.funding_since_ns, self._occasions = json.loads(text)

    def on_positions(self, event: PositionsReported) -> None:
        """Keep what is said."""
        if event.complete:
            self.held.clear()
        for position in event.positions:
            key = (position.symbol, position.side)
            self.held.pop(key, None)
            if position.quantity:
                self.held[key] = position

    def on_call(self, event: MarginCalled) -> None:
        """The account may be liquidated: somebody must see it."""
        for position in event.positions:
            needed = position.maintenance
            margin = "" if needed is None else f", it needs {as_fixed(needed)}"
            cause = f"{as_fixed(position.quantity)} at {as_fixed(position.unrealised)}{margin}"
            self._engine.incident("margin_call", position.symbol, cause, severity="error")

    def is_news(self, event: FundingPaid) -> bool:
        """Whether this payment was not told before; it is known from now on, durably."""
        if event.occasion in self._occasions:
            return False
        self._occasions = [*self._occasions[1 - _KEPT :], event.occasion]
        self._save()
        return True

    def swept(self, asked_ns: int) -> None:
        """A sweep has brought every payment up to then."""
        if self._engine.config.market is Market.SPOT:
            return
        known_ns = asked_ns if self.funding_since_ns is None else self.funding_since_ns
        self.funding_since_ns = max(known_ns, asked_ns - _LATE_NS)
        self._save()

    def _save(self) -> None:
        value = json.dumps([self.funding_since_ns, self._occasions])
        self._engine.save_state("_engine", FUNDING, value)
