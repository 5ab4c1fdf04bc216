"""A small exchange for rehearsals: answers every command at once, fills at the quote.

It stands in for the real thing where a plugin's own logic is to be seen; fees are taken,
queues, latency and market impact are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.amendments import AmendRejected, OrderAmended, OrderTriggered, SymbolConfigured
from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    ConfigureSymbol,
    QueryOrder,
    ReplaceOrder,
    SubmitOrder,
    Sweep,
)
from bot.domain.events import (
    CancelRejected,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNotFound,
    OrderNotPlaced,
    OrderRejected,
    OrderSubmitted,
    SweepCompleted,
)
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.market import QuoteTick, TradeTick
from bot.domain.values import OrderType, Side, TimeInForce

__all__ = ["Matching"]

_BIPS: Final = 10_000
_FEE: Final = Decimal("0.001")
"""Of what is received, as on Binance spot: a buy pays in the base asset."""


@dataclass(slots=True)
class _Resting:
    order: SubmitOrder
    venue_order_id: int
    remaining: Decimal
    waits: bool = False
    """A conditional order that is not set off yet."""
    extreme: Decimal | None = None
    """The best price since a trailing stop began to follow."""


class Matching:
    """Open orders of one account against the latest quotes."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self._instruments = instruments
        self._quotes: dict[str, QuoteTick] = {}
        self._resting: dict[str, _Resting] = {}
        self._orders = 0
        self._trades: dict[str, int] = {}
        self.refuse_next: list[tuple[int, str]] = []
        """(code, reason) with which the next orders are rejected, in turn."""

    def answer(self, command: Command, now_ns: int) -> Iterator[Event]:
        """What the exchange says to the command, all of it at ``now_ns``."""
        match command:
            case SubmitOrder():
                yield from self._submit(command, now_ns)
            case CancelOrder():
                yield self._cancel(command, now_ns)
            case ReplaceOrder():
                canceled = self._cancel(command.cancel, now_ns)
                yield canceled
                if isinstance(canceled, OrderCanceled):
                    yield from self._submit(command.order, now_ns)
                else:
                    yield OrderNotPlaced(
                        client_order_id=command.order.client_order_id,
                        reason="the order that it was to replace was not cancelled",
                        recv_ns=now_ns,
                    )
            case AmendOrder():
                yield self._amend(command, now_ns)
            case ConfigureSymbol():
                yield SymbolConfigured(
                    symbol=command.symbol,
                    leverage=command.leverage,
                    margin_type=command.margin_type,
                    recv_ns=now_ns,
                )
            case Sweep():
                last = {symbol: self._trades.get(symbol, 0) - 1 for symbol in command.symbols}
                yield SweepCompleted(
                    generation=command.generation,
                    last_trade_ids=last,
                    asked_ns=now_ns,
                    recv_ns=now_ns,
                )
            case QueryOrder():
                yield OrderNotFound(
                    client_order_id=command.client_order_id, asked_ns=now_ns, recv_ns=now_ns
                )

    def see(self, event: object, now_ns: int) -> Iterator[Event]:
        """Fills that follow from a quote that crosses, or a trade at or through, our orders."""
        if isinstance(event, QuoteTick):
            self._quotes[event.symbol] = event
            for resting in self._on(event.symbol):
                yield from self._look_at(resting, now_ns)
        elif isinstance(event, TradeTick):
            traded = Decimal(repr(event.price))
            for resting in self._on(event.symbol):
                if resting.waits:
                    continue
                price = resting.order.price
                ahead = Decimal(0) if price is None else (price - traded) * resting.order.side.sign
                if price is None or ahead < 0:
                    continue
                # Through our price all of it trades; at our price no more than was traded.
                at_most = resting.remaining if ahead else Decimal(repr(event.size))
                quantity = min(resting.remaining, at_most)
                yield self.fill(resting.order.client_order_id, quantity, price, now_ns)

    def _look_at(self, resting: _Resting, now_ns: int) -> Iterator[Event]:
        """A stop is set off by the quote that it would trade at; then it trades like the others."""
        order, price = resting.order, resting.order.price
        if resting.waits:
            if not self._sets_off(resting):
                return
            resting.waits = False
            yield OrderTriggered(
                client_order_id=order.client_order_id,
                venue_order_id=resting.venue_order_id,
                ts_ns=now_ns,
                recv_ns=now_ns,
            )
            if price is None:
                price = self._touch(order)
                yield self.fill(
                    order.client_order_id, resting.remaining, price, now_ns, maker=False
                )
                return
        if price is not None and self._crosses(order):
            yield self.fill(order.client_order_id, resting.remaining, price, now_ns)

    def _sets_off(self, resting: _Resting) -> bool:
        order = resting.order
        touch = self._touch(order)
        # A buy stop and a sell profit wait above the market, the others below it.
        above = (order.side is Side.BUY) == order.order_type.is_stop
        if order.terms.trailing_bips is None:
            trigger = order.terms.trigger_price
            return trigger is not None and (touch >= trigger if above else touch <= trigger)
        activation = order.terms.activation_price
        if resting.extreme is None and activation is not None:
            ahead = (touch - activation) * order.side.sign
            if ahead > 0:
                return False
        extreme = resting.extreme or touch
        resting.extreme = min(extreme, touch) if above else max(extreme, touch)
        distance = resting.extreme * order.terms.trailing_bips / _BIPS
        return touch >= resting.extreme + distance if above else touch <= resting.extreme - distance

    def fill(
        self,
        client_order_id: str,
        quantity: Decimal,
        price: Decimal,
        now_ns: int,
        *,
        maker: bool = True,
    ) -> OrderFilled:
        """Trade some of a resting order.

        Raises:
            KeyError: no such order rests.
        """
        resting = self._resting[client_order_id]
        order = resting.order
        resting.remaining -= quantity
        if resting.remaining <= 0:
            del self._resting[client_order_id]
        instrument = self._instruments[order.symbol]
        is_buy = order.side is Side.BUY
        trade_id = self._trades[order.symbol] = self._trades.get(order.symbol, 0) + 1
        fill = Fill(
            symbol=order.symbol,
            trade_id=trade_id,
            client_order_id=client_order_id,
            venue_order_id=resting.venue_order_id,
            side=order.side,
            price=price,
            quantity=quantity,
            commission=(quantity if is_buy else quantity * price) * _FEE,
            commission_asset=instrument.base if is_buy else instrument.quote,
            maker=maker,
            ts_ns=now_ns,
            recv_ns=now_ns,
        )
        return OrderFilled(fill=fill, recv_ns=now_ns)

    def _submit(self, order: SubmitOrder, now_ns: int) -> Iterator[Event]:
        cid = order.client_order_id
        yield OrderSubmitted(client_order_id=cid, recv_ns=now_ns)
        crosses = self._crosses(order) and not order.order_type.is_conditional
        if order.order_type is OrderType.LIMIT_MAKER and crosses:
            self.refuse_next.insert(0, (-2010, "Order would immediately match and take."))
        if self.refuse_next:
            code, reason = self.refuse_next.pop(0)
            yield OrderRejected(client_order_id=cid, code=code, reason=reason, recv_ns=now_ns)
            return
        self._orders += 1
        waits = order.order_type.is_conditional
        self._resting[cid] = _Resting(order, self._orders, order.quantity, waits)
        yield OrderAccepted(
            client_order_id=cid, venue_order_id=self._orders, ts_ns=now_ns, recv_ns=now_ns
        )
        if waits:
            return
        if crosses:
            yield self.fill(cid, order.quantity, self._touch(order), now_ns, maker=False)
        elif order.price is None or order.time_in_force is not TimeInForce.GTC:
            del self._resting[cid]
            yield OrderExpired(
                client_order_id=cid,
                venue_order_id=self._orders,
                ts_ns=now_ns,
                recv_ns=now_ns,
                executed=Decimal(0),
                reason=f"{order.time_in_force.value}: nothing to match with",
            )

    def _cancel(self, command: CancelOrder, now_ns: int) -> Event:
        cid = command.client_order_id
        resting = self._resting.pop(cid, None)
        if resting is None:
            return CancelRejected(
                client_order_id=cid, code=-2011, reason="Unknown order sent.", recv_ns=now_ns
            )
        return OrderCanceled(
            client_order_id=cid,
            venue_order_id=resting.venue_order_id,
            ts_ns=now_ns,
            recv_ns=now_ns,
            executed=resting.order.quantity - resting.remaining,
        )

    def _amend(self, command: AmendOrder, now_ns: int) -> Event:
        resting = self._resting.get(command.client_order_id)
        if resting is None or command.quantity <= resting.order.quantity - resting.remaining:
            return AmendRejected(
                client_order_id=command.client_order_id,
                code=-2038,
                reason="The requested action would change no state; rejecting",
                recv_ns=now_ns,
            )
        resting.remaining += command.quantity - resting.order.quantity
        resting.order = msgspec.structs.replace(
            resting.order, quantity=command.quantity, price=command.price
        )
        return OrderAmended(
            client_order_id=command.client_order_id,
            venue_order_id=resting.venue_order_id,
            quantity=command.quantity,
            price=command.price,
            ts_ns=now_ns,
            recv_ns=now_ns,
        )

    def _on(self, symbol: str) -> list[_Resting]:
        return [resting for resting in self._resting.values() if resting.order.symbol == symbol]

    def _touch(self, order: SubmitOrder) -> Decimal:
        quote = self._quotes[order.symbol]
        return Decimal(repr(quote.ask if order.side is Side.BUY else quote.bid))

    def _crosses(self, order: SubmitOrder) -> bool:
        if order.symbol not in self._quotes:
            return False
        return order.price is None or (order.price - self._touch(order)) * order.side.sign >= 0
