"""The ordering half of a plugin's view: drafts to exact wishes, under fresh names."""

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

import msgspec

from bot.domain.instrument import Instrument, Number
from bot.domain.order import Order
from bot.domain.terms import Contingency, ListRole, OrderTerms
from bot.domain.values import Side
from bot.engine.request import Amend, Configure, OrderList, OrderWish, Replace
from bot.strategy.draft import OrderDraft

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Ordering"]


class Ordering:
    """What :class:`bot.strategy.context.Context` says of orders, for one strategy."""

    def __init__(self, engine: "Engine", strategy_id: str) -> None:
        self._engine = engine
        self.strategy_id = strategy_id

    # A wrong number fails in the methods below, in the plugin's own line, not later.

    def submit(self, draft: OrderDraft) -> str:
        wish = self._wish(draft)
        return self._engine.requests.order(self.strategy_id, wish)

    def submit_list(
        self, contingency: Contingency, legs: Sequence[tuple[ListRole, OrderDraft]]
    ) -> tuple[str, ...]:
        requests = self._engine.requests
        if len({draft.symbol for _, draft in legs}) > 1:
            raise ValueError("the orders of a list must be on one symbol")
        wishes = [self._wish(draft) for _, draft in legs]
        list_id = requests.fresh_id(self.strategy_id)
        named = tuple(
            (
                requests.fresh_id(self.strategy_id),
                _in_list(wish, list_id=list_id, contingency=contingency, role=role),
            )
            for (role, _), wish in zip(legs, wishes, strict=True)
        )
        first = named[0][0]
        wanted = OrderList(list_id, contingency, named)
        requests.add(self.strategy_id, first, wanted)
        return tuple(client_order_id for client_order_id, _ in named)

    def amend(self, client_order_id: str, quantity: Number | None, price: Number | None) -> bool:
        order = self._working(client_order_id)
        if order is None:
            return False
        instrument = self.instrument(order.symbol)
        action = Amend(
            order.quantity if quantity is None else instrument.quantity(quantity),
            None if price is None else instrument.price_for(order.side, price),
        )
        self._ask(client_order_id, action)
        return True

    def replace(
        self, client_order_id: str, quantity: Number | None, price: Number | None
    ) -> str | None:
        order = self._working(client_order_id)
        if order is None or order.price is None:
            return None
        instrument = self.instrument(order.symbol)
        wish = OrderWish(
            order.symbol,
            order.side,
            order.order_type,
            order.time_in_force,
            order.remaining if quantity is None else instrument.quantity(quantity),
            order.price if price is None else instrument.price_for(order.side, price),
            msgspec.structs.replace(order.terms, list_id="", contingency=None, list_role=None),
        )
        made = self._engine.requests.fresh_id(self.strategy_id)
        self._ask(client_order_id, Replace(made, wish))
        return made

    def configure(self, symbol: str, leverage: int | None, margin_type: str) -> None:
        self.instrument(symbol)
        self._ask("", Configure(symbol, leverage, margin_type))

    def cancel(self, client_order_id: str) -> bool:
        return self._engine.requests.cancel(self.strategy_id, client_order_id)

    def size_by_quote(self, symbol: str, quote_quantity: Number, price: Number | None) -> Decimal:
        instrument = self.instrument(symbol)
        at = self._engine.cache.exact_price(symbol) if price is None else price
        return Decimal(0) if at is None else instrument.quantity_for_notional(quote_quantity, at)

    def size_by_risk(self, symbol: str, risk_quote: Number, entry: Number, stop: Number) -> Decimal:
        instrument = self.instrument(symbol)
        prices = instrument.exact(entry), instrument.exact(stop)
        if min(prices) <= 0:
            raise ValueError(f"entry and stop of {symbol} must be above 0, got {entry} and {stop}")
        worths = [instrument.worth(Decimal(1), price) for price in prices]
        if worths[0] == worths[1]:
            raise ValueError(f"entry and stop of {symbol} are both {entry}: there is no risk")
        return instrument.quantity(instrument.exact(risk_quote) / abs(worths[0] - worths[1]))

    def size_by_budget(self, symbol: str, percent: Number, price: Number | None) -> Decimal:
        instrument = self.instrument(symbol)
        budgets = self._engine.gate.budgets
        free = budgets.free(self.strategy_id)
        if free is None:
            raise ValueError(
                f"{self.strategy_id} has no budget to take a part of: run it with budget=, as in "
                f"--strategy {self.strategy_id}:budget=500"
            )
        at = self._engine.cache.exact_price(symbol) if price is None else instrument.exact(price)
        part = max(free, Decimal(0)) * instrument.exact(percent) / 100
        return Decimal(0) if at is None else instrument.quantity_for_worth(part, at)

    def instrument(self, symbol: str) -> Instrument:
        try:
            return self._engine.cache.instruments[symbol]
        except KeyError:
            known = ", ".join(self._engine.cache.instruments)
            raise KeyError(f"{symbol} is not traded in this run; it trades {known}") from None

    # --- how ----------------------------------------------------------------------------

    def _ask(self, client_order_id: str, action: Amend | Replace | Configure) -> None:
        self._engine.requests.add(self.strategy_id, client_order_id, action)

    def _working(self, client_order_id: str) -> Order | None:
        order = self._engine.blotter.get(client_order_id)
        if order is None or order.strategy_id != self.strategy_id or not order.status.is_working:
            return None
        return order

    def _wish(self, draft: OrderDraft) -> OrderWish:
        instrument, side = self.instrument(draft.symbol), draft.side
        terms = OrderTerms(
            trigger_price=_trigger(instrument, draft),
            trigger_by=draft.trigger_by,
            price_protect=draft.price_protect,
            trailing_bips=draft.trailing_bips,
            activation_price=_exact(instrument.price, draft.activation_price),
            quote_quantity=_exact(instrument.exact, draft.quote_quantity),
            iceberg_quantity=_exact(instrument.quantity, draft.iceberg_quantity),
            good_till_ns=draft.good_till_ns,
            reduce_only=draft.reduce_only,
            close_position=draft.close_position,
            position_side=draft.position_side,
            self_trade_prevention=draft.self_trade_prevention,
        )
        return OrderWish(
            draft.symbol,
            side,
            draft.order_type,
            draft.time_in_force,
            self._quantity(instrument, draft),
            None if draft.price is None else instrument.price_for(side, draft.price),
            terms,
        )

    def _quantity(self, instrument: Instrument, draft: OrderDraft) -> Decimal:
        if draft.quote_quantity is not None:
            # What it comes to at the last price, for the gate; the venue says what it was.
            return self.size_by_quote(draft.symbol, draft.quote_quantity, None)
        if draft.close_position:
            held = self._engine.blotter.position(
                self.strategy_id, draft.symbol, draft.position_side
            ).quantity
            return abs(held)
        return instrument.quantity(draft.quantity)


def _trigger(instrument: Instrument, draft: OrderDraft) -> Decimal | None:
    """On the tick, on the side where it is set off later rather than earlier."""
    if draft.trigger_price is None:
        return None
    up = (draft.side is Side.BUY) == draft.order_type.is_stop
    return instrument.price(draft.trigger_price, rounding=ROUND_CEILING if up else ROUND_FLOOR)


def _in_list(
    wish: OrderWish, *, list_id: str, contingency: Contingency, role: ListRole
) -> OrderWish:
    terms = msgspec.structs.replace(
        wish.terms, list_id=list_id, contingency=contingency, list_role=role
    )
    return OrderWish(
        wish.symbol,
        wish.side,
        wish.order_type,
        wish.time_in_force,
        wish.quantity,
        wish.price,
        terms,
    )


def _exact(on_grid: Callable[[Number], Decimal], value: Number | None) -> Decimal | None:
    return None if value is None else on_grid(value)
