"""The gate that every order passes: Approved, or Refused with its reason."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from bot.domain.conditions import terms_violation
from bot.domain.events import OrderIntended
from bot.domain.order import Order
from bot.domain.values import SECOND_NS, Side, as_fixed
from bot.engine.cache import Cache
from bot.engine.risk.budgets import Budgets
from bot.engine.risk.decision import Approved, Refused
from bot.engine.risk.exposure import Exposure, only_closes
from bot.engine.risk.limits import RiskLimits
from bot.engine.risk.losses import Losses
from bot.engine.risk.protections import Protections
from bot.engine.risk.rate import Rate

if TYPE_CHECKING:
    from bot.engine.blotter import Blotter

__all__ = ["Gate"]

_ZERO: Final = Decimal(0)


class Gate:
    """Checks an intent against what is known at this instant."""

    def __init__(
        self,
        limits: RiskLimits,
        *,
        cache: Cache,
        blotter: "Blotter",
        of_strategies: Mapping[str, RiskLimits] | None = None,
    ) -> None:
        self._limits = limits
        self._of_strategies = of_strategies or {}
        self._cache = cache
        self._blotter = blotter
        self._rate = Rate()
        self.losses = Losses(cache=cache, blotter=blotter)
        self.exposure = Exposure(cache=cache, blotter=blotter)
        self.budgets = Budgets(cache=cache, blotter=blotter)
        self.protections = Protections(limits.protections, self.losses)
        self.closed = ""
        """Why no order may pass at all (halted, stopping, blind...), or ''."""

    def limits(self, strategy_id: str) -> RiskLimits:
        """The bounds of the strategy: its own where it has some."""
        return self._of_strategies.get(strategy_id, self._limits)

    def give(self, strategy_id: str, budget: Decimal) -> None:
        """What the strategy may use; 0: what its limits say, and without that as it pleases."""
        amount = budget or self.limits(strategy_id).budget
        if amount:
            self.budgets.whole[strategy_id] = amount

    def check(
        self, intent: OrderIntended, *, without: Order | None = None, closing: bool = False
    ) -> Approved | Refused:
        """Decide. The reason begins with the name of the rule and gives value and bound.

        ``without`` is an open order that goes when this one comes. ``closing``: the bot itself
        places it to close what an approved order has opened; no bound of ours may leave that
        without protection.
        """
        if closing:
            reason = (
                self.obstacle(intent.symbol, intent.recv_ns)
                or self._collar(intent)
                or self._filters(intent)
            )
        else:
            reason = (
                self.obstacle(intent.symbol, intent.recv_ns, intent.strategy_id)
                or self._collar(intent)
                or self._filters(intent)
                or self._size(intent, without)
                or self._count(intent)
                or self._loss(intent)
                or self.budgets.violation(intent, without)
            )
        if reason:
            return Refused(intent, reason)
        self._rate.count(intent.strategy_id, intent.recv_ns)
        return Approved(intent)

    def check_amendment(self, order: Order, intent: OrderIntended) -> str:
        """Why the order may not become as the intent says, or ''."""
        return (
            self.obstacle(intent.symbol, intent.recv_ns, intent.strategy_id)
            or self._collar(intent)
            or self._filters(intent)
            or self._size(intent, order)
            or ("" if intent.quantity <= order.quantity else self._loss(intent))
            or self.budgets.violation(_rest_of(order, intent), order)
        )

    def start_day(
        self,
        before_today: dict[str, Decimal] | None = None,
        of_strategies: dict[tuple[str, str], Decimal] | None = None,
    ) -> None:
        """A day begins (00:00 UTC): what is earned from now on is of today.

        On start-up in the middle of a day, ``before_today`` is what had been earned by
        00:00, by PnL asset, from the stored fills; ``of_strategies`` by strategy and asset.
        """
        self.losses.start_day(before_today, of_strategies)

    def obstacle(self, symbol: str, now_ns: int, strategy_id: str = "") -> str:
        """Why no order on the symbol may pass at this moment, whatever it is, or ''."""
        if self.closed:
            return f"CLOSED: {self.closed}"
        if self._cache.is_dark(symbol):
            return f"BLIND: the market feed of {symbol} is down"
        age_ns = self._cache.price_age_ns(symbol, now_ns)
        if age_ns is None:
            return f"NO_PRICE: no quote or trade of {symbol} has been seen yet"
        stale_ns = int(self.limits(strategy_id).stale_after_s * SECOND_NS)
        if stale_ns and age_ns > stale_ns:
            return f"STALE: the last price of {symbol} is {age_ns / SECOND_NS:.1f} s old"
        return ""

    def _collar(self, intent: OrderIntended) -> str:
        last = self._cache.exact_price(intent.symbol)
        collar = self.limits(intent.strategy_id).price_collar
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
        limits = self.limits(intent.strategy_id)
        instrument = self._cache.instruments[intent.symbol]
        at = intent.price or self._reference(intent) or _ZERO
        notional = instrument.notional(intent.quantity, at)
        bound = limits.max_order_notional
        if bound and notional > bound:
            return f"MAX_ORDER_NOTIONAL: {as_fixed(notional)} is above {as_fixed(bound)}"
        if only_closes(intent):
            return ""
        held, after = self.exposure.after(intent, without)
        if abs(after) <= abs(held) and after * held >= 0:
            return ""
        bound = limits.max_position_notional
        notional = instrument.notional(abs(after), at)
        if bound and notional > bound:
            return (
                f"MAX_POSITION: {as_fixed(after)} {intent.symbol} with open orders is "
                f"{as_fixed(notional)}, above {as_fixed(bound)}"
            )
        return self._totals(intent, without, limits)

    def _totals(self, intent: OrderIntended, without: Order | None, limits: RiskLimits) -> str:
        """Bounds over several positions; worked out only where there is one."""
        own, symbol = intent.strategy_id, intent.symbol
        bounds: tuple[tuple[str, Decimal, dict[str, str]], ...] = (
            ("MAX_STRATEGY", limits.max_strategy_notional, {"strategy_id": own}),
            ("MAX_SYMBOL", self._limits.max_symbol_notional, {"symbol": symbol}),
            ("MAX_ACCOUNT", self._limits.max_account_notional, {}),
        )
        for name, bound, which in bounds:
            if bound:
                total = self.exposure.worst(intent, without, **which)
                if total > bound:
                    whose = next(iter(which.values()), "all strategies")
                    return (
                        f"{name}: {whose} with open orders is {as_fixed(total)}, "
                        f"above {as_fixed(bound)}"
                    )
        return ""

    def _count(self, intent: OrderIntended) -> str:
        limits = self.limits(intent.strategy_id)
        bound = limits.max_open_orders
        if bound and len(self._blotter.open_orders(intent.strategy_id)) >= bound:
            return f"MAX_OPEN_ORDERS: {bound} orders are open already"
        bound = self._limits.max_account_open_orders
        if bound and len(self._blotter.open_orders()) >= bound:
            return f"MAX_OPEN_ORDERS: {bound} orders of the account are open already"
        instrument = self._cache.instruments[intent.symbol]
        on_symbol = self._blotter.open_orders(symbol=intent.symbol)
        if instrument.max_orders and len(on_symbol) >= instrument.max_orders:
            return f"MAX_NUM_ORDERS: {instrument.max_orders} orders are open on {intent.symbol}"
        most = instrument.max_conditional_orders
        if most and intent.order_type.is_conditional:
            waiting = sum(order.is_untriggered for order in on_symbol)
            if waiting >= most:
                return f"MAX_NUM_ALGO_ORDERS: {most} stops wait on {intent.symbol} already"
        return self._rate.violation(
            intent.strategy_id,
            intent.recv_ns,
            limits.max_orders_per_second,
            self._limits.max_account_orders_per_second,
        )

    def _loss(self, intent: OrderIntended) -> str:
        if self.exposure.reduces(intent) or only_closes(intent):
            return ""
        asset = self._cache.instruments[intent.symbol].pnl_asset
        own = self.limits(intent.strategy_id).max_strategy_daily_loss
        for bound, whose in ((self._limits.max_daily_loss, None), (own, intent.strategy_id)):
            loss = self.losses.of_today(asset, whose) if bound else _ZERO
            if bound and loss >= bound:
                by = f" by {whose}" if whose else ""
                return (
                    f"MAX_DAILY_LOSS: {as_fixed(loss)} {asset} lost today{by}, "
                    f"the bound is {as_fixed(bound)}"
                )
        return self.protections.reason(intent.strategy_id, intent.recv_ns)


def _rest_of(order: Order, intent: OrderIntended) -> OrderIntended:
    """What an amended order may still trade."""
    return msgspec.structs.replace(intent, quantity=max(intent.quantity - order.filled, _ZERO))
