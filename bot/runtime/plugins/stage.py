"""The real engine with one strategy and a small exchange, driven by hand: for tests of plugins."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.domain.commands import CancelOrder, SubmitOrder, Subscribe, Subscription
from bot.domain.events import Event, FeedChanged, FeedKind, FeedState, StopRequested, TimePassed
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument, Number
from bot.domain.market import Bar, BookSnapshot, MarketEvent, QuoteTick, TradeTick
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.records import FillSaved, IncidentOpened, OrderSaved, StateSaved
from bot.domain.values import MS_NS, SECOND_NS
from bot.engine.effects import LogLine
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.runtime.plugins.matching import Matching
from bot.runtime.plugins.observed import observed
from bot.runtime.plugins.parameters import validate
from bot.runtime.plugins.reference import parse
from bot.runtime.plugins.resolution import load_checked, spec_of
from bot.strategy.strategy import Strategy

__all__ = ["Stage"]

_START_NS: Final = 1_704_067_200 * SECOND_NS
"""2024-01-01T00:00:00Z. Rehearsals begin at the same instant, so that they are alike."""
_QUOTE_ASSETS: Final = ("USDT", "USDC", "FDUSD", "BTC", "ETH", "BNB", "EUR")


class Stage:
    """A strategy that runs, and the market, exchange and clock in your hands.

    For example::

        stage = Stage("strategies/sma_cross.py:fast=2,slow=3")
        stage.quote(99.9, 100.1)
        stage.trade(100.0)
        assert stage.position().quantity > 0

    Each method feeds an event and everything that follows from it, then raises what the
    strategy raised, if it did. Orders are answered at once: they fill where the quote or a
    trade reaches them, with 0.1 % commission in what they receive. Where ``symbol`` is not
    given it is the first one.
    """

    def __init__(
        self,
        strategy: str | StrategySpec | type[Strategy[Any]],
        *,
        symbols: Sequence[str] = ("BTCUSDT",),
        limits: RiskLimits | None = None,
        instruments: Mapping[str, Instrument] | None = None,
        saved: Mapping[str, str] | None = None,
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
            strict: raise what the strategy raises.
            params: parameters of the strategy.
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
        self.fills: list[Fill] = []
        self.incidents: list[IncidentOpened] = []
        self.logs: list[LogLine] = []
        self.saved: dict[str, str] = dict(saved or {})
        """The strategy's state as it would be stored."""
        self._orders: dict[str, Order] = {}
        self._strict = strict
        self._now_ns = _START_NS
        self._ids = 0
        self._matching = Matching(self.instruments)
        config = EngineConfig(run_id="rehearsal", limits=limits or RiskLimits())
        self.engine = Engine(config, self.instruments)
        kind = observed(self.spec.kind, self.calls, self.faults)
        spec = StrategySpec(self.spec.strategy_id, kind, self.spec.params, self.spec.symbols)
        self.engine.host.load(spec, self.saved)
        self.user_feed(FeedState.UP)

    # --- the market ----------------------------------------------------------------------

    def quote(
        self, bid: float, ask: float, *, symbol: str = "", size: float = 1.0, after_s: float = 0.01
    ) -> None:
        """The best bid and ask change, ``after_s`` seconds after the event before."""
        now_ns = self._later(after_s)
        self.publish(
            QuoteTick(
                symbol=symbol or self._first,
                bid=bid,
                bid_size=size,
                ask=ask,
                ask_size=size,
                update_id=self._next_id(),
                ts_ns=now_ns,
                recv_ns=now_ns,
            )
        )

    def trade(
        self,
        price: float,
        *,
        size: float = 0.1,
        buyer_is_maker: bool = False,
        symbol: str = "",
        after_s: float = 0.01,
    ) -> None:
        """Two others trade; one of our resting orders that is reached fills."""
        now_ns = self._later(after_s)
        self.publish(
            TradeTick(
                symbol=symbol or self._first,
                price=price,
                size=size,
                trade_id=self._next_id(),
                buyer_is_maker=buyer_is_maker,
                ts_ns=now_ns,
                recv_ns=now_ns,
            )
        )

    def bar(
        self,
        close: float,
        *,
        interval: str = "1m",
        interval_s: float = 60.0,
        closed: bool = True,
        symbol: str = "",
    ) -> None:
        """A bar of ``interval`` ends (or, not ``closed``, forms) with this price."""
        opened_ns = self._now_ns
        now_ns = self._later(interval_s)
        self.publish(
            Bar(
                symbol=symbol or self._first,
                interval=interval,
                open=close,
                high=close,
                low=close,
                close=close,
                volume=1.0,
                quote_volume=close,
                trades=1,
                open_ns=opened_ns,
                close_ns=now_ns - MS_NS,
                closed=closed,
                ts_ns=now_ns,
                recv_ns=now_ns,
            )
        )

    def book(
        self,
        bids: Sequence[tuple[float, float]],
        asks: Sequence[tuple[float, float]],
        *,
        symbol: str = "",
        after_s: float = 0.01,
    ) -> None:
        """The top of the book as (price, size), best first."""
        now_ns = self._later(after_s)
        self.publish(
            BookSnapshot(
                symbol=symbol or self._first,
                bids=tuple(bids),
                asks=tuple(asks),
                update_id=self._next_id(),
                ts_ns=now_ns,
                recv_ns=now_ns,
            )
        )

    def publish(self, event: MarketEvent) -> None:
        """Any market event; the clock goes on to its ``recv_ns``."""
        self._now_ns = max(self._now_ns, event.recv_ns)
        # The exchange is ahead of what is heard of it: a cancel sent now may come too late.
        fills = list(self._matching.see(event, self._now_ns))
        self._feed(event)
        for fill in fills:
            self._feed(fill)
        self._raise()

    # --- time, feeds, the end --------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Nothing happens for so long; timers fire when they are due."""
        end_ns = self._now_ns + round(seconds * SECOND_NS)
        while self.engine.timers.next_ns < end_ns:
            self._now_ns = max(self._now_ns, self.engine.timers.next_ns)
            self._feed(TimePassed(recv_ns=self._now_ns))
        self._now_ns = end_ns
        self._feed(TimePassed(recv_ns=end_ns))
        self._raise()

    def market_feed(self, state: FeedState, *, symbols: tuple[str, ...] = ()) -> None:
        """The market's feed (of these symbols; none: of all) goes up, down or stale."""
        self._feed_changed(FeedKind.MARKET, state, symbols)

    def user_feed(self, state: FeedState) -> None:
        """The account's feed goes up, down or stale. While it is down the bot is blind."""
        self._feed_changed(FeedKind.USER, state, ())

    def stop(self) -> None:
        """The bot is asked to end; open orders are cancelled."""
        self._feed(StopRequested(reason="stop", cancel_orders=True, recv_ns=self._later(0)))
        self._raise()

    # --- the exchange ----------------------------------------------------------------------

    def reject_next(self, reason: str = "Filter failure: NOTIONAL", code: int = -1013) -> None:
        """The exchange will reject the next order."""
        self._matching.refuse_next.append((code, reason))

    def fill(self, order: Order, quantity: Number, price: Number | None = None) -> None:
        """Trade some of a resting order, at its own price unless another is given.

        Raises:
            KeyError: it does not rest at the exchange.
        """
        instrument = self.instruments[order.symbol]
        at = order.price if price is None else instrument.price(price)
        assert at is not None
        amount = min(instrument.quantity(quantity), order.remaining)
        self._feed(self._matching.fill(order.client_order_id, amount, at, self._later(0.001)))
        self._raise()

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

    def position(self, symbol: str = "") -> Position:
        """What the strategy holds."""
        live = self.engine.blotter.position(self.spec.strategy_id, symbol or self._first)
        return msgspec.structs.replace(live)

    # --- inside ----------------------------------------------------------------------------

    @property
    def _first(self) -> str:
        return self.spec.symbols[0]

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids

    def _later(self, seconds: float) -> int:
        self._now_ns += round(seconds * SECOND_NS)
        return self._now_ns

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
        return answers

    def _raise(self) -> None:
        if self._strict and self.faults:
            raise self.faults.pop(0)


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
    )
