"""One plugin's view of the engine."""

import json
from typing import TYPE_CHECKING, Final

import msgspec

from bot.domain.commands import Subscription
from bot.domain.instrument import Instrument, Number
from bot.domain.market import QuoteTick
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.values import SECOND_NS, OrderType, Side, TimeInForce
from bot.engine.request import OrderWish

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["PluginContext"]

_LEVELS: Final = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")


class PluginContext:
    """The :class:`bot.strategy.context.Context` of one plugin."""

    def __init__(self, engine: "Engine", strategy_id: str) -> None:
        self._engine = engine
        self.strategy_id = strategy_id

    @property
    def now_ns(self) -> int:
        return self._engine.now_ns

    @property
    def is_blind(self) -> bool:
        return self._engine.is_blind

    def submit(
        self,
        *,
        symbol: str,
        side: Side,
        quantity: Number,
        price: Number | None,
        post_only: bool,
        time_in_force: TimeInForce,
    ) -> str:
        instrument = self.instrument(symbol)
        # A wrong number fails here, in the plugin's own line, not later in the engine.
        exact_quantity = instrument.quantity(quantity)
        exact_price = None if price is None else instrument.price_for(side, price)
        if price is None:
            order_type = OrderType.MARKET
        else:
            order_type = OrderType.LIMIT_MAKER if post_only else OrderType.LIMIT
        wish = OrderWish(symbol, side, order_type, time_in_force, exact_quantity, exact_price)
        return self._engine.request_order(self.strategy_id, wish)

    def cancel(self, client_order_id: str) -> bool:
        return self._engine.request_cancel(self.strategy_id, client_order_id)

    def open_orders(self, symbol: str | None) -> list[Order]:
        orders = self._engine.blotter.open_orders(self.strategy_id, symbol)
        return [msgspec.structs.replace(order) for order in orders]

    def order(self, client_order_id: str) -> Order | None:
        order = self._engine.blotter.get(client_order_id)
        if order is None or order.strategy_id != self.strategy_id:
            return None
        return msgspec.structs.replace(order)

    def position(self, symbol: str) -> Position:
        return msgspec.structs.replace(self._engine.blotter.position(self.strategy_id, symbol))

    def instrument(self, symbol: str) -> Instrument:
        try:
            return self._engine.cache.instruments[symbol]
        except KeyError:
            known = ", ".join(self._engine.cache.instruments)
            raise KeyError(f"{symbol} is not traded in this run; it trades {known}") from None

    def quote(self, symbol: str) -> QuoteTick | None:
        return self._engine.cache.quotes.get(symbol)

    def last_price(self, symbol: str) -> float | None:
        return self._engine.cache.last_price(symbol)

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
