"""What a strategy may ask for: orders of every type, lists of orders, changes and cancels."""

from decimal import Decimal
from typing import Any, Final, NamedTuple

from bot.domain.instrument import Number
from bot.domain.terms import Contingency, ListRole, PositionSide, TriggerBy
from bot.domain.values import OrderType, Side, TimeInForce
from bot.strategy.context import Context
from bot.strategy.draft import OrderDraft

__all__ = ["BracketIds", "OcoIds", "OrderEntry", "OtoIds"]

_OF_TRIGGERS: Final = frozenset({"trigger_by", "price_protect"})
_BIPS_A_PERCENT: Final = 100


class OcoIds(NamedTuple):
    """Client order ids of two orders of which the first to trade cancels the other."""

    take_profit: str
    stop_loss: str


class OtoIds(NamedTuple):
    """Client order ids of an order and of the one that is placed when it is filled."""

    working: str
    pending: str


class BracketIds(NamedTuple):
    """Client order ids of an entry and of the two orders that protect what it bought."""

    entry: str
    take_profit: str
    stop_loss: str


class OrderEntry:
    """Every request returns at once with client order ids; outcomes come as ``on_order``.

    Quantity is rounded down to the symbol's step; a price goes to its tick, never beyond what
    was asked. What the venue or the risk gate does not allow comes back with the status
    REFUSED or REJECTED and its reason. Each method that names a symbol raises KeyError if the
    run does not trade it, and ValueError if a number is not finite.
    """

    _context: Context

    def buy(
        self,
        symbol: str,
        quantity: Number,
        price: Number | None = None,
        *,
        post_only: bool = False,
        time_in_force: TimeInForce = TimeInForce.GTC,
        **terms: Any,
    ) -> str:
        """Ask to buy ``quantity`` base units: at ``price`` or better, or at the market.

        ``post_only`` orders are refused by the venue rather than take liquidity. ``terms`` are
        those of :class:`bot.strategy.draft.OrderDraft`: ``iceberg_quantity`` (spot),
        ``reduce_only``, ``position_side``, ``good_till_ns`` with ``TimeInForce.GTD`` (futures),
        ``self_trade_prevention``.
        """
        return self._plain(Side.BUY, symbol, quantity, price, post_only, time_in_force, terms)

    def sell(
        self,
        symbol: str,
        quantity: Number,
        price: Number | None = None,
        *,
        post_only: bool = False,
        time_in_force: TimeInForce = TimeInForce.GTC,
        **terms: Any,
    ) -> str:
        """Ask to sell; otherwise as :meth:`buy`."""
        return self._plain(Side.SELL, symbol, quantity, price, post_only, time_in_force, terms)

    def buy_for(self, symbol: str, quote_quantity: Number) -> str:
        """Ask to buy at the market for so many quote units, fees aside (spot)."""
        return self._by_cost(Side.BUY, symbol, quote_quantity)

    def sell_for(self, symbol: str, quote_quantity: Number) -> str:
        """Ask to sell at the market what brings so many quote units, fees aside (spot)."""
        return self._by_cost(Side.SELL, symbol, quote_quantity)

    def stop(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        trigger_price: Number,
        price: Number | None = None,
        *,
        trigger_by: TriggerBy = TriggerBy.LAST,
        **terms: Any,
    ) -> str:
        """Ask for a stop: a sell is set off by a fall to ``trigger_price``, a buy by a rise.

        At the market, or with ``price`` as its limit. On futures ``reduce_only`` or
        ``close_position`` (with a quantity of 0) keep it from opening a position.
        """
        kind = OrderType.STOP_MARKET if price is None else OrderType.STOP_LIMIT
        terms |= {"trigger_price": trigger_price, "trigger_by": trigger_by}
        return self._submit(symbol, side, kind, quantity, price, terms)

    def take_profit(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        trigger_price: Number,
        price: Number | None = None,
        *,
        trigger_by: TriggerBy = TriggerBy.LAST,
        **terms: Any,
    ) -> str:
        """Ask for the opposite of a stop: a sell is set off by a rise, a buy by a fall."""
        kind = OrderType.TAKE_PROFIT_MARKET if price is None else OrderType.TAKE_PROFIT_LIMIT
        terms |= {"trigger_price": trigger_price, "trigger_by": trigger_by}
        return self._submit(symbol, side, kind, quantity, price, terms)

    def trailing_stop(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        *,
        distance_percent: Number,
        activation_price: Number | None = None,
        **terms: Any,
    ) -> str:
        """Ask for a stop that follows the market ``distance_percent`` behind its extreme.

        It begins to follow at once, or when the price has reached ``activation_price``. The
        venue takes hundredths of a per cent on spot and tenths on futures.
        """
        bips = int(Decimal(str(distance_percent)) * _BIPS_A_PERCENT)
        terms |= {"trailing_bips": bips, "activation_price": activation_price}
        return self._submit(symbol, side, OrderType.TRAILING_STOP_MARKET, quantity, None, terms)

    # --- lists --------------------------------------------------------------------------

    def oco(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        *,
        take_profit: Number,
        stop: Number,
        stop_limit: Number | None = None,
        **terms: Any,
    ) -> OcoIds:
        """Ask for a limit order at ``take_profit`` and a stop; the first to trade ends the other.

        One list of the venue where it has such lists, else two orders that the bot pairs,
        over restarts too.
        """
        legs = self._exit(symbol, side, quantity, take_profit, stop, stop_limit, terms)
        return OcoIds(*self._context.submit_list(Contingency.OCO, legs))

    def oto(self, working: OrderDraft, pending: OrderDraft) -> OtoIds:
        """Ask for ``working``, and for ``pending`` once that is filled."""
        legs = ((ListRole.WORKING, working), (ListRole.PENDING, pending))
        return OtoIds(*self._context.submit_list(Contingency.OTO, legs))

    def bracket(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        price: Number | None = None,
        *,
        take_profit: Number,
        stop: Number,
        stop_limit: Number | None = None,
        post_only: bool = False,
        **terms: Any,
    ) -> BracketIds:
        """Ask for an entry and, once it is filled, for an OCO of the other side.

        A limit entry at ``price``, or one at the market. If it is cancelled when it is partly
        filled, what was filled is protected where the bot keeps the list itself (futures,
        entries at the market); Binance's own lists (spot) wait for the whole.
        """
        kind = OrderType.LIMIT_MAKER if post_only else OrderType.LIMIT
        entry = OrderDraft(
            symbol=symbol,
            side=side,
            order_type=OrderType.MARKET if price is None else kind,
            quantity=quantity,
            price=price,
            position_side=terms.get("position_side", PositionSide.BOTH),
        )
        out = Side.SELL if side is Side.BUY else Side.BUY
        legs = self._exit(symbol, out, quantity, take_profit, stop, stop_limit, terms)
        return BracketIds(
            *self._context.submit_list(Contingency.OTOCO, ((ListRole.WORKING, entry), *legs))
        )

    # --- changes ------------------------------------------------------------------------

    def amend(
        self, client_order_id: str, *, quantity: Number | None = None, price: Number | None = None
    ) -> bool:
        """Ask to change a resting order in place; False if there is no such order of ours.

        Spot lowers the quantity and keeps the place in the queue; futures change quantity and
        price of limit orders. ``quantity`` is the whole order, what is filled included.
        """
        return self._context.amend(client_order_id, quantity, price)

    def replace(
        self, client_order_id: str, *, quantity: Number | None = None, price: Number | None = None
    ) -> str | None:
        """Ask to cancel an order and, only if that succeeds, to place it anew.

        Without ``quantity`` the new order is for what is not filled yet. Returns its client
        order id, or None if there is no such resting limit order of ours.
        """
        return self._context.replace(client_order_id, quantity, price)

    def cancel(self, client_order_id: str) -> bool:
        """Ask to cancel. False if there is no such open order of ours; asking twice is harmless."""
        return self._context.cancel(client_order_id)

    def cancel_all(self, symbol: str | None = None) -> int:
        """Ask to cancel all our open orders (on ``symbol``); how many."""
        return sum(
            self._context.cancel(order.client_order_id)
            for order in self._context.open_orders(symbol)
        )

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Ask for another leverage of a contract (futures). Logged; a refusal is an incident."""
        self._context.configure(symbol, leverage, "")

    def set_margin_type(self, symbol: str, margin_type: str) -> None:
        """ISOLATED or CROSSED (futures). Logged; a refusal is an incident."""
        self._context.configure(symbol, None, margin_type)

    # --- sizes --------------------------------------------------------------------------

    def size_by_quote(
        self, symbol: str, quote_quantity: Number, price: Number | None = None
    ) -> Decimal:
        """Base units, on the step, that ``quote_quantity`` pays for at ``price`` (or the last).

        0 before the first price.
        """
        return self._context.size_by_quote(symbol, quote_quantity, price)

    def size_by_risk(
        self, symbol: str, risk_quote: Number, *, entry: Number, stop: Number
    ) -> Decimal:
        """Base units, on the step, that lose ``risk_quote`` between ``entry`` and ``stop``.

        Raises:
            ValueError: entry and stop are equal.
        """
        return self._context.size_by_risk(symbol, risk_quote, entry, stop)

    def size_by_budget(self, symbol: str, percent: Number, price: Number | None = None) -> Decimal:
        """Base units, on the step, that ``percent`` of the free budget pays for at ``price``.

        At the last price if none is given; 0 before the first.

        Raises:
            ValueError: the strategy has no budget.
        """
        return self._context.size_by_budget(symbol, percent, price)

    # --- how ----------------------------------------------------------------------------

    def _plain(
        self,
        side: Side,
        symbol: str,
        quantity: Number,
        price: Number | None,
        post_only: bool,
        time_in_force: TimeInForce,
        terms: dict[str, Any],
    ) -> str:
        if price is None:
            kind = OrderType.MARKET
        else:
            kind = OrderType.LIMIT_MAKER if post_only else OrderType.LIMIT
        terms |= {"time_in_force": time_in_force}
        return self._submit(symbol, side, kind, quantity, price, terms)

    def _by_cost(self, side: Side, symbol: str, quote_quantity: Number) -> str:
        terms = {"quote_quantity": quote_quantity}
        return self._submit(symbol, side, OrderType.MARKET, 0, None, terms)

    def _submit(
        self,
        symbol: str,
        side: Side,
        kind: OrderType,
        quantity: Number,
        price: Number | None,
        terms: dict[str, Any],
    ) -> str:
        return self._context.submit(
            OrderDraft(
                symbol=symbol,
                side=side,
                order_type=kind,
                quantity=quantity,
                price=price,
                **terms,
            )
        )

    def _exit(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        take_profit: Number,
        stop: Number,
        stop_limit: Number | None,
        terms: dict[str, Any],
    ) -> tuple[tuple[ListRole, OrderDraft], ...]:
        profit = OrderDraft(
            symbol=symbol,
            side=side,
            order_type=OrderType.LIMIT,
            quantity=quantity,
            price=take_profit,
            **{name: value for name, value in terms.items() if name not in _OF_TRIGGERS},
        )
        loss = OrderDraft(
            symbol=symbol,
            side=side,
            order_type=OrderType.STOP_MARKET if stop_limit is None else OrderType.STOP_LIMIT,
            quantity=quantity,
            price=stop_limit,
            trigger_price=stop,
            **terms,
        )
        return (ListRole.TAKE_PROFIT, profit), (ListRole.STOP_LOSS, loss)
