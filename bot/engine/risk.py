"""The gate that every order passes: Approved, or Refused with its reason."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from bot.domain.conditions import terms_violation
from bot.domain.events import OrderIntended
from bot.domain.order import Order
from bot.domain.terms import Contingency, ListRole
from bot.domain.values import EXTERNAL, SECOND_NS, Side, as_fixed
from bot.engine.cache import Cache

if TYPE_CHECKING:
    from bot.engine.blotter import Blotter

__all__ = ["Approved", "Gate", "Refused", "RiskLimits"]

_ZERO: Final = Decimal(0)


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds; a value of 0 switches one off. Notionals are in the symbol's quote asset."""

    max_order_notional: Decimal = Decimal(1_000)
    max_position_notional: Decimal = Decimal(5_000)
    """Of one strategy on one symbol, with its open orders on that side."""
    max_open_orders: int = 20
    """Of one strategy."""
    max_daily_loss: Decimal = Decimal(500)
    """Of all strategies in one quote asset since 00:00 UTC: realised, fees, and open losses."""
    price_collar: Decimal = Decimal("0.05")
    """How far a limit may be *beyond* the market (a buy above, a sell below), as a fraction."""
    max_orders_per_second: int = 50
    """Of one strategy."""
    stale_after_s: float = 15.0
    """A price older than this is no price."""


@dataclass(frozen=True, slots=True)
class Approved:
    """The proof that an order passed the gate. Only :class:`Gate` makes it."""

    intent: OrderIntended


@dataclass(frozen=True, slots=True)
class Refused:
    intent: OrderIntended
    reason: str


class Gate:
    """Checks an intent against what is known at this instant."""

    def __init__(self, limits: RiskLimits, *, cache: Cache, blotter: "Blotter") -> None:
        self._limits = limits
        self._cache = cache
        self._blotter = blotter
        self._sent: dict[str, deque[int]] = {}
        # Realised less fees of each quote asset when the present day began.
        self._day_start: dict[str, Decimal] = {}
        self.closed = ""
        """Why no order may pass at all (halted, stopping, blind...), or ''."""

    def check(self, intent: OrderIntended, *, without: Order | None = None) -> Approved | Refused:
        """Decide. The reason begins with the name of the rule and gives value and bound.

        ``without`` is an open order that goes when this one comes.
        """
        reason = (
            self.obstacle(intent.symbol, intent.recv_ns)
            or self._collar(intent)
            or self._filters(intent)
            or self._size(intent, without)
            or self._count(intent)
            or self._loss(intent)
        )
        if reason:
            return Refused(intent, reason)
        self._sent.setdefault(intent.strategy_id, deque()).append(intent.recv_ns)
        return Approved(intent)

    def check_amendment(self, order: Order, intent: OrderIntended) -> str:
        """Why the order may not become as the intent says, or ''."""
        return (
            self.obstacle(intent.symbol, intent.recv_ns)
            or self._collar(intent)
            or self._filters(intent)
            or self._size(intent, order)
            or ("" if intent.quantity <= order.quantity else self._loss(intent))
        )

    def start_day(self, before_today: dict[str, Decimal] | None = None) -> None:
        """A day begins (00:00 UTC): what is earned from now on is of today.

        On start-up in the middle of a day, ``before_today`` is what had been earned by
        00:00, by quote asset, from the stored fills.
        """
        quotes = {instrument.quote for instrument in self._cache.instruments.values()}
        self._day_start = (
            {quote: self._earned(quote)[0] for quote in sorted(quotes)}
            if before_today is None
            else dict(before_today)
        )

    def obstacle(self, symbol: str, now_ns: int) -> str:
        """Why no order on the symbol may pass at this moment, whatever it is, or ''."""
        if self.closed:
            return f"CLOSED: {self.closed}"
        if self._cache.is_dark(symbol):
            return f"BLIND: the market feed of {symbol} is down"
        age_ns = self._cache.price_age_ns(symbol, now_ns)
        if age_ns is None:
            return f"NO_PRICE: no quote or trade of {symbol} has been seen yet"
        stale_ns = int(self._limits.stale_after_s * SECOND_NS)
        if stale_ns and age_ns > stale_ns:
            return f"STALE: the last price of {symbol} is {age_ns / SECOND_NS:.1f} s old"
        return ""

    def _collar(self, intent: OrderIntended) -> str:
        last = self._cache.exact_price(intent.symbol)
        collar = self._limits.price_collar
        if intent.order_type.is_conditional:
            # Its limit is measured from where it is set off, which may be far from here.
            last = intent.terms.trigger_price
        if intent.price is None or last is None or not collar:
            return ""
        high, low = last * (1 + collar), last * (1 - collar)
        if intent.side is Side.BUY and intent.price > high:
            return f"PRICE_COLLAR: buy at {as_fixed(intent.price)} is above {high:.8f}"
        if intent.side is Side.SELL and intent.price < low:
            return f"PRICE_COLLAR: sell at {as_fixed(intent.price)} is below {low:.8f}"
        return ""

    def _filters(self, intent: OrderIntended) -> str:
        instrument = self._cache.instruments[intent.symbol]
        return (
            instrument.violation(
                order_type=intent.order_type,
                side=intent.side,
                quantity=intent.quantity,
                price=intent.price,
                reference_price=self._reference(intent),
            )
            or terms_violation(instrument, intent)
            or ""
        )

    def _reference(self, intent: OrderIntended) -> Decimal | None:
        """The price that an order without one will get, as far as can be told."""
        return intent.terms.trigger_price or self._cache.exact_price(intent.symbol)

    def _size(self, intent: OrderIntended, without: Order | None) -> str:
        at = intent.price or self._reference(intent) or _ZERO
        notional = at * intent.quantity
        bound = self._limits.max_order_notional
        if bound and notional > bound:
            return f"MAX_ORDER_NOTIONAL: {as_fixed(notional)} is above {as_fixed(bound)}"
        bound = self._limits.max_position_notional
        if not bound or _only_closes(intent):
            return ""
        held = self._blotter.position(intent.strategy_id, intent.symbol).quantity
        committed = self._blotter.committed(
            intent.strategy_id, intent.symbol, intent.side, without=without
        )
        after = held + intent.side.sign * (committed + intent.quantity)
        grows = abs(after) > abs(held) or after * held < 0
        if grows and abs(after) * at > bound:
            return (
                f"MAX_POSITION: {as_fixed(after)} {intent.symbol} with open orders is "
                f"{as_fixed(abs(after) * at)}, above {as_fixed(bound)}"
            )
        return ""

    def _count(self, intent: OrderIntended) -> str:
        bound = self._limits.max_open_orders
        if bound and len(self._blotter.open_orders(intent.strategy_id)) >= bound:
            return f"MAX_OPEN_ORDERS: {bound} orders are open already"
        instrument = self._cache.instruments[intent.symbol]
        on_symbol = len(self._blotter.open_orders(symbol=intent.symbol))
        if instrument.max_orders and on_symbol >= instrument.max_orders:
            return f"MAX_NUM_ORDERS: {instrument.max_orders} orders are open on {intent.symbol}"
        recent = self._sent.setdefault(intent.strategy_id, deque())
        while recent and recent[0] <= intent.recv_ns - SECOND_NS:
            recent.popleft()
        bound = self._limits.max_orders_per_second
        if bound and len(recent) >= bound:
            return f"MAX_ORDER_RATE: {bound} orders were sent in the last second"
        return ""

    def _loss(self, intent: OrderIntended) -> str:
        bound = self._limits.max_daily_loss
        if not bound or self._reduces(intent):
            return ""
        quote = self._cache.instruments[intent.symbol].quote
        earned, unrealised = self._earned(quote)
        start = self._day_start.get(quote, _ZERO)
        loss = -(earned - start + min(unrealised, _ZERO))
        if loss >= bound:
            text = f"{as_fixed(loss)} {quote} lost today, the bound is {as_fixed(bound)}"
            return f"MAX_DAILY_LOSS: {text}"
        return ""

    def _earned(self, quote: str) -> tuple[Decimal, Decimal]:
        """Realised less fees, and unrealised, of all strategies in one quote asset."""
        earned = unrealised = _ZERO
        for (strategy_id, symbol), position in self._blotter.positions.items():
            instrument = self._cache.instruments.get(symbol)
            # What somebody else does on the account is neither our gain nor our loss.
            if strategy_id == EXTERNAL or instrument is None or instrument.quote != quote:
                continue
            earned += position.realised - position.fees
            price = self._cache.exact_price(symbol)
            if price is not None:
                unrealised += position.unrealised(price)
        return earned, unrealised

    def _reduces(self, intent: OrderIntended) -> bool:
        held = self._blotter.position(intent.strategy_id, intent.symbol).quantity
        leaving = self._blotter.committed(intent.strategy_id, intent.symbol, intent.side)
        return held * intent.side.sign < 0 and leaving + intent.quantity <= abs(held)


def _only_closes(intent: OrderIntended) -> bool:
    """It cannot make the position larger than another order of its list already may.

    Of an OCO one order trades, and the first was checked; those of a bracket close what its
    entry opened.
    """
    terms = intent.terms
    if terms.reduce_only or terms.close_position:
        return True
    if terms.contingency is Contingency.OTOCO:
        return terms.list_role is not ListRole.WORKING
    return terms.contingency is Contingency.OCO and terms.list_role is ListRole.STOP_LOSS
