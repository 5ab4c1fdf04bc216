"""Where plugins live: their callbacks behind a wall, their requests in a queue."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import StrategyError
from bot.domain.values import EXTERNAL, MS_NS, SECOND_NS
from bot.engine.context import PluginContext
from bot.engine.request import OrderWish, Request
from bot.engine.topics import topic_wanted
from bot.strategy.market import CALLBACK_OF
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Host", "OrderWish", "Plugin", "Request", "StrategySpec"]

_FAULTS_ALLOWED: Final = 5
"""Faults within a minute after which a strategy is quarantined."""
_WINDOW_NS: Final = 60 * SECOND_NS
_SLOW_ALLOWED: Final = 10
"""Slow callbacks within a minute after which a strategy is quarantined."""
_RESERVED: Final = frozenset({EXTERNAL, "_engine"})
"""Names under which the engine itself keeps orders and state."""


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """Which strategy to run, as what, on what."""

    strategy_id: str
    kind: type[Strategy[Any]]
    params: StrategyParams
    symbols: tuple[str, ...]
    budget: Decimal = Decimal(0)
    """What it may use, in the PnL asset of its symbols; 0: as its limits say."""


@dataclass(slots=True)
class Plugin:
    """A loaded strategy and its record of conduct."""

    spec: StrategySpec
    strategy: Strategy[Any]
    state: dict[str, str]
    """JSON by key: what is loaded is what a restart would load, whatever became of the original."""
    fault_times: list[int] = field(default_factory=list)
    slow_times: list[int] = field(default_factory=list)
    slow: int = 0
    quarantined: str = ""
    started: bool = False


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
        if spec.strategy_id in _RESERVED:
            raise StrategyError(
                f"a strategy cannot be called {spec.strategy_id!r}, which the bot itself uses: "
                f"give it another id, as in --strategy {spec.strategy_id}:id=mine"
            )
        if spec.strategy_id in self.plugins:
            raise StrategyError(
                f"two strategies are called {spec.strategy_id!r}: give one another id, "
                f"as in --strategy {spec.strategy_id}:id=second"
            )
        self._budget(spec)
        context = PluginContext(self._engine, spec.strategy_id)
        try:
            strategy = spec.kind(context=context, params=spec.params, symbols=spec.symbols)
        except Exception as e:  # wall: plugin code
            raise StrategyError(
                f"strategy {spec.strategy_id}: __init__ raised {_words(e)}{_place(e)}"
            ) from e
        self.plugins[spec.strategy_id] = Plugin(spec, strategy, dict(state))

    def _budget(self, spec: StrategySpec) -> None:
        gate = self._engine.gate
        gate.give(spec.strategy_id, spec.budget)
        known = self._engine.cache.instruments
        assets = {known[symbol].pnl_asset for symbol in spec.symbols if symbol in known}
        if spec.strategy_id in gate.budgets.whole and len(assets) > 1:
            raise StrategyError(
                f"strategy {spec.strategy_id}: a budget is in one asset, and its symbols are "
                f"counted in {' and '.join(sorted(assets))}: run it once for each, "
                f"with symbols= and id="
            )

    def start(self) -> None:
        """Run ``on_start`` of each plugin that has not started and waits for no history."""
        self._engine.warmup.ask(self.plugins)
        for strategy_id, plugin in self.plugins.items():
            if plugin.started or plugin.quarantined:
                continue
            if self._engine.warmup.is_ready(strategy_id):
                plugin.started = True
                self.call(strategy_id, "on_start")

    def call(self, strategy_id: str, callback: str, *args: object) -> None:
        """Run one callback, unless the strategy is quarantined or not started."""
        plugin = self.plugins.get(strategy_id)
        if plugin is None or plugin.quarantined or not plugin.started:
            return
        handler: Callable[..., None] = getattr(plugin.strategy, callback)
        self._engine.bus.call(strategy_id, handler, *args)

    def stop(self) -> None:
        """Run ``on_stop`` of each; from then on they hear of their orders and of nothing else."""
        self.call_all("on_stop")
        for strategy_id in self.plugins:
            self._silence(strategy_id)

    def call_all(self, callback: str, *args: object) -> None:
        for strategy_id in list(self.plugins):
            self.call(strategy_id, callback, *args)

    def quarantined(self, strategy_id: str) -> str:
        """Why the strategy is in quarantine, or ''."""
        plugin = self.plugins.get(strategy_id)
        return "" if plugin is None else plugin.quarantined

    def wire(self, strategy_id: str, subscription: Subscription) -> None:
        """Put the callback for a subscription on the bus, if the plugin defines it."""
        plugin = self.plugins[strategy_id]
        event_type, callback = CALLBACK_OF[subscription.kind]
        if getattr(type(plugin.strategy), callback) is getattr(Strategy, callback):
            if subscription.kind is StreamKind.DEPTH:
                return  # for the sake of ``self.book(symbol)``
            raise StrategyError(
                f"{type(plugin.strategy).__name__} subscribes to {subscription.kind.value} "
                f"but defines no {callback}"
            )
        handler = getattr(plugin.strategy, callback)
        self._engine.bus.subscribe(event_type, topic_wanted(subscription), strategy_id, handler)

    def unwire(self, strategy_id: str, subscription: Subscription) -> None:
        """Take the callback for a subscription off the bus."""
        event_type, _ = CALLBACK_OF[subscription.kind]
        self._engine.bus.release(event_type, topic_wanted(subscription), strategy_id)

    def faulted(self, owner: str, callback: str, error: BaseException) -> None:
        """A callback raised: an incident, and quarantine if it happens too often."""
        plugin = self.plugins[owner]
        now_ns = self._engine.now_ns
        cause = f"{callback} raised {_words(error)}{_place(error)}"
        plugin.fault_times = [t for t in plugin.fault_times if now_ns - t < _WINDOW_NS]
        plugin.fault_times.append(now_ns)
        self._engine.incident("strategy_fault", owner, cause, severity="error")
        if len(plugin.fault_times) >= _FAULTS_ALLOWED:
            self.quarantine(
                owner, f"{len(plugin.fault_times)} faults within a minute; last: {cause}"
            )

    def slow(self, owner: str, callback: str, took_ns: int) -> None:
        """A callback took too long: an incident, and quarantine if it happens too often."""
        plugin = self.plugins[owner]
        now_ns = self._engine.now_ns
        plugin.slow += 1
        plugin.slow_times = [t for t in plugin.slow_times if now_ns - t < _WINDOW_NS]
        plugin.slow_times.append(now_ns)
        cause = f"{callback} took {took_ns / MS_NS:.0f} ms"
        if len(plugin.slow_times) == 1:
            self._engine.incident("strategy_slow", owner, cause, severity="warning")
        if len(plugin.slow_times) >= _SLOW_ALLOWED:
            self.quarantine(
                owner, f"{len(plugin.slow_times)} slow callbacks within a minute; last: {cause}"
            )

    def quarantine(self, strategy_id: str, cause: str) -> None:
        """Call it no more and cancel its orders; the others go on."""
        plugin = self.plugins[strategy_id]
        if plugin.quarantined:
            return
        plugin.quarantined = cause
        self._silence(strategy_id)
        self._engine.incident("strategy_quarantined", strategy_id, cause, severity="error")
        for order in self._engine.blotter.open_orders(strategy_id):
            self._engine.requests.cancel(strategy_id, order.client_order_id)

    def _silence(self, strategy_id: str) -> None:
        """No market event and no timer reach it any more; streams that only it wanted end."""
        self._engine.bus.unsubscribe(strategy_id)
        self._engine.subscriptions.release_all(strategy_id)
        self._engine.warmup.dismiss(strategy_id)
        self._engine.timers.cancel_owner(strategy_id)


def _words(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - wall: plugin code
        return type(error).__name__


def _place(error: BaseException) -> str:
    """`` (file.py:12)``: the innermost line of the plugin's own file."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if not any(f"/bot/{ours}/" in path for ours in ("engine", "strategy", "domain")):
            place = f" ({path.rsplit('/', 1)[-1]}:{trace.tb_lineno})"
        trace = trace.tb_next
    return place
