"""The class that a plugin derives from."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final, Generic, TypeVar, get_args, get_origin

from bot.domain.book import BookReading
from bot.domain.events import FeedChanged
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.market import Bar, QuoteTick
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.terms import PositionSide
from bot.strategy.context import Context
from bot.strategy.history import BarsWanted
from bot.strategy.market import MarketCallbacks, MarketData
from bot.strategy.orders import OrderEntry
from bot.strategy.params import StrategyParams

__all__ = ["CALLBACKS", "Strategy"]

P = TypeVar("P", bound=StrategyParams)


class Strategy(MarketData, OrderEntry, Generic[P]):
    """A trading strategy: override the callbacks, ask for data in ``on_start``, place orders.

    Callbacks are plain functions; they run one at a time, in the order of the events, and
    nothing changes while one runs. ``buy``, ``sell`` and ``cancel`` return at once; what
    becomes of the order comes back through ``on_order`` and ``on_fill``. An exception in
    a callback is contained and reported; after several the strategy is quarantined::

        class Params(StrategyParams):
            size_quote: float = 50.0

        class BuyOnce(Strategy[Params]):
            def on_start(self) -> None:
                for symbol in self.symbols:
                    self.subscribe_quotes(symbol)

            def on_quote(self, quote: QuoteTick) -> None:
                if not self.position(quote.symbol).quantity and not self.open_orders():
                    self.buy(quote.symbol, self.params.size_quote / quote.ask)
    """

    version: ClassVar[str] = "1"
    """Stored with each run; raise it when the rules change."""

    params_type: ClassVar[type[StrategyParams]] = StrategyParams

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in getattr(cls, "__orig_bases__", ()):
            if get_origin(base) is Strategy:
                (params,) = get_args(base)
                if isinstance(params, type):
                    cls.params_type = params

    def __init__(self, *, context: Context, params: P, symbols: tuple[str, ...]) -> None:
        self._context = context
        self.params: Final = params
        self.symbols: Final = symbols

    # --- callbacks: override what you need (those of the market: MarketData) ---------

    def warm_up(self) -> Sequence[BarsWanted]:
        """What of the past must be known before ``on_start``: asked once, before everything.

        ``self.params``, ``self.symbols`` and ``self.instrument`` are there already. The bars
        are then in :meth:`bars`, and stay up to date whether they are subscribed to or not.
        """
        return ()

    def on_start(self) -> None:
        """The account is reconciled and orders are allowed; subscribe here."""

    def on_stop(self) -> None:
        """The bot is about to end. Orders and cancels asked for here are still sent.

        After this only ``on_order`` and ``on_fill`` are called.
        """

    def on_order(self, order: Order) -> None:
        """One of our orders changed: accepted, refused, filled, cancelled... (a copy)."""

    def on_fill(self, fill: Fill) -> None:
        """One of our orders traded; ``position`` already includes it."""

    def on_feed(self, feed: FeedChanged) -> None:
        """A feed went up, down or stale; UP after DOWN means that something was missed."""

    def on_timer(self, name: str) -> None:
        """A timer set with :meth:`set_timer` fired."""

    # --- what is known -----------------------------------------------------------------

    @property
    def strategy_id(self) -> str:
        """The name of this instance, also the tag in its client order ids."""
        return self._context.strategy_id

    @property
    def now_ns(self) -> int:
        """The time of the present event, nanoseconds UTC. There is no other clock."""
        return self._context.now_ns

    @property
    def is_blind(self) -> bool:
        """True while account news may be missing; orders asked for now are refused."""
        return self._context.is_blind

    def position(self, symbol: str, side: PositionSide = PositionSide.BOTH) -> Position:
        """What this strategy holds of ``symbol`` (a copy; flat if it never traded).

        In hedge mode a symbol has two positions, ``PositionSide.LONG`` and ``SHORT``, and the
        one of ``BOTH`` stays flat.
        """
        return self._context.position(symbol, side)

    @property
    def budget(self) -> Decimal | None:
        """What this strategy was given of the account, in its PnL asset; None: no bound."""
        return self._context.budget

    @property
    def free_budget(self) -> Decimal | None:
        """The budget with what was earned, less what is held (at cost) and what orders reserve."""
        return self._context.free_budget

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Our orders that are not ended, oldest first (copies), of ``symbol`` or of all."""
        return self._context.open_orders(symbol)

    def order(self, client_order_id: str) -> Order | None:
        """One of our orders (a copy), or None."""
        return self._context.order(client_order_id)

    def instrument(self, symbol: str) -> Instrument:
        """Tick, step and limits of a symbol.

        Raises:
            KeyError: the symbol is not one that this run trades.
        """
        return self._context.instrument(symbol)

    def quote(self, symbol: str) -> QuoteTick | None:
        """The latest best bid and ask, or None before the first."""
        return self._context.quote(symbol)

    def last_price(self, symbol: str) -> float | None:
        """Mid of the latest quote, else the last trade, else None. Quote units."""
        return self._context.last_price(symbol)

    def book(self, symbol: str) -> BookReading | None:
        """The whole book of a symbol subscribed with :meth:`subscribe_depth`.

        It is read as it stands now and changes with the next event: keep no reference.
        None before it is in step with the exchange, and whenever something in it may be
        missing: a gap, a lost connection, silence.
        """
        return self._context.book(symbol)

    def bars(self, symbol: str, interval: str, count: int) -> list[Bar]:
        """The last ``count`` closed bars, oldest first; fewer if fewer are known.

        Of those that were named in :meth:`warm_up` or are subscribed to. Within ``on_bar`` a
        bar that closed is the last of them.

        Raises:
            KeyError: these bars were neither named nor subscribed to.
        """
        return self._context.bars(symbol, interval, count)

    # --- timers, memory, words (data: see MarketData) ----------------------------------

    def set_timer(self, name: str, interval_s: float) -> None:
        """Call ``on_timer(name)`` every ``interval_s`` seconds of event time, until cancelled."""
        self._context.set_timer(name, interval_s)

    def cancel_timer(self, name: str) -> None:
        self._context.cancel_timer(name)

    def save(self, key: str, value: object) -> None:
        """Keep a JSON-able value over restarts."""
        self._context.save(key, value)

    def load(self, key: str, default: object = None) -> object:
        """What :meth:`save` kept under ``key``, or ``default``."""
        return self._context.load(key, default)

    def log(self, message: str, level: str = "INFO") -> None:
        """A line in the bot's log, with this strategy's name and the event time."""
        self._context.log(message, level)


CALLBACKS: Final = frozenset(
    name for kind in (Strategy, MarketCallbacks) for name in vars(kind) if name.startswith("on_")
)
"""The names that a plugin may define with the prefix ``on_``."""
