"""Behind the stage: the engine, the small exchange, and a record of what was done."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.domain.commands import CancelOrder, SubmitOrder, Subscribe, Subscription
from bot.domain.errors import StrategyError
from bot.domain.events import Event, FeedChanged, FeedKind, FeedState
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.records import FillSaved, IncidentOpened, OrderSaved, StateSaved
from bot.domain.values import SECOND_NS, OrderType
from bot.engine.effects import LogLine
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.runtime.plugins.matching import Matching
from bot.runtime.plugins.observed import observed
from bot.runtime.plugins.parameters import validate
from bot.runtime.plugins.past import Past, no_more, past_of
from bot.runtime.plugins.reference import parse
from bot.runtime.plugins.resolution import load_checked, spec_of
from bot.runtime.plugins.wholebook import WholeBooks
from bot.strategy.strategy import Strategy

__all__ = ["Backstage"]

_START_NS: Final = 1_704_067_200 * SECOND_NS
"""2024-01-01T00:00:00Z. Rehearsals begin at the same instant, so that they are alike."""
_QUOTE_ASSETS: Final = ("USDT", "USDC", "FDUSD", "BTC", "ETH", "BNB", "EUR")


class Backstage:
    """Carries events to the engine and its commands to the exchange until both are quiet."""

    def __init__(
        self,
        strategy: str | StrategySpec | type[Strategy[Any]],
        *,
        symbols: Sequence[str] = ("BTCUSDT",),
        limits: RiskLimits | None = None,
        instruments: Mapping[str, Instrument] | None = None,
        saved: Mapping[str, str] | None = None,
        history: Past | None = None,
        strict: bool = True,
        **params: object,
    ) -> None:
        """Start the strategy: an account that is seen, and no price yet.

        Args:
            strategy: as ``--strategy`` takes it, or the class.
            symbols: what the run trades.
            limits: risk limits other than the usual ones.
            instruments: rules of symbols; else tick 0.01, step 0.00001, at least 5 quote units.
            saved: :attr:`saved` of an earlier stage, as after a restart.
            history: what ``warm_up`` finds, oldest first: ``{"1m": [100, 101.5]}`` are closes of
                bars of the first symbol, ``{("ETHUSDT", "1h"): [...]}`` of another; or bars.
            strict: raise what the strategy raises.
            params: parameters of the strategy.

        Raises:
            StrategyError: ``warm_up`` asks for what there cannot be.
        """
        self.spec = _spec(strategy, symbols, params)
        self.instruments = {s: _instrument(s) for s in symbols} | dict(instruments or {})
        self.calls: dict[str, int] = {}
        """How often each callback ran."""
        self.faults: list[Exception] = []
        """What the strategy raised."""
        self.commands: list[SubmitOrder | CancelOrder] = []
        """What was sent to the exchange, in order."""
        self.sent_ns: list[int] = []
        """When each of the commands was sent."""
        self.subscriptions: list[Subscription] = []
        """The streams that were asked for."""
        self._wishes: dict[Subscription, None] = {}
        self.fills: list[Fill] = []
        self.incidents: list[IncidentOpened] = []
        self.logs: list[LogLine] = []
        self.saved: dict[str, str] = dict(saved or {})
        """The strategy's state as it would be stored."""
        self._orders: dict[str, Order] = {}
        self._strict = strict
        self._now_ns = _START_NS
        self._ids = 0
        self._trades: dict[str, int] = {}
        self._matching = Matching(self.instruments)
        self._books = WholeBooks()
        config = EngineConfig(run_id="rehearsal", limits=limits or RiskLimits())
        self.engine = Engine(config, self.instruments)
        self.engine.bars.given = past_of(history or {}, symbols[0], _START_NS)
        kind = observed(self.spec.kind, self.calls, self.faults)
        spec = StrategySpec(self.spec.strategy_id, kind, self.spec.params, self.spec.symbols)
        self.engine.host.load(spec, self.saved)
        self._feed_changed(FeedKind.USER, FeedState.UP, ())
        if strict and not self.engine.host.plugins[spec.strategy_id].started:
            raise StrategyError("; ".join(incident.cause for incident in self.incidents))

    # --- what came of it -------------------------------------------------------------------

    @property
    def strategy(self) -> Strategy[Any]:
        """The running instance."""
        return self.engine.host.plugins[self.spec.strategy_id].strategy

    @property
    def now_ns(self) -> int:
        return self._now_ns

    @property
    def orders(self) -> list[Order]:
        """Every order that was asked for, as it now stands, oldest first; refused ones too."""
        return list(self._orders.values())

    @property
    def open_orders(self) -> list[Order]:
        return [order for order in self.orders if not order.status.is_terminal]

    @property
    def wishes(self) -> list[Subscription]:
        """What the strategy has subscribed to, also what is no stream of the exchange's."""
        self.note_wishes()
        return list(self._wishes)

    def note_wishes(self) -> None:
        """Remember them, before it stops and lets go of them."""
        self._wishes |= dict.fromkeys(self.engine.subscriptions.of(self.spec.strategy_id))

    def position(self, symbol: str = "") -> Position:
        """What the strategy holds."""
        live = self.engine.blotter.position(self.spec.strategy_id, symbol or self._first)
        return msgspec.structs.replace(live)

    # --- how it runs ----------------------------------------------------------------------------

    @property
    def _first(self) -> str:
        return self.spec.symbols[0]

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids

    def _next_trade(self, symbol: str) -> int:
        self._trades[symbol] = self._trades.get(symbol, 0) + 1
        return self._trades[symbol]

    def _later(self, seconds: float) -> int:
        self._now_ns += round(seconds * SECOND_NS)
        return self._now_ns

    def _feed(self, event: Event) -> None:
        waiting = [event]
        while waiting:
            self.engine.feed(waiting.pop(0))
            waiting.extend(self._carry_out())

    def _carry_out(self) -> list[Event]:
        effects = self.engine.take()
        self.logs.extend(effects.logs)
        for record in effects.records:
            match record:
                case OrderSaved():
                    self._orders[record.order.client_order_id] = record.order
                case FillSaved():
                    self.fills.append(record.fill)
                case IncidentOpened():
                    self.incidents.append(record)
                case StateSaved() if record.strategy_id == self.spec.strategy_id:
                    self.saved[record.key] = record.value
        answers: list[Event] = []
        for command in effects.commands:
            if isinstance(command, Subscribe):
                self.subscriptions.extend(command.subscriptions)
                continue
            if isinstance(command, SubmitOrder | CancelOrder):
                self.commands.append(command)
                self.sent_ns.append(self._now_ns)
            answers.extend(self._matching.answer(command, self._now_ns))
            answers.extend(no_more(command, self._now_ns))
            answers.extend(self._books.answer(command, self._now_ns))
        return answers

    def _raise(self) -> None:
        if self._strict and self.faults:
            raise self.faults.pop(0)

    def _feed_changed(self, feed: FeedKind, state: FeedState, symbols: tuple[str, ...]) -> None:
        self._feed(
            FeedChanged(
                feed=feed,
                name=f"{feed.value} feed",
                state=state,
                cause="rehearsal",
                recv_ns=self._later(0.001),
                symbols=symbols,
            )
        )
        self._raise()


def _spec(
    strategy: str | StrategySpec | type[Strategy[Any]],
    symbols: Sequence[str],
    params: Mapping[str, object],
) -> StrategySpec:
    if isinstance(strategy, StrategySpec):
        return strategy
    if isinstance(strategy, str):
        reference = parse(strategy)
        return spec_of(reference, load_checked(reference), default_symbols=symbols, values=params)
    label = strategy.__name__
    checked = validate(label, strategy.params_type, params)
    return StrategySpec(label, strategy, checked, tuple(symbols))


def _instrument(symbol: str) -> Instrument:
    quote = next((asset for asset in _QUOTE_ASSETS if symbol.endswith(asset)), symbol[-4:])
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix(quote),
        quote=quote,
        tick_size=Decimal("0.01"),
        step_size=Decimal("0.00001"),
        min_quantity=Decimal("0.00001"),
        min_notional=Decimal(5),
        order_types=tuple(kind.value for kind in OrderType),
        amend_allowed=True,
        replace_allowed=True,
    )
