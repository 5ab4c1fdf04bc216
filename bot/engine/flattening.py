"""Flatten: every order of ours cancelled, every position of ours closed, nothing new."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.events import FlattenRequested, HaltRequested, OrderIntended
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.terms import OrderTerms
from bot.domain.values import EXTERNAL, OrderType, Side, TimeInForce, as_fixed
from bot.engine.intake import submission
from bot.engine.risk import Approved

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Flattening", "closing_quantity", "is_dust"]

_TOO_SMALL: Final = ("LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "MIN_NOTIONAL")
_ATTEMPTS: Final = 3
"""Closing orders of a position that may be refused before it is left to a person."""


class Flattening:
    """Halts first; then, symbol by symbol, cancels, waits for the ends, and closes.

    A closing order is written down and sent as any other, under its strategy's name. It passes
    by the risk gate, which is shut: it can only make a position smaller. The exchange's filters
    hold for it: what is below the least quantity is left, and said to be.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._symbols: set[str] = set()
        self._reason = ""
        # Closing orders by strategy and symbol, in the order of their making.
        self._closing: dict[tuple[str, str], list[str]] = {}
        self._ids: set[str] = set()

    def on_request(self, event: FlattenRequested) -> None:
        """Begin, on one symbol or (``''``) on all."""
        engine = self._engine
        self._reason = event.reason or "flatten"
        wanted = {event.symbol} if event.symbol else self._all_symbols()
        self._symbols |= wanted
        self._closing = {key: ids for key, ids in self._closing.items() if key[1] not in wanted}
        if not engine.halted:
            engine.on_halt(HaltRequested(reason=self._reason, recv_ns=event.recv_ns))
        engine.incident("flatten", event.symbol or "*", self._reason, severity="warning")
        self.go_on()

    def stop(self) -> None:
        """Begin nothing more: somebody resumed, or does it in another way."""
        self._symbols.clear()

    def is_closing(self, client_order_id: str) -> bool:
        """Whether it is an order of a flatten: it may be sent although the gate is shut."""
        return client_order_id in self._ids

    @property
    def is_active(self) -> bool:
        """Something is still to be cancelled or closed, as far as that is possible."""
        return bool(self._symbols)

    def go_on(self) -> None:
        """Take the next step; called as time passes."""
        for symbol in sorted(self._symbols):
            if self._step(symbol):
                self._symbols.discard(symbol)

    def left(self, symbol: str = "") -> list[str]:
        """What is still there, in words: open orders, and positions that are no dust."""
        orders = [
            f"order {order.client_order_id} is {order.status.value}"
            for order in self._engine.blotter.open_orders()
            if order.strategy_id != EXTERNAL and symbol in {"", order.symbol}
        ]
        positions = [text for text, is_small in self._positions(symbol) if not is_small]
        return [*orders, *positions]

    def dust(self, symbol: str = "") -> list[str]:
        """Positions that are too small for any order, in words."""
        return [text for text, is_small in self._positions(symbol) if is_small]

    def _positions(self, symbol: str) -> list[tuple[str, bool]]:
        cache = self._engine.cache
        return [
            (
                f"{strategy_id} holds {as_fixed(position.quantity)} {position.key}",
                (name := position.symbol) in cache.instruments
                and is_dust(cache.instruments[name], position.quantity, cache.exact_price(name)),
            )
            for (strategy_id, _), position in self._held()
            if symbol in {"", position.symbol}
        ]

    # --- one symbol --------------------------------------------------------------------

    def _step(self, symbol: str) -> bool:
        """Whether nothing more can be done here."""
        engine = self._engine
        open_orders = [
            order
            for order in engine.blotter.open_orders(symbol=symbol)
            if order.strategy_id != EXTERNAL
        ]
        for order in open_orders:
            if not self.is_closing(order.client_order_id):
                engine.desk.request_cancel(order, self._reason)
        if open_orders:
            return False
        instrument = engine.cache.instruments.get(symbol)
        started = [
            self._close(strategy_id, position, instrument)
            for (strategy_id, _), position in self._held()
            if position.symbol == symbol and instrument is not None
        ]
        return not any(started)

    def _close(self, strategy_id: str, position: Position, instrument: Instrument) -> bool:
        """Send the order that closes it; False if there is none to send."""
        engine, symbol = self._engine, position.symbol
        made = self._closing.setdefault((strategy_id, position.key), [])
        side = Side.SELL if position.quantity > 0 else Side.BUY
        quantity = closing_quantity(instrument, position.quantity)
        violation = instrument.violation(
            order_type=OrderType.MARKET,
            side=side,
            quantity=quantity,
            price=None,
            reference_price=engine.cache.exact_price(symbol),
        )
        failed = [cid for cid in made if not _has_traded(engine.blotter.get(cid))]
        if violation or len(failed) >= _ATTEMPTS:
            text = violation or f"{len(failed)} closing orders came to nothing"
            cause = f"{strategy_id} keeps {as_fixed(position.quantity)} {symbol}: {text}"
            engine.incident("flatten_left", symbol, cause, severity="warning")
            return False
        intent = OrderIntended(
            client_order_id=engine.requests.fresh_id(strategy_id),
            strategy_id=strategy_id,
            run_id=engine.config.run_id,
            symbol=symbol,
            side=side,
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            quantity=quantity,
            price=None,
            reference_price=engine.cache.last_price(symbol),
            cause=self._reason,
            recv_ns=engine.now_ns,
            terms=OrderTerms(position_side=position.side),
        )
        made.append(intent.client_order_id)
        self._ids.add(intent.client_order_id)
        order = engine.blotter.open(Approved(intent))
        engine.ledger.write(order, intent)
        engine.command(submission(intent))
        return True

    def _held(self) -> list[tuple[tuple[str, str], Position]]:
        return [
            (key, position)
            for key, position in self._engine.blotter.positions.items()
            if position.quantity and key[0] != EXTERNAL
        ]

    def _all_symbols(self) -> set[str]:
        orders = {o.symbol for o in self._engine.blotter.open_orders() if o.strategy_id != EXTERNAL}
        return orders | {position.symbol for _, position in self._held()}


def is_dust(instrument: Instrument, held: Decimal, price: Decimal | None) -> bool:
    """Whether no order is small enough to close it: below the least quantity or notional."""
    violation = instrument.violation(
        order_type=OrderType.MARKET,
        side=Side.SELL if held > 0 else Side.BUY,
        quantity=closing_quantity(instrument, held),
        price=None,
        reference_price=price,
    )
    return (violation or "").startswith(_TOO_SMALL)


def closing_quantity(instrument: Instrument, held: Decimal) -> Decimal:
    """What one market order may close of it, on the step grid."""
    step = instrument.market_step_size or instrument.step_size
    most = instrument.market_max_quantity or instrument.max_quantity
    wanted = min(abs(held), most) if most else abs(held)
    return instrument.quantity(wanted // step * step if step else wanted)


def _has_traded(order: Order | None) -> bool:
    return order is not None and bool(order.filled)
