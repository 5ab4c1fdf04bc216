"""What open orders may still make of positions."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.events import OrderIntended
from bot.domain.order import Order
from bot.domain.terms import Contingency, ListRole, PositionSide
from bot.domain.values import EXTERNAL, Side
from bot.engine.cache import Cache

if TYPE_CHECKING:
    from bot.engine.blotter import Blotter

__all__ = ["Exposure", "only_closes"]

_ZERO: Final = Decimal(0)
_Place = tuple[str, str, PositionSide]
"""Strategy, symbol, side: one position."""


class Exposure:
    """Positions with the orders that may still change them, at their worst."""

    def __init__(self, *, cache: Cache, blotter: "Blotter") -> None:
        self._cache = cache
        self._blotter = blotter

    def after(self, intent: OrderIntended, without: Order | None) -> tuple[Decimal, Decimal]:
        """What is held, and what would be held with everything of the intent's side filled."""
        side = intent.terms.position_side
        held = self._blotter.position(intent.strategy_id, intent.symbol, side).quantity
        committed = self._blotter.committed(
            intent.strategy_id, intent.symbol, intent.side, position_side=side, without=without
        )
        return held, held + intent.side.sign * (committed + intent.quantity)

    def reduces(self, intent: OrderIntended) -> bool:
        """Whether it only closes what is held, whatever else rests on its side."""
        held, after = self.after(intent, None)
        return held * intent.side.sign < 0 and after * held >= 0

    def worst(
        self,
        intent: OrderIntended,
        without: Order | None,
        *,
        strategy_id: str | None = None,
        symbol: str | None = None,
    ) -> Decimal:
        """The notional of every position of these at its worst, the intent's filled too."""
        quote = self._cache.instruments[intent.symbol].quote
        own = (intent.strategy_id, intent.symbol, intent.terms.position_side)
        total = _ZERO
        for place in {own, *self._places(without)}:
            instrument = self._cache.instruments.get(place[1])
            if (
                instrument is None
                or instrument.quote != quote
                or (strategy_id is not None and place[0] != strategy_id)
                or (symbol is not None and place[1] != symbol)
            ):
                continue
            price = intent.price if place == own else None
            at = price or self._cache.exact_price(place[1]) or _ZERO
            more = intent if place == own and not only_closes(intent) else None
            total += instrument.notional(self._most(place, more, without), at)
        return total

    def _most(self, place: _Place, intent: OrderIntended | None, without: Order | None) -> Decimal:
        """The larger of all buys filled and all sells filled, without its sign."""
        strategy_id, symbol, position_side = place
        held = self._blotter.position(strategy_id, symbol, position_side).quantity
        ends = [abs(held)]
        for side in Side:
            change = self._blotter.committed(
                strategy_id, symbol, side, position_side=position_side, without=without
            )
            if intent is not None and intent.side is side:
                change += intent.quantity
            ends.append(abs(held + side.sign * change) if change else abs(held))
        return max(ends)

    def _places(self, without: Order | None) -> Iterable[_Place]:
        for position in self._blotter.positions.values():
            if position.quantity and position.strategy_id != EXTERNAL:
                yield position.strategy_id, position.symbol, position.side
        for order in self._blotter.open_orders():
            if order.strategy_id != EXTERNAL and order is not without:
                yield order.strategy_id, order.symbol, order.terms.position_side


def only_closes(intent: OrderIntended | Order) -> bool:
    """It cannot make the position larger than another order of its list already may.

    Of an OCO one order trades, and the first was checked; those of a bracket close what its
    entry opened.
    """
    terms = intent.terms
    if terms.reduce_only or terms.close_position:
        return True
    if terms.contingency is Contingency.OTOCO:
        return terms.list_role is not ListRole.WORKING
    return terms.contingency is Contingency.OCO and terms.list_role is ListRole.STOP_LOSS
