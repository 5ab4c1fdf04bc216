"""Strategies that do everything that strategies may do, without sense, by a seed of their own."""

import random
from collections.abc import Callable
from typing import Final

from bot.domain.market import QuoteTick
from bot.domain.order import Order
from bot.domain.terms import ListRole
from bot.domain.values import OrderType, Side, TimeInForce
from bot.strategy.draft import OrderDraft
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy

__all__ = ["Player", "PlayerParams"]

_WEIGHTS: Final = {
    "rest": 6,
    "near": 6,
    "take": 3,
    "post": 3,
    "immediate": 2,
    "stop": 2,
    "trail": 1,
    "by_cost": 2,
    "bracket": 3,
    "bracket_at_market": 2,
    "oco": 2,
    "oto": 1,
    "cancel": 6,
    "cancel_all": 1,
    "amend": 3,
    "replace": 4,
    "regret": 2,
}


class PlayerParams(StrategyParams):
    seed: int = 0
    size_quote: float = 60.0
    eagerness: float = 0.3
    """How often a quote makes it do something."""
    quiet_from_ns: int = 2**63 - 1
    """From then on it asks for nothing any more."""
    never: tuple[str, ...] = ()
    """What it never does."""


class Player(Strategy[PlayerParams]):
    """Its choices are a function of its seed, its run and the quotes."""

    def on_start(self) -> None:
        runs = self.load("runs", 0)
        run = (runs if isinstance(runs, int) else 0) + 1
        self.save("runs", run)
        self._random = random.Random(f"{self.params.seed}/{run}")  # noqa: S311 - a simulation
        kinds = {k: w for k, w in _WEIGHTS.items() if k not in self.params.never}
        self._kinds, self._shares = list(kinds), list(kinds.values())
        for symbol in self.symbols:
            self.subscribe_quotes(symbol)

    def on_quote(self, quote: QuoteTick) -> None:
        if self.now_ns >= self.params.quiet_from_ns:
            return
        if self._random.random() >= self.params.eagerness:
            return
        (kind,) = self._random.choices(self._kinds, self._shares)
        act: Callable[[QuoteTick, Side], None] = getattr(self, f"try_{kind}")
        act(quote, self._random.choice((Side.BUY, Side.SELL)))

    # --- what it does ---------------------------------------------------------------------

    def _size(self, quote: QuoteTick) -> float:
        return self.params.size_quote * self._random.uniform(0.5, 2.0) / quote.ask

    def _away(self, quote: QuoteTick, side: Side, fraction: float) -> float:
        """A price that far from the market, on the side where the order would rest."""
        return quote.mid * (1.0 - side.sign * fraction)

    def _limit(self, quote: QuoteTick, side: Side, price: float, **terms: object) -> str:
        ask = self.buy if side is Side.BUY else self.sell
        return ask(quote.symbol, self._size(quote), price, **terms)  # type: ignore[arg-type]

    def try_rest(self, quote: QuoteTick, side: Side) -> None:
        self._limit(quote, side, self._away(quote, side, self._random.uniform(0.002, 0.02)))

    def try_near(self, quote: QuoteTick, side: Side) -> None:
        self._limit(quote, side, self._away(quote, side, self._random.uniform(-0.0005, 0.001)))

    def try_take(self, quote: QuoteTick, side: Side) -> None:
        (self.buy if side is Side.BUY else self.sell)(quote.symbol, self._size(quote))

    def try_post(self, quote: QuoteTick, side: Side) -> None:
        price = self._away(quote, side, self._random.uniform(-0.0003, 0.001))
        self._limit(quote, side, price, post_only=True)

    def try_immediate(self, quote: QuoteTick, side: Side) -> None:
        how = self._random.choice((TimeInForce.IOC, TimeInForce.FOK))
        price = self._away(quote, side, self._random.uniform(-0.001, 0.0002))
        self._limit(quote, side, price, time_in_force=how)

    def try_stop(self, quote: QuoteTick, side: Side) -> None:
        trigger = quote.mid * (1.0 + side.sign * self._random.uniform(0.0003, 0.003))
        limit = trigger * (1.0 + side.sign * 0.001) if self._random.random() < 0.5 else None  # noqa: PLR2004 - a coin
        ask = self.stop
        if self._random.random() < 0.3:  # noqa: PLR2004 - now and then
            ask, trigger = self.take_profit, quote.mid * (1.0 - side.sign * 0.001)
            limit = None
        ask(quote.symbol, side, self._size(quote), trigger, limit)

    def try_trail(self, quote: QuoteTick, side: Side) -> None:
        self.trailing_stop(quote.symbol, side, self._size(quote), distance_percent=0.1)

    def try_by_cost(self, quote: QuoteTick, side: Side) -> None:
        ask = self.buy_for if side is Side.BUY else self.sell_for
        ask(quote.symbol, round(self.params.size_quote, 2))

    def try_bracket(self, quote: QuoteTick, side: Side) -> None:
        entry = self._away(quote, side, self._random.uniform(-0.0003, 0.001))
        self._surround(quote, side, entry, entry)

    def try_bracket_at_market(self, quote: QuoteTick, side: Side) -> None:
        self._surround(quote, side, None, quote.mid)

    def _surround(self, quote: QuoteTick, side: Side, entry: float | None, at: float) -> None:
        far = self._random.uniform(0.002, 0.006)
        self.bracket(
            quote.symbol,
            side,
            self._size(quote),
            entry,
            take_profit=at * (1.0 + side.sign * far),
            stop=at * (1.0 - side.sign * far),
        )

    def try_oco(self, quote: QuoteTick, side: Side) -> None:
        far = self._random.uniform(0.001, 0.004)
        self.oco(
            quote.symbol,
            side,
            self._size(quote),
            take_profit=quote.mid * (1.0 - side.sign * far),
            stop=quote.mid * (1.0 + side.sign * far),
        )

    def try_oto(self, quote: QuoteTick, side: Side) -> None:
        size = self._size(quote)
        out = Side.SELL if side is Side.BUY else Side.BUY
        working = self._away(quote, side, self._random.uniform(-0.0003, 0.001))
        drafts = (
            OrderDraft(
                symbol=quote.symbol,
                side=one,
                order_type=OrderType.LIMIT,
                quantity=size,
                price=price,
            )
            for one, price in ((side, working), (out, self._away(quote, out, 0.003)))
        )
        self.oto(*drafts)

    # --- what it does to its orders -------------------------------------------------------

    def _some(self, symbol: str, *, plain: bool = False) -> Order | None:
        orders = [
            order
            for order in self.open_orders(symbol)
            if not (plain and (order.terms.list_id or order.order_type.is_conditional))
            # The protection of a position is not for playing.
            and order.terms.list_role not in {ListRole.TAKE_PROFIT, ListRole.STOP_LOSS}
        ]
        return self._random.choice(orders) if orders else None

    def try_cancel(self, quote: QuoteTick, _: Side) -> None:
        order = self._some(quote.symbol)
        if order is not None:
            self.cancel(order.client_order_id)

    def try_cancel_all(self, quote: QuoteTick, _: Side) -> None:
        for order in self.open_orders(quote.symbol):
            if not order.terms.list_id:
                self.cancel(order.client_order_id)

    def try_amend(self, quote: QuoteTick, _: Side) -> None:
        order = self._some(quote.symbol, plain=True)
        if order is not None:
            self.amend(order.client_order_id, quantity=float(order.quantity) * 0.7)

    def try_replace(self, quote: QuoteTick, _: Side) -> None:
        order = self._some(quote.symbol, plain=True)
        if order is not None:
            price = self._away(quote, order.side, self._random.uniform(-0.0003, 0.002))
            self.replace(order.client_order_id, price=price)

    def try_regret(self, quote: QuoteTick, side: Side) -> None:
        """Place it and want it cancelled in the same breath."""
        self.cancel(self._limit(quote, side, self._away(quote, side, 0.002)))
