"""One plugin's view of the engine."""

import json
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.book import BookReading
from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import Bar, QuoteTick
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.terms import PositionSide
from bot.domain.values import SECOND_NS
from bot.engine.ordering import Ordering
from bot.engine.topics import canonical

__all__ = ["PluginContext"]

_LEVELS: Final = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")


class PluginContext(Ordering):
    """The :class:`bot.strategy.context.Context` of one plugin."""

    @property
    def now_ns(self) -> int:
        return self._engine.now_ns

    @property
    def is_blind(self) -> bool:
        return self._engine.is_blind

    def open_orders(self, symbol: str | None) -> list[Order]:
        orders = self._engine.blotter.open_orders(self.strategy_id, symbol)
        return [msgspec.structs.replace(order) for order in orders]

    def order(self, client_order_id: str) -> Order | None:
        order = self._engine.blotter.get(client_order_id)
        if order is None or order.strategy_id != self.strategy_id:
            return None
        return msgspec.structs.replace(order)

    @property
    def budget(self) -> Decimal | None:
        return self._engine.gate.budgets.whole.get(self.strategy_id)

    @property
    def free_budget(self) -> Decimal | None:
        return self._engine.gate.budgets.free(self.strategy_id)

    def position(self, symbol: str, side: PositionSide = PositionSide.BOTH) -> Position:
        blotter = self._engine.blotter
        return msgspec.structs.replace(blotter.position(self.strategy_id, symbol, side))

    def quote(self, symbol: str) -> QuoteTick | None:
        return self._engine.cache.quotes.get(symbol)

    def last_price(self, symbol: str) -> float | None:
        return self._engine.cache.last_price(symbol)

    def book(self, symbol: str) -> BookReading | None:
        return self._engine.books.book(symbol.removeprefix(f"{self._engine.config.market}:"))

    def bars(self, symbol: str, interval: str, count: int) -> list[Bar]:
        wish = Subscription(StreamKind.BARS, symbol, interval)
        wish = canonical(wish, self._engine.config.market)
        return self._engine.bars.closed((wish.symbol, wish.detail), count)

    def subscribe(self, subscription: Subscription) -> None:
        self._engine.subscribe(self.strategy_id, subscription)

    def unsubscribe(self, subscription: Subscription) -> bool:
        return self._engine.unsubscribe(self.strategy_id, subscription)

    def set_timer(self, name: str, interval_s: float) -> None:
        if not interval_s > 0:
            raise ValueError(f"a timer's interval must be above 0 s, got {interval_s}")
        every_ns = max(int(interval_s * SECOND_NS), 1)
        due_ns = self.now_ns + every_ns
        self._engine.timers.set(self.strategy_id, name, due_ns, every_ns=every_ns)

    def cancel_timer(self, name: str) -> None:
        self._engine.timers.cancel(self.strategy_id, name)

    def save(self, key: str, value: object) -> None:
        text = json.dumps(value)
        self._engine.host.plugins[self.strategy_id].state[key] = text
        self._engine.save_state(self.strategy_id, key, text)

    def load(self, key: str, default: object) -> object:
        text = self._engine.host.plugins[self.strategy_id].state.get(key)
        return default if text is None else json.loads(text)

    def log(self, message: str, level: str) -> None:
        if level.upper() not in _LEVELS:
            raise ValueError(f"a log level is one of {', '.join(_LEVELS)}, got {level!r}")
        self._engine.log(level.upper(), message, self.strategy_id)
