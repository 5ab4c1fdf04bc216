"""Positions that lost their protection are closed at the market, as soon as orders may pass.

What is to be closed is written down at once, so that a process that dies, is halted or is blind at
that moment does it later. Each closing order has its client order id from the beginning.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from bot.domain.order import Order
from bot.domain.terms import OrderTerms
from bot.domain.values import SECOND_NS, OrderStatus, OrderType, Side, TimeInForce
from bot.engine.request import OrderWish

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Exits"]

_KEY: Final = "exit:"
_PAUSE_NS: Final = 2 * SECOND_NS
_ATTEMPTS: Final = 5
"""Closing orders that may fail before it is left to a person."""
_FAILED: Final = frozenset({OrderStatus.REFUSED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED})


class _Exit(msgspec.Struct):
    """One position to close, or a part of it."""

    client_order_id: str
    list_id: str
    strategy_id: str
    symbol: str
    side: Side
    quantity: Decimal
    terms: OrderTerms
    cause: str
    attempts: int = 1
    from_ns: int = 0
    """Not before; for another attempt."""


class Exits:
    """At most what is held is closed: what else has closed it meanwhile leaves nothing to do."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._exits: dict[str, _Exit] = {}
        self._told: set[str] = set()

    def __contains__(self, list_id: str) -> bool:
        return any(one.list_id == list_id for one in self._exits.values())

    def close(self, stop: Order, quantity: Decimal, cause: str) -> None:
        """Close ``quantity`` base units that the stop should have protected."""
        terms = OrderTerms(
            reduce_only=stop.terms.reduce_only, position_side=stop.terms.position_side
        )
        self._keep(
            _Exit(
                client_order_id=self._engine.requests.fresh_id(stop.strategy_id),
                list_id=stop.terms.list_id,
                strategy_id=stop.strategy_id,
                symbol=stop.symbol,
                side=stop.side,
                quantity=quantity,
                terms=terms,
                cause=cause,
            )
        )

    def restore(self, state: dict[str, str]) -> None:
        """Take up what an earlier process had still to close."""
        for key, text in state.items():
            if key.startswith(_KEY) and text:
                one = msgspec.json.decode(text, type=_Exit)
                self._exits[one.client_order_id] = one

    def retry(self) -> None:
        """Time has passed, or the gate is open again: try what waits."""
        for one in tuple(self._exits.values()):
            self._try(one)

    def on_order(self, order: Order) -> None:
        """If it is a closing order that failed, another is made after a pause."""
        one = self._exits.get(order.client_order_id)
        if one is None or not order.status.is_terminal:
            return
        self._forget(one)
        if order.status not in _FAILED:
            return
        if one.attempts >= _ATTEMPTS:
            cause = f"{one.attempts} closing orders failed, the last: {order.reason}"
            self._engine.incident("exit_failed", one.list_id, cause, severity="error")
            return
        self._keep(
            msgspec.structs.replace(
                one,
                client_order_id=self._engine.requests.fresh_id(one.strategy_id),
                attempts=one.attempts + 1,
                from_ns=self._engine.now_ns + _PAUSE_NS,
            )
        )

    # --- how ----------------------------------------------------------------------------

    def _keep(self, one: _Exit) -> None:
        self._exits[one.client_order_id] = one
        self._save(one, msgspec.json.encode(one).decode())
        self._try(one)

    def _try(self, one: _Exit) -> None:
        engine = self._engine
        order = engine.blotter.get(one.client_order_id)
        if order is not None:
            self.on_order(order)
            return
        if engine.requests.is_asked(one.client_order_id) or engine.now_ns < one.from_ns:
            return
        if engine.gate.obstacle(one.symbol, engine.now_ns):
            self._tell_once(one)
            return
        held = engine.blotter.position(one.strategy_id, one.symbol, one.terms.position_side)
        left = min(one.quantity, -held.quantity * one.side.sign)
        quantity = engine.cache.instruments[one.symbol].quantity(max(left, Decimal(0)))
        if not quantity:
            self._forget(one)
            return
        wish = OrderWish(
            one.symbol, one.side, OrderType.MARKET, TimeInForce.GTC, quantity, None, one.terms
        )
        engine.requests.add(one.strategy_id, one.client_order_id, wish, one.cause, closing=True)

    def _tell_once(self, one: _Exit) -> None:
        if one.list_id not in self._told:
            self._told.add(one.list_id)
            cause = f"the closing order {one.client_order_id} waits until orders may pass"
            self._engine.incident("list_waits", one.list_id, cause, severity="warning")

    def _forget(self, one: _Exit) -> None:
        if self._exits.pop(one.client_order_id, None) is not None:
            self._told.discard(one.list_id)
            self._save(one, "")

    def _save(self, one: _Exit, text: str) -> None:
        self._engine.save_state("_engine", f"{_KEY}{one.client_order_id}", text)
