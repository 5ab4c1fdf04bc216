"""Lists of orders that the bot keeps itself, where the venue has none: OCO, OTO, brackets.

What is to follow is written down with the first order of the list, in one group of rows, so
that a process that dies in between goes on with it. Each order of a list has its client order
id from the beginning: an id that the blotter knows was placed, and is not placed again.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from bot.domain.amendments import OrderTriggered
from bot.domain.commands import SubmitOrder
from bot.domain.events import OrderEvent, OrderIntended
from bot.domain.order import Order
from bot.domain.terms import Contingency, ListRole
from bot.domain.values import OrderStatus
from bot.engine.exits import Exits
from bot.engine.request import OrderList, OrderWish, Replace

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Lists"]

_KEY: Final = "list:"
_ZERO: Final = Decimal(0)
_NEVER_WORKED: Final = frozenset(
    {OrderStatus.REFUSED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED}
)
_REFUSED_LATER: Final = frozenset({OrderStatus.REJECTED, OrderStatus.EXPIRED})
_PROTECTIVE: Final = frozenset({ListRole.TAKE_PROFIT, ListRole.STOP_LOSS})


class _Plan(msgspec.Struct):
    """One list: its orders by role, as they are to be placed."""

    list_id: str
    strategy_id: str
    contingency: Contingency
    legs: tuple[SubmitOrder, ...]

    def leg(self, role: ListRole) -> SubmitOrder | None:
        return next((leg for leg in self.legs if leg.terms.list_role is role), None)


class Lists:
    """Follows the orders of each list and does what the list says next."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._plans: dict[str, _Plan] = {}
        self._waiting: set[str] = set()
        """Lists of which something waits until the gate lets orders pass."""
        self._replacements: dict[str, tuple[str, Replace]] = {}
        self.exits = Exits(engine)
        # Lists of the venue that turned out to protect nothing: each is closed once.
        self._lost: set[str] = set()

    def __len__(self) -> int:
        return len(self._plans)

    # --- beginning ----------------------------------------------------------------------

    def keep(self, strategy_id: str, wanted: OrderList) -> None:
        """Remember the list, durably."""
        plan = _Plan(
            list_id=wanted.list_id,
            strategy_id=strategy_id,
            contingency=wanted.contingency,
            legs=tuple(_leg(cid, wish) for cid, wish in wanted.legs),
        )
        self._plans[plan.list_id] = plan
        self._save(plan.list_id, msgspec.json.encode(plan).decode())

    def first(self, wanted: OrderList, intents: Sequence[OrderIntended]) -> list[OrderIntended]:
        """Those that are placed at once: the working one, or both of an OCO."""
        if wanted.contingency is Contingency.OCO:
            return list(intents)
        return [intent for intent in intents if intent.terms.list_role is ListRole.WORKING]

    def restore(self, state: dict[str, str]) -> None:
        """Take up the lists of an earlier process, from what the engine had saved."""
        for key, text in state.items():
            if key.startswith(_KEY) and text:
                plan = msgspec.json.decode(text, type=_Plan)
                self._plans[plan.list_id] = plan
        self.exits.restore(state)

    def resume(self) -> None:
        """The account is known, or the gate is open again: look at every list anew."""
        for plan in list(self._plans.values()):
            self._look_at(plan)
        self.exits.retry()

    def retry(self) -> None:
        """Time has passed: try what waits."""
        self.exits.retry()
        for list_id in tuple(self._waiting):
            plan = self._plans.get(list_id)
            if plan is None:
                self._waiting.discard(list_id)
            elif not self._engine.gate.obstacle(plan.legs[0].symbol, self._engine.now_ns):
                self._waiting.discard(list_id)
                self._look_at(plan)

    def _look_at(self, plan: _Plan) -> None:
        for leg in plan.legs:
            order = self._engine.blotter.get(leg.client_order_id)
            if order is not None:
                self.on_order(order)

    # --- what happens -------------------------------------------------------------------

    def on_order(self, order: Order, event: OrderEvent | None = None) -> None:
        """One of the orders changed: place, cancel or end what depends on it."""
        replacement = self._replacements.get(order.client_order_id)
        if replacement is not None and order.status.is_terminal:
            del self._replacements[order.client_order_id]
            self._take_place(order, *replacement)
        self.exits.on_order(order)
        plan = self._plans.get(order.terms.list_id)
        if plan is None:
            if order.terms.contingency is Contingency.OTOCO and order.status.is_terminal:
                self._on_venue_list(order)
            return
        role = order.terms.list_role
        if role is ListRole.WORKING:
            self._on_working(plan, order)
        elif role in _PROTECTIVE:
            self._on_protective(plan, order, set_off=isinstance(event, OrderTriggered))
        if self._is_over(plan):
            self._forget(plan)

    def awaits(self, client_order_id: str, strategy_id: str) -> bool:
        """Whether a list of the strategy will place an order of that name."""
        return any(
            leg.client_order_id == client_order_id
            for plan in self._plans.values()
            if plan.strategy_id == strategy_id
            for leg in plan.legs
        )

    def is_kept(self, list_id: str) -> bool:
        """Whether something of the list may still be placed, cancelled or closed here."""
        return list_id in self._plans or list_id in self.exits

    def drop(self, client_order_id: str) -> None:
        """An order of a list is cancelled before it was placed: the rest of the list goes too."""
        for plan in list(self._plans.values()):
            if any(leg.client_order_id == client_order_id for leg in plan.legs):
                self._forget(plan)

    def _on_working(self, plan: _Plan, order: Order) -> None:
        if not order.status.is_terminal or self._engine.inquiry.lacks_fills(order):
            return
        if not order.filled:
            self._forget(plan)
            return
        for leg in plan.legs:
            if leg.terms.list_role is not ListRole.WORKING:
                self._place(plan, leg, self._filled(order))

    def _filled(self, order: Order) -> Decimal:
        """What there is to protect: on spot a commission may have come out of it."""
        position = self._engine.blotter.position(order.strategy_id, order.symbol).quantity
        if position * order.side.sign <= 0:
            return order.filled
        return min(order.filled, abs(position))

    def _place(self, plan: _Plan, leg: SubmitOrder, at_most: Decimal) -> None:
        engine = self._engine
        if engine.blotter.get(leg.client_order_id) is not None or engine.requests.is_asked(
            leg.client_order_id
        ):
            return
        obstacle = engine.gate.obstacle(leg.symbol, engine.now_ns)
        if obstacle:
            # Not refused: it is done as soon as orders may pass again.
            if plan.list_id not in self._waiting:
                self._waiting.add(plan.list_id)
                cause = f"{leg.client_order_id} waits: {obstacle}"
                engine.incident("list_waits", plan.list_id, cause, severity="warning")
            return
        quantity = leg.quantity
        if not leg.terms.close_position:
            instrument = engine.cache.instruments[leg.symbol]
            quantity = instrument.quantity(min(leg.quantity, at_most))
        wish = OrderWish(
            leg.symbol,
            leg.side,
            leg.order_type,
            leg.time_in_force,
            quantity,
            leg.price,
            leg.terms,
        )
        cause = f"list {plan.list_id}"
        closing = leg.terms.list_role in _PROTECTIVE
        engine.requests.add(plan.strategy_id, leg.client_order_id, wish, cause, closing=closing)

    def _on_protective(self, plan: _Plan, order: Order, *, set_off: bool) -> None:
        if order.status in _NEVER_WORKED or self._was_refused_late(plan, order):
            if order.terms.list_role is ListRole.STOP_LOSS:
                self._close_unprotected(plan, order)
            return
        if not (set_off or order.triggered or order.filled or order.status.is_terminal):
            return
        for leg in plan.legs:
            other = self._engine.blotter.get(leg.client_order_id)
            if other is None or other is order or leg.terms.list_role not in _PROTECTIVE:
                continue
            if not other.status.is_terminal:
                cause = f"list {plan.list_id}: {order.client_order_id} is {order.status.value}"
                self._engine.desk.request_cancel(other, cause)

    def _was_refused_late(self, plan: _Plan, order: Order) -> bool:
        """A stop that had rested, and was refused when its price came (futures)."""
        if order.terms.list_role is not ListRole.STOP_LOSS or order.cancel_requested:
            return False
        if order.status is not OrderStatus.EXPIRED or order.filled:
            return False
        profit = plan.leg(ListRole.TAKE_PROFIT)
        other = None if profit is None else self._engine.blotter.get(profit.client_order_id)
        # Where the profit has traded, the stop was for a position that is gone.
        gone = other is not None and (other.filled or self._engine.inquiry.lacks_fills(other))
        return not gone and not self._engine.inquiry.lacks_fills(order)

    def _close_unprotected(self, plan: _Plan, stop: Order) -> None:
        """The stop was not taken: better out at the market than in without a stop."""
        engine = self._engine
        profit = plan.leg(ListRole.TAKE_PROFIT)
        other = None if profit is None else engine.blotter.get(profit.client_order_id)
        if other is not None and not other.status.is_terminal:
            engine.desk.request_cancel(other, f"list {plan.list_id}: its stop was not taken")
        cause = f"the stop {stop.client_order_id} was not taken: {stop.reason}"
        engine.incident("protection_failed", plan.list_id, cause, severity="error")
        self._forget(plan)
        if plan.contingency is Contingency.OTOCO:
            self.exits.close(stop, stop.quantity, f"list {plan.list_id}: {cause}")

    def _on_venue_list(self, order: Order) -> None:
        """The venue keeps the list: it may not have taken the exits of an entry that it filled.

        When the price is beyond them by then it refuses both, and nobody protects the position.
        """
        engine, list_id = self._engine, order.terms.list_id
        orders = engine.blotter.of_list(list_id)
        entry, stop = orders.get(ListRole.WORKING), orders.get(ListRole.STOP_LOSS)
        profit = orders.get(ListRole.TAKE_PROFIT)
        if entry is None or stop is None or profit is None or list_id in self._lost:
            return
        never_worked = all(
            one.status in _REFUSED_LATER and not one.filled and not engine.inquiry.lacks_fills(one)
            for one in (stop, profit)
        )
        if entry.status is not OrderStatus.FILLED or not never_worked:
            return
        self._lost.add(list_id)
        cause = f"neither exit was taken when {entry.client_order_id} was filled: {stop.reason}"
        engine.incident("protection_failed", list_id, cause, severity="error")
        self.exits.close(stop, self._filled(entry), f"list {list_id}: {cause}")

    # --- replacing ----------------------------------------------------------------------

    def replace_after(self, order: Order, strategy_id: str, wanted: Replace) -> None:
        """Place the new order once the old one is cancelled."""
        self._replacements[order.client_order_id] = (strategy_id, wanted)

    def _take_place(self, order: Order, strategy_id: str, wanted: Replace) -> None:
        if order.status is not OrderStatus.CANCELED:
            cause = f"not placed: {order.client_order_id} is {order.status.value}"
            self._engine.incident("replace_ended", wanted.client_order_id, cause, severity="info")
            return
        cause = f"in the place of {order.client_order_id}"
        self._engine.requests.add(strategy_id, wanted.client_order_id, wanted.wish, cause)

    # --- ending -------------------------------------------------------------------------

    def _is_over(self, plan: _Plan) -> bool:
        orders = [self._engine.blotter.get(leg.client_order_id) for leg in plan.legs]
        return all(order is not None and order.status.is_terminal for order in orders)

    def _forget(self, plan: _Plan) -> None:
        if self._plans.pop(plan.list_id, None) is not None:
            self._save(plan.list_id, "")

    def _save(self, list_id: str, text: str) -> None:
        self._engine.save_state("_engine", f"{_KEY}{list_id}", text)


def _leg(client_order_id: str, wish: OrderWish) -> SubmitOrder:
    return SubmitOrder(
        client_order_id=client_order_id,
        symbol=wish.symbol,
        side=wish.side,
        order_type=wish.order_type,
        time_in_force=wish.time_in_force,
        quantity=wish.quantity,
        price=wish.price,
        terms=wish.terms,
    )
