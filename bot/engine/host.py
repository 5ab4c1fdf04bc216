"""Where plugins live: their callbacks behind a wall, their requests in a queue."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import StrategyError
from bot.domain.instrument import Instrument, Number
from bot.domain.market import AggTrade, Bar, BookSnapshot, MiniTicker, QuoteTick, Ticker, TradeTick
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.values import MS_NS, SECOND_NS, OrderType, Side, TimeInForce
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Host", "Plugin", "Request", "StrategySpec"]

_CALLBACK_OF: Final[dict[StreamKind, tuple[type, str]]] = {
    StreamKind.TRADES: (TradeTick, "on_trade"),
    StreamKind.AGG_TRADES: (AggTrade, "on_agg_trade"),
    StreamKind.QUOTES: (QuoteTick, "on_quote"),
    StreamKind.BARS: (Bar, "on_bar"),
    StreamKind.BOOK: (BookSnapshot, "on_book"),
    StreamKind.MINI_TICKER: (MiniTicker, "on_mini_ticker"),
    StreamKind.TICKER: (Ticker, "on_ticker"),
}

_FAULTS_ALLOWED: Final = 5
"""Faults within a minute after which a strategy is quarantined."""
_FAULT_WINDOW_NS: Final = 60 * SECOND_NS
_SLOW_ALLOWED: Final = 10


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """Which strategy to run, as what, on what."""

    strategy_id: str
    kind: type[Strategy[Any]]
    params: StrategyParams
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What a callback asked for; handled after the callback has ended."""

    strategy_id: str
    client_order_id: str
    order: "OrderWish | None"
    """None: cancel it."""
    cause: str


@dataclass(frozen=True, slots=True)
class OrderWish:
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None


@dataclass(slots=True)
class Plugin:
    """A loaded strategy and its record of conduct."""

    spec: StrategySpec
    strategy: Strategy[Any]
    state: dict[str, Any]
    fault_times: list[int] = field(default_factory=list)
    slow: int = 0
    quarantined: str = ""
    started: bool = False


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

    def set_timer(self, name: str, interval_s: float) -> None:
        if not interval_s > 0:
            raise ValueError(f"a timer's interval must be above 0 s, got {interval_s}")
        every_ns = int(interval_s * SECOND_NS)
        due_ns = self.now_ns + every_ns
        self._engine.timers.set(self.strategy_id, name, due_ns, every_ns=every_ns)

    def cancel_timer(self, name: str) -> None:
        self._engine.timers.cancel(self.strategy_id, name)

    def save(self, key: str, value: object) -> None:
        self._engine.host.plugins[self.strategy_id].state[key] = value
        self._engine.save_state(self.strategy_id, key, json.dumps(value))

    def load(self, key: str, default: object) -> object:
        return self._engine.host.plugins[self.strategy_id].state.get(key, default)

    def log(self, message: str, level: str) -> None:
        self._engine.log(level.upper(), message, self.strategy_id)


class Host:
    """Runs callbacks behind the bus's wall and quarantines plugins that keep failing."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.plugins: dict[str, Plugin] = {}

    def load(self, spec: StrategySpec, state: dict[str, str]) -> None:
        """Make the strategy's instance.

        Raises:
            StrategyError: its ``__init__`` raised, or the id is taken.
        """
        if spec.strategy_id in self.plugins:
            raise StrategyError(
                f"two strategies are called {spec.strategy_id!r}: give one another id, "
                f"as in --strategy {spec.strategy_id}:id=second"
            )
        context = PluginContext(self._engine, spec.strategy_id)
        try:
            strategy = spec.kind(context=context, params=spec.params, symbols=spec.symbols)
        except Exception as e:  # wall: plugin code
            raise StrategyError(f"strategy {spec.strategy_id}: __init__ raised {e!r}") from e
        kept = {key: json.loads(value) for key, value in state.items()}
        self.plugins[spec.strategy_id] = Plugin(spec, strategy, kept)

    def start(self) -> None:
        """Run ``on_start`` of each plugin that has not started."""
        for strategy_id, plugin in self.plugins.items():
            if not plugin.started:
                plugin.started = True
                self.call(strategy_id, "on_start")

    def call(self, strategy_id: str, callback: str, *args: object) -> None:
        """Run one callback, unless the strategy is quarantined or not started."""
        plugin = self.plugins.get(strategy_id)
        if plugin is None or plugin.quarantined or not plugin.started:
            return
        handler: Callable[..., None] = getattr(plugin.strategy, callback)
        self._engine.bus.call(strategy_id, handler, *args)

    def call_all(self, callback: str, *args: object) -> None:
        for strategy_id in list(self.plugins):
            self.call(strategy_id, callback, *args)

    def wire(self, strategy_id: str, subscription: Subscription) -> None:
        """Put the callback for a subscription on the bus, if the plugin defines it."""
        plugin = self.plugins[strategy_id]
        event_type, callback = _CALLBACK_OF[subscription.kind]
        if getattr(type(plugin.strategy), callback) is getattr(Strategy, callback):
            raise StrategyError(
                f"{type(plugin.strategy).__name__} subscribes to {subscription.kind.value} "
                f"but defines no {callback}"
            )
        handler = getattr(plugin.strategy, callback)
        self._engine.bus.subscribe(event_type, subscription.symbol, strategy_id, handler)

    def faulted(self, owner: str, callback: str, error: BaseException) -> None:
        """A callback raised: an incident, and quarantine if it happens too often."""
        plugin = self.plugins[owner]
        now_ns = self._engine.now_ns
        cause = f"{callback} raised {type(error).__name__}: {error}{_place(error)}"
        plugin.fault_times = [t for t in plugin.fault_times if now_ns - t < _FAULT_WINDOW_NS]
        plugin.fault_times.append(now_ns)
        self._engine.incident("strategy_fault", owner, cause, severity="error")
        if len(plugin.fault_times) >= _FAULTS_ALLOWED:
            self.quarantine(
                owner, f"{len(plugin.fault_times)} faults within a minute; last: {cause}"
            )

    def slow(self, owner: str, callback: str, took_ns: int) -> None:
        """A callback took too long: an incident, and quarantine if it happens too often."""
        plugin = self.plugins[owner]
        plugin.slow += 1
        cause = f"{callback} took {took_ns / MS_NS:.0f} ms"
        if plugin.slow == 1 or plugin.slow % _SLOW_ALLOWED == 0:
            self._engine.incident("strategy_slow", owner, cause, severity="warning")
        if plugin.slow >= _SLOW_ALLOWED:
            self.quarantine(owner, f"{plugin.slow} slow callbacks; last: {cause}")

    def quarantine(self, strategy_id: str, cause: str) -> None:
        """Call it no more and cancel its orders; the others go on."""
        plugin = self.plugins[strategy_id]
        if plugin.quarantined:
            return
        plugin.quarantined = cause
        self._engine.bus.unsubscribe(strategy_id)
        self._engine.timers.cancel_owner(strategy_id)
        self._engine.incident("strategy_quarantined", strategy_id, cause, severity="error")
        for order in self._engine.blotter.open_orders(strategy_id):
            self._engine.request_cancel(strategy_id, order.client_order_id)


def _place(error: BaseException) -> str:
    """`` (file.py:12)``: the innermost line of the plugin's own file."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if "/bot/engine/" not in path and "/bot/strategy/" not in path:
            place = f" ({path.rsplit('/', 1)[-1]}:{trace.tb_lineno})"
        trace = trace.tb_next
    return place
