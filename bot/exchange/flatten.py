"""Flatten an account over a direct line: what the exchange says counts, not what we believe."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.domain.errors import Rejected, Unavailable, VenueError
from bot.domain.instrument import Instrument
from bot.domain.values import OrderType, Side, as_fixed
from bot.engine.flattening import closing_quantity, is_dust
from bot.exchange import rest_decode
from bot.exchange.direct import DirectLine, Patience
from bot.exchange.instruments import instruments
from bot.exchange.rest_decode import OrderBody

__all__ = ["GONE", "ROUNDS", "DirectFlatten", "Holding", "KnownOrder", "Outcome", "Tell"]

GONE: Final = frozenset({-2011, -2013})
"""There is no such order, or not any more."""
_WORKING: Final = frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL"})
ROUNDS: Final = 3

Tell = Callable[[str, str, "Holding | None", Side | None, str], None]
"""``(kind, subject, holding, side, text)`` of a deed, before it is done."""


class KnownOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order of ours whose fills may not all be counted in its holding."""

    client_order_id: str
    unanswered: bool = False
    """It may still be on its way: that the exchange does not know it proves nothing yet."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy holds of a symbol, as far as we know."""

    strategy_id: str
    symbol: str
    quantity: Decimal
    """Base units, signed."""
    orders: tuple[KnownOrder, ...] = ()
    trades: frozenset[tuple[int, Side]] = frozenset()
    """(trade id, side) of the fills that are counted already."""


class Outcome(msgspec.Struct, kw_only=True):
    """What was done, and what could not be."""

    cancelled: list[str] = []
    closed: list[str] = []
    left: list[str] = []
    """In words: what is still there, and why."""
    dust: list[str] = []
    """Positions that are too small for any order."""


class DirectFlatten:
    """One run over the given symbols; never raises for what the exchange does."""

    def __init__(
        self,
        line: DirectLine,
        *,
        patience: Patience,
        is_ours: Callable[[str], bool],
        fresh_id: Callable[[str], str],
        tell: Tell,
    ) -> None:
        """``fresh_id(strategy_id)`` names a closing order; ``tell`` writes a deed down first."""
        self.line = line
        self.patience = patience
        self.is_ours = is_ours
        self._fresh_id = fresh_id
        self.tell = tell
        self._rules: dict[str, Instrument] = {}
        self.outcome = Outcome()

    def run(self, symbols: Sequence[str], holdings: Sequence[Holding]) -> Outcome:
        """Cancel on every symbol first, then close: what rests is the greater danger."""
        for symbol in symbols:
            self.guarded(symbol, self.cancel_all, symbol)
        for holding in holdings:
            subject = f"{holding.strategy_id} {holding.symbol}"
            self.guarded(subject, self._close, holding)
        return self.outcome

    def guarded(self, subject: str, step: Callable[..., None], *what: Any) -> None:
        """Take a step; what fails for good is left, in words."""
        try:
            step(*what)
        except (VenueError, msgspec.ValidationError, ValueError, OSError) as e:
            self.outcome.left.append(f"{subject}: {e}")

    # --- orders ------------------------------------------------------------------------

    def cancel_all(self, symbol: str) -> None:
        """Cancel every order of ours on the symbol, until none is open."""
        for _ in range(ROUNDS):
            found = self._open(symbol)
            if not found:
                return
            for order in found:
                self._cancel(order)
        for order in self._open(symbol):
            self.outcome.left.append(f"order {order.client_order_id} is still open")

    def _open(self, symbol: str) -> list[OrderBody]:
        body = self.line.ask("openOrders", self.patience, symbol=symbol)
        return [o for o in rest_decode.order_bodies(body) if self.is_ours(o.client_order_id)]

    def _cancel(self, order: OrderBody) -> None:
        self.tell("flatten_cancel", order.client_order_id, None, None, order.symbol)
        try:
            self.line.cancel(self.patience, symbol=order.symbol, orderId=str(order.order_id))
        except Rejected as failure:
            if failure.code not in GONE:
                raise
            return  # filled, or cancelled with its list
        self.outcome.cancelled.append(order.client_order_id)

    # --- holdings ----------------------------------------------------------------------

    def _close(self, holding: Holding) -> None:
        held = holding.quantity + sum(
            (self._uncounted(holding, known) for known in holding.orders), Decimal(0)
        )
        text = f"{holding.strategy_id} holds {{}} {holding.symbol}"
        for _ in range(ROUNDS):
            if not held:
                return
            if is_dust(self._rule(holding.symbol), held, self._price(holding.symbol)):
                self.outcome.dust.append(text.format(as_fixed(held)))
                return
            side = Side.SELL if held > 0 else Side.BUY
            quantity, obstacle = self._size(holding, held, side)
            if obstacle:
                break
            held += side.sign * self.trade(holding, side, quantity)
        else:
            obstacle = f"{ROUNDS} orders did not close it"
        if held:
            self.outcome.left.append(f"{text.format(as_fixed(held))}: {obstacle}")

    def _uncounted(self, holding: Holding, known: KnownOrder) -> Decimal:
        """Signed base units that the order brought and that we have not counted."""
        order = self._find(holding.symbol, known.client_order_id, unanswered=known.unanswered)
        if order is None or not order.executed_qty:
            return Decimal(0)
        return self._brought(holding, order)

    def _brought(self, holding: Holding, order: OrderBody) -> Decimal:
        body = self.line.ask(
            "myTrades", self.patience, symbol=order.symbol, orderId=str(order.order_id)
        )
        base = self._rule(order.symbol).base
        total = Decimal(0)
        for trade in rest_decode.trade_bodies(body):
            side = Side.BUY if trade.is_buyer else Side.SELL
            if (trade.id, side) in holding.trades:
                continue
            fee = trade.commission if trade.commission_asset == base else Decimal(0)
            total += side.sign * trade.qty - fee
        return total

    def _find(self, symbol: str, client_order_id: str, *, unanswered: bool) -> OrderBody | None:
        """The order as the exchange has it; None: certainly not there, and not to come."""
        late_s = self.line.REQUEST_RECVWINDOW / 1000 + 1.0 if unanswered else 0.0
        waited_s = 0.0
        while True:
            try:
                body = self.line.ask(
                    "order", self.patience, symbol=symbol, origClientOrderId=client_order_id
                )
                return rest_decode.order_body(body)
            except Rejected as failure:
                if failure.code not in GONE:
                    raise
                if waited_s >= late_s:
                    return None
                if self.patience.left_s <= 0:
                    text = f"whether {client_order_id} was placed is not certain yet"
                    raise Unavailable(text) from None
            self.patience.pause(0.5)
            waited_s += 0.5

    def _size(self, holding: Holding, held: Decimal, side: Side) -> tuple[Decimal, str]:
        """How much to trade, and why nothing ('' if something)."""
        rule = self._rule(holding.symbol)
        amount, short = abs(held), ""
        if side is Side.SELL and (free := self._free(rule.base)) < amount:
            amount, short = free, f"only {as_fixed(free)} {rule.base} are free; "
        quantity = closing_quantity(rule, amount)
        violation = rule.violation(
            order_type=OrderType.MARKET,
            side=side,
            quantity=quantity,
            price=None,
            reference_price=self._price(holding.symbol),
        )
        return quantity, f"{short}{violation}" if violation else ""

    def trade(self, holding: Holding, side: Side, quantity: Decimal, **terms: str) -> Decimal:
        """Place one market order; the base units that it traded."""
        client_order_id = self._fresh_id(holding.strategy_id)
        text = f"{side.value} {as_fixed(quantity)} {holding.symbol}"
        self.tell("flatten_order", client_order_id, holding, side, text)
        order: OrderBody | None
        try:
            body = self.line.place(
                symbol=holding.symbol,
                side=side.value,
                type="MARKET",
                quantity=as_fixed(quantity),
                newClientOrderId=client_order_id,
                newOrderRespType="RESULT",
                **terms,
            )
            order = rest_decode.order_body(body)
        except Rejected:
            raise
        except VenueError as failure:
            self.patience.wait(0, failure)
            order = self._find(holding.symbol, client_order_id, unanswered=True)
        while order is not None and order.status in _WORKING:
            self.patience.pause(0.2)
            if self.patience.left_s <= 0:
                raise Unavailable(f"{client_order_id} has not ended yet")
            order = self._find(holding.symbol, client_order_id, unanswered=True)
        if order is None:
            return Decimal(0)
        self.outcome.closed.append(text)
        return order.executed_qty

    def _free(self, asset: str) -> Decimal:
        body = self.line.ask("account", self.patience, omitZeroBalances="true")
        account = rest_decode.account(body, 0)
        return sum((b.free for b in account.balances if b.asset == asset), Decimal(0))

    def _price(self, symbol: str) -> Decimal | None:
        body = self.line.ask("ticker/price", self.patience, signed=False, symbol=symbol)
        # 0 where nothing was ever traded.
        return Decimal(body["price"]) or None

    def _rule(self, symbol: str) -> Instrument:
        if symbol not in self._rules:
            body = self.line.ask("exchangeInfo", self.patience, signed=False, symbol=symbol)
            self._rules |= instruments(body)
        return self._rules[symbol]
