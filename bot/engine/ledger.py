"""Writing orders and fills down: one row for each event, each fill counted once."""

from typing import TYPE_CHECKING

import msgspec

from bot.domain.events import OrderDetails, OrderEvent, OrderFilled, OrderIntended, OrderReported
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.records import FillSaved, InstrumentSaved, OrderEventSaved, OrderSaved
from bot.domain.values import EXTERNAL, OrderStatus, OrderType, TimeInForce
from bot.engine.identity import flattened_tag, is_forced, is_ours, tag_of

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Ledger"]


class Ledger:
    """Makes the records of the order desk."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def write(self, order: Order, event: OrderEvent) -> None:
        """The order as it now stands, and the event that made it so."""
        engine = self._engine
        engine.record(OrderSaved(msgspec.structs.replace(order)))
        engine.record(
            OrderEventSaved(
                client_order_id=order.client_order_id,
                number=order.events,
                event=event,
                status_after=order.status.value,
                cause=getattr(event, "cause", ""),
            )
        )

    def book(self, order: Order, fill: Fill, before: OrderStatus) -> None:
        """Count the fill into its strategy's position; ``before`` is the order's status then."""
        engine = self._engine
        fee_quote = engine.fees.value(fill)
        position, realised = engine.blotter.book(
            order.strategy_id,
            fill,
            instrument=engine.cache.instruments.get(fill.symbol),
            fee_quote=fee_quote,
        )
        engine.safeguard.on_fill(position)
        engine.counts["fills"] += 1
        engine.record(
            FillSaved(
                fill=fill,
                strategy_id=order.strategy_id,
                run_id=engine.config.run_id,
                fee_quote=fee_quote,
                realised_quote=realised,
                position_after=position.quantity,
            )
        )
        if fee_quote is None:
            engine.fees.await_price(order.strategy_id, fill)
        if before.is_terminal and order.strategy_id != EXTERNAL:
            self._note("late_fill", order, f"trade {fill.trade_id} came after {before.value}")
        elif fill.source == "sweep":
            self._note("recovered_fill", order, f"trade {fill.trade_id} was found by a sweep")

    def write_instruments(self) -> None:
        """What is traded in this run, so that its rows can be read without the exchange."""
        for instrument in self._engine.cache.instruments.values():
            self.write_instrument(instrument)

    def write_instrument(self, instrument: Instrument) -> None:
        """The rules of a symbol as they now are."""
        self._engine.record(InstrumentSaved(instrument=instrument, seen_ns=self._engine.now_ns))

    def open_external(self, event: OrderEvent | OrderReported) -> Order | None:
        """Keep an order that no strategy here placed, if enough is said about it."""
        engine = self._engine
        details: OrderDetails | None = getattr(event, "details", None)
        client_order_id = event.client_order_id
        if details is None and isinstance(event, OrderFilled):
            details = _from_trade(event.fill)
        if details is None:
            cause = f"{type(event).__name__} for an order that is not known"
            engine.incident("unexplained_event", client_order_id, cause, severity="error")
            return None
        owner = self._flattened(client_order_id)
        intent = OrderIntended(
            client_order_id=client_order_id,
            strategy_id=owner,
            run_id=engine.config.run_id,
            symbol=details.symbol,
            side=details.side,
            order_type=_known_type(details.order_type),
            time_in_force=_known_tif(details.time_in_force),
            quantity=details.quantity,
            price=details.price,
            cause="placed by somebody else" if owner == EXTERNAL else "flatten, past the engine",
            recv_ns=event.recv_ns,
        )
        order = engine.blotter.open_external(intent)
        self.write(order, intent)
        if owner != EXTERNAL:
            engine.incident("flattened", client_order_id, intent.cause, severity="warning")
        elif is_ours(client_order_id):
            cause = "our name, but no record of it here"
            engine.incident("unexplained_order", client_order_id, cause, severity="error")
        elif is_forced(client_order_id):
            cause = "the exchange closed a position: liquidation, deleveraging or settlement"
            engine.incident("forced_order", client_order_id, cause, severity="error")
        else:
            engine.incident("external_order", client_order_id, intent.cause, severity="info")
        return order

    def _flattened(self, client_order_id: str) -> str:
        """Whose position the order closed while the engine could not; else somebody else's."""
        tag = flattened_tag(client_order_id)
        known = {
            *self._engine.host.plugins,
            *(owner for owner, _ in self._engine.blotter.positions),
        }
        owners = [owner for owner in sorted(known) if tag and tag_of(owner) == tag]
        return owners[0] if owners else EXTERNAL

    def _note(self, kind: str, order: Order, cause: str) -> None:
        self._engine.incident(kind, order.client_order_id, cause, severity="info")


def _from_trade(fill: Fill) -> OrderDetails:
    """Money moved, whatever else is not known: an order of at least this trade existed."""
    return OrderDetails(
        symbol=fill.symbol,
        side=fill.side,
        order_type=OrderType.LIMIT.value,
        time_in_force=TimeInForce.GTC.value,
        quantity=fill.quantity,
        price=fill.price,
    )


def _known_type(name: str) -> OrderType:
    try:
        return OrderType(name)
    except ValueError:
        return OrderType.LIMIT


def _known_tif(name: str) -> TimeInForce:
    try:
        return TimeInForce(name)
    except ValueError:
        return TimeInForce.GTC
