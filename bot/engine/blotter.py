"""Every order, fill and position of the account, each fact taken once."""

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.events import OrderEvent, OrderIntended
from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.position import Position, position_key
from bot.domain.subaccount import Subaccount
from bot.domain.terms import ListRole, PositionSide
from bot.domain.values import Side
from bot.engine.risk.decision import Approved

__all__ = ["Blotter"]

_ENDED_KEPT: Final = 20_000
"""Ended orders that stay in memory, because late news may still come for them."""


_RECENT: Final = 5_000
"""Fills remembered by themselves, for payments of funding that are told later."""


class Blotter:
    """Orders by client order id, trade ids by symbol, positions by strategy and symbol."""

    def __init__(self, instruments: Mapping[str, Instrument] | None = None) -> None:
        self.positions: dict[tuple[str, str], Position] = {}
        """By strategy and :func:`bot.domain.position.position_key`."""
        self.accounts: dict[str, Subaccount] = {}
        """What each strategy's fills did to the assets of the account."""
        self.recent: deque[tuple[str, Fill]] = deque(maxlen=_RECENT)
        """(strategy id, fill), newest last."""
        self._instruments = {} if instruments is None else instruments
        self._open: dict[str, Order] = {}
        self._ended: OrderedDict[str, Order] = OrderedDict()
        self._by_venue_id: dict[tuple[str, int], str] = {}
        self._by_list: dict[str, set[str]] = {}
        # Trade id and side: one match of two orders of one account is two fills.
        self._trade_ids: dict[str, set[tuple[int, Side]]] = {}

    # --- orders ------------------------------------------------------------------------

    def open(self, approved: Approved) -> Order:
        """Take in a new order. Only what the risk gate approved can be opened."""
        return self.adopt(Order.opened(approved.intent))

    def open_external(self, intent: OrderIntended) -> Order:
        """Take in an order that somebody else placed on the account."""
        return self.adopt(Order.opened(intent))

    def adopt(self, order: Order) -> Order:
        """Take in an order as it is (from the store)."""
        if order.status.is_terminal:
            self._end(order)
        else:
            self._open[order.client_order_id] = order
        self._index(order)
        return order

    def get(self, client_order_id: str) -> Order | None:
        return self._open.get(client_order_id) or self._ended.get(client_order_id)

    def by_venue_id(self, symbol: str, venue_order_id: int) -> Order | None:
        client_order_id = self._by_venue_id.get((symbol, venue_order_id))
        return None if client_order_id is None else self.get(client_order_id)

    def of_list(self, list_id: str) -> dict[ListRole | None, Order]:
        """The orders of a list by their roles, as far as they are known."""
        found = (self.get(name) for name in sorted(self._by_list.get(list_id, ())))
        return {order.terms.list_role: order for order in found if order is not None}

    def apply(self, order: Order, event: OrderEvent) -> bool:
        """Fold the event into the order; True if its status changed.

        Raises:
            IllegalTransition: from :meth:`Order.apply`.
        """
        was_open = not order.status.is_terminal
        changed = order.apply(event)
        is_open = not order.status.is_terminal
        if was_open and not is_open:
            self._open.pop(order.client_order_id, None)
            self._end(order)
        elif is_open and not was_open:
            self._ended.pop(order.client_order_id, None)
            self._open[order.client_order_id] = order
        self._index(order)
        return changed

    def open_orders(self, strategy_id: str | None = None, symbol: str | None = None) -> list[Order]:
        """Orders that are not ended, oldest first."""
        return [
            order
            for order in self._open.values()
            if (strategy_id is None or order.strategy_id == strategy_id)
            and (symbol is None or order.symbol == symbol)
        ]

    def committed(
        self,
        strategy_id: str,
        symbol: str,
        side: Side,
        *,
        position_side: PositionSide = PositionSide.BOTH,
        without: Order | None = None,
    ) -> Decimal:
        """Base units that open orders of this strategy may still add on one side.

        What closes a position counts: the next order must not count on it as well. Of an OCO
        one order trades.
        """
        return sum(
            (
                order.remaining
                for order in self._open.values()
                if order.strategy_id == strategy_id
                and order.symbol == symbol
                and order.side is side
                and order.terms.position_side is position_side
                and order is not without
                and not self._is_second(order)
            ),
            Decimal(0),
        )

    def _is_second(self, order: Order) -> bool:
        """The stop of a pair of which the other order is open too."""
        terms = order.terms
        return terms.list_role is ListRole.STOP_LOSS and any(
            other.terms.list_id == terms.list_id and other.terms.list_role is ListRole.TAKE_PROFIT
            for other in self._open.values()
        )

    # --- fills -------------------------------------------------------------------------

    def is_known(self, fill: Fill) -> bool:
        """Whether this trade was taken already, however we heard of it."""
        return (fill.trade_id, fill.side) in self._trade_ids.get(fill.symbol, ())

    def trade_ids(self) -> dict[str, set[tuple[int, Side]]]:
        """The fills that are counted, by symbol: trade id and side."""
        return {symbol: set(ids) for symbol, ids in self._trade_ids.items()}

    def book(
        self,
        strategy_id: str,
        fill: Fill,
        *,
        instrument: Instrument | None,
        fee_quote: Decimal | None,
    ) -> tuple[Position, Decimal]:
        """Count a fill, once; the position after it and the PnL that it realised."""
        self._trade_ids.setdefault(fill.symbol, set()).add((fill.trade_id, fill.side))
        position = self._position(strategy_id, fill.symbol, fill.position_side, instrument)
        held_asset = instrument.held_asset if instrument else ""
        realised = position.apply(fill, base=held_asset, fee_quote=fee_quote)
        if instrument is not None:
            self._account(strategy_id).apply(fill, instrument, realised)
        self.recent.append((strategy_id, fill))
        return position, realised

    def receive(
        self, strategy_id: str, payment: FundingPaid, amount: Decimal, side: PositionSide
    ) -> None:
        """Count a part of a payment of funding."""
        self.position(strategy_id, payment.symbol, side).receive(amount)
        self._account(strategy_id).move(payment.asset, amount)

    def position(
        self, strategy_id: str, symbol: str, side: PositionSide = PositionSide.BOTH
    ) -> Position:
        """The live position, made flat on first use."""
        return self._position(strategy_id, symbol, side, self._instruments.get(symbol))

    def _position(
        self, strategy_id: str, symbol: str, side: PositionSide, instrument: Instrument | None
    ) -> Position:
        key = (strategy_id, position_key(symbol, side))
        position = self.positions.get(key)
        if position is None:
            position = Position(strategy_id=strategy_id, symbol=symbol, side=side)
            if instrument is not None:
                position.inverse, position.size = instrument.inverse, instrument.contract_size
            self.positions[key] = position
        return position

    def _account(self, strategy_id: str) -> Subaccount:
        account = self.accounts.get(strategy_id)
        if account is None:
            account = self.accounts[strategy_id] = Subaccount(strategy_id=strategy_id)
        return account

    def restore(self, orders: Iterable[Order]) -> None:
        for order in orders:
            self.adopt(msgspec.structs.replace(order))

    def _end(self, order: Order) -> None:
        self._ended[order.client_order_id] = order
        while len(self._ended) > _ENDED_KEPT:
            _, old = self._ended.popitem(last=False)
            if old.venue_order_id is not None:
                self._by_venue_id.pop((old.symbol, old.venue_order_id), None)
            self._by_list.pop(old.terms.list_id, None)

    def _index(self, order: Order) -> None:
        if order.terms.list_id:
            self._by_list.setdefault(order.terms.list_id, set()).add(order.client_order_id)
        if order.venue_order_id is not None:
            self._by_venue_id[order.symbol, order.venue_order_id] = order.client_order_id
