"""What each strategy may use of the account: its budget, less what it holds and has ordered.

Nothing is counted up and down here: what is reserved follows from the orders that are open at
this instant, so it is released once and exactly, however an order ends.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.events import OrderIntended
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.position import EXACT, to_unit
from bot.domain.terms import Contingency, ListRole, PositionSide
from bot.domain.values import Side, as_fixed
from bot.engine.cache import Cache

if TYPE_CHECKING:
    from bot.engine.blotter import Blotter

__all__ = ["Budgets"]

_ZERO: Final = Decimal(0)
_PROTECTIVE: Final = frozenset({ListRole.TAKE_PROFIT, ListRole.STOP_LOSS})


@dataclass(frozen=True, slots=True)
class _Claim:
    """What an order may still trade."""

    side: Side
    quantity: Decimal
    price: Decimal
    closes: bool
    """Its terms let it close only."""


class Budgets:
    """Free budget of each strategy that has one. Amounts are in the PnL asset."""

    def __init__(self, *, cache: Cache, blotter: "Blotter") -> None:
        self._cache = cache
        self._blotter = blotter
        self.whole: dict[str, Decimal] = {}
        """What each was given."""
        self.asked: dict[str, tuple[Decimal, Decimal | None]] = {}
        """Quantity and price that orders are to be amended to, while that is not answered."""
        self.missing: Callable[[], Iterable[tuple[Order, Decimal]]] = lambda: ()
        """Ended orders of which the venue counts more as filled than we hold fills of."""

    def free(self, strategy_id: str) -> Decimal | None:
        """What may still be used; None if the strategy has no budget. Below 0 after losses."""
        if strategy_id not in self.whole:
            return None
        return EXACT.subtract(self._own(strategy_id), self.reserved(strategy_id))

    def used(self, strategy_id: str) -> Decimal:
        """What the strategy's holdings have cost."""
        total = _ZERO
        for position in self._blotter.positions.values():
            if position.strategy_id == strategy_id:
                total = EXACT.add(total, abs(position.cost))
        return total

    def reserved(
        self,
        strategy_id: str,
        *,
        intent: OrderIntended | None = None,
        without: Order | None = None,
    ) -> Decimal:
        """What its open orders may still cost, beyond what they close; with the intent's."""
        claims: dict[tuple[str, PositionSide], list[_Claim]] = {}
        orders = [o for o in self._blotter.open_orders(strategy_id) if o is not without]
        for order in self._one_of_each_pair(orders, intent):
            self._note(claims, order, self._claims_of(order))
        if intent is not None:
            self._note(claims, intent, [self._claim(intent, intent.quantity, intent.price)])
        for order, quantity in self.missing():
            if order.strategy_id == strategy_id and order is not without:
                self._note(claims, order, [self._claim(order, quantity, order.price)])
        total = _ZERO
        for (symbol, position_side), some in claims.items():
            held = self._blotter.position(strategy_id, symbol, position_side).quantity
            instrument = self._cache.instruments[symbol]
            for side in Side:
                mine = [claim for claim in some if claim.side is side]
                closable = max(-held * side.sign, _ZERO)
                total = EXACT.add(total, _opening(instrument, mine, closable))
        return total

    def violation(self, intent: OrderIntended, without: Order | None) -> str:
        """Why the order would go beyond the budget, or ''. What only closes always passes."""
        strategy_id = intent.strategy_id
        if strategy_id not in self.whole:
            return ""
        before = self.reserved(strategy_id, without=without)
        needed = EXACT.subtract(self.reserved(strategy_id, intent=intent, without=without), before)
        free = EXACT.subtract(self._own(strategy_id), before)
        if needed <= 0 or needed <= free:
            return ""
        asset = self._cache.instruments[intent.symbol].pnl_asset
        whole = as_fixed(self.whole[strategy_id])
        return f"BUDGET: needs {needed:.8f} {asset}, {free:.8f} of {whole} are free"

    def _own(self, strategy_id: str) -> Decimal:
        """The budget with what was earned, less what is invested."""
        own = EXACT.subtract(self.whole[strategy_id], self.used(strategy_id))
        for position in self._blotter.positions.values():
            if position.strategy_id == strategy_id:
                own = EXACT.add(own, position.booked)
        return own

    def _note(
        self,
        claims: dict[tuple[str, PositionSide], list[_Claim]],
        order: Order | OrderIntended,
        found: list[_Claim],
    ) -> None:
        if order.symbol in self._cache.instruments:
            claims.setdefault((order.symbol, order.terms.position_side), []).extend(found)

    def _claims_of(self, order: Order) -> list[_Claim]:
        """What may still be traded of an open order: the worse of now and what is asked for."""
        present = self._claim(order, order.remaining, order.price)
        asked = self.asked.get(order.client_order_id)
        if asked is None:
            return [present]
        wanted = self._claim(order, asked[0] - order.filled, asked[1] or order.price)
        return [max(present, wanted, key=lambda claim: self._cost(order.symbol, claim))]

    def _claim(
        self, order: Order | OrderIntended, quantity: Decimal, price: Decimal | None
    ) -> _Claim:
        terms = order.terms
        at = price or terms.trigger_price or self._cache.exact_price(order.symbol) or _ZERO
        if terms.quote_quantity is not None and at:
            spent = order.filled_quote if isinstance(order, Order) else _ZERO
            quantity = max(terms.quote_quantity - spent, _ZERO) / at
        closes = terms.reduce_only or terms.close_position or self._follows(order)
        return _Claim(order.side, quantity, at, closes)

    def _follows(self, order: Order | OrderIntended) -> bool:
        """It comes after an order of its list and closes what that has opened."""
        terms = order.terms
        if terms.contingency is Contingency.OTOCO:
            return terms.list_role is not ListRole.WORKING
        if terms.contingency is not Contingency.OTO or terms.list_role is ListRole.WORKING:
            return False
        return any(
            other.terms.list_id == terms.list_id
            and other.terms.list_role is ListRole.WORKING
            and other.side is not order.side
            for other in self._blotter.open_orders(order.strategy_id)
        )

    def _one_of_each_pair(
        self, orders: list[Order], intent: OrderIntended | None
    ) -> Iterable[Order]:
        """Of two orders of which one trades, the one that may cost more."""
        pairs: dict[str, Order] = {}
        for order in orders:
            terms = order.terms
            if terms.list_role not in _PROTECTIVE:
                yield order
                continue
            if intent is not None and intent.terms.list_id == terms.list_id:
                continue  # the intent is the other one
            best = pairs.get(terms.list_id)
            if best is None or self._dearest(order) > self._dearest(best):
                pairs[terms.list_id] = order
        yield from pairs.values()

    def _dearest(self, order: Order) -> Decimal:
        return max(self._cost(order.symbol, claim) for claim in self._claims_of(order))

    def _cost(self, symbol: str, claim: _Claim) -> Decimal:
        instrument = self._cache.instruments.get(symbol)
        return _ZERO if instrument is None else instrument.worth(claim.quantity, claim.price)


def _opening(instrument: Instrument, claims: list[_Claim], closable: Decimal) -> Decimal:
    """What the claims of one side cost beyond what they close.

    Those that can only close come first. Of the others the cheapest is thought to close, so
    that the dearest may still be paid for.
    """
    total = _ZERO
    one = Decimal(1)
    for claim in sorted(claims, key=lambda c: (not c.closes, instrument.worth(one, c.price))):
        closing = min(claim.quantity, closable)
        closable -= closing
        if not claim.closes and claim.quantity > closing:
            worth = instrument.worth(claim.quantity - closing, claim.price)
            total = EXACT.add(total, to_unit(worth))
    return total
