"""The class that a plugin derives from."""

from typing import Any, ClassVar, Final, Generic, TypeVar, get_args, get_origin

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedChanged
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument, Number
from bot.domain.market import AggTrade, Bar, BookSnapshot, MiniTicker, QuoteTick, Ticker, TradeTick
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.values import Side, TimeInForce
from bot.strategy.context import Context
from bot.strategy.params import StrategyParams

__all__ = ["CALLBACKS", "Strategy"]

P = TypeVar("P", bound=StrategyParams)


class Strategy(Generic[P]):
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
        self._context: Final = context
        self.params: Final = params
        self.symbols: Final = symbols

    # --- callbacks: override what you need ---------------------------------------------

    def on_start(self) -> None:
        """The account is reconciled and orders are allowed; subscribe here."""

    def on_stop(self) -> None:
        """The bot is about to end. Orders and cancels asked for here are still sent.

        After this only ``on_order`` and ``on_fill`` are called.
        """

    def on_trade(self, trade: TradeTick) -> None:
        pass

    def on_agg_trade(self, trade: AggTrade) -> None:
        pass

    def on_quote(self, quote: QuoteTick) -> None:
        pass

    def on_bar(self, bar: Bar) -> None:
        """Each update of a subscribed bar; ``bar.closed`` tells the last one."""

    def on_book(self, book: BookSnapshot) -> None:
        pass

    def on_mini_ticker(self, ticker: MiniTicker) -> None:
        pass

    def on_ticker(self, ticker: Ticker) -> None:
        pass

    def on_order(self, order: Order) -> None:
        """One of our orders changed: accepted, refused, filled, cancelled... (a copy)."""

    def on_fill(self, fill: Fill) -> None:
        """One of our orders traded; ``position`` already includes it."""

    def on_feed(self, feed: FeedChanged) -> None:
        """A feed went up, down or stale; UP after DOWN means that something was missed."""

    def on_timer(self, name: str) -> None:
        """A timer set with :meth:`set_timer` fired."""

    # --- orders ------------------------------------------------------------------------

    def buy(
        self,
        symbol: str,
        quantity: Number,
        price: Number | None = None,
        *,
        post_only: bool = False,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> str:
        """Ask to buy ``quantity`` base units: at ``price`` or better, or at the market.

        Quantity is rounded down to the symbol's step and price to its tick, never
        beyond what was asked. ``post_only`` orders are refused by the venue rather than
        take liquidity.

        Returns:
            The client order id. A refusal by risk comes to ``on_order`` with status REFUSED.

        Raises:
            KeyError: the symbol is not one that this run trades.
            ValueError: quantity or price is not a finite number.
        """
        return self._context.submit(
            symbol=symbol,
            side=Side.BUY,
            quantity=quantity,
            price=price,
            post_only=post_only,
            time_in_force=time_in_force,
        )

    def sell(
        self,
        symbol: str,
        quantity: Number,
        price: Number | None = None,
        *,
        post_only: bool = False,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> str:
        """Ask to sell; otherwise as :meth:`buy`."""
        return self._context.submit(
            symbol=symbol,
            side=Side.SELL,
            quantity=quantity,
            price=price,
            post_only=post_only,
            time_in_force=time_in_force,
        )

    def cancel(self, client_order_id: str) -> bool:
        """Ask to cancel. False if there is no such open order of ours; asking twice is harmless."""
        return self._context.cancel(client_order_id)

    def cancel_all(self, symbol: str | None = None) -> int:
        """Ask to cancel all our open orders (on ``symbol``); how many."""
        return sum(
            self._context.cancel(order.client_order_id)
            for order in self._context.open_orders(symbol)
        )

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

    def position(self, symbol: str) -> Position:
        """What this strategy holds of ``symbol`` (a copy; flat if it never traded)."""
        return self._context.position(symbol)

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

    # --- data, timers, memory, words ---------------------------------------------------

    def subscribe_trades(self, symbol: str) -> None:
        self._context.subscribe(Subscription(StreamKind.TRADES, symbol))

    def subscribe_agg_trades(self, symbol: str) -> None:
        self._context.subscribe(Subscription(StreamKind.AGG_TRADES, symbol))

    def subscribe_quotes(self, symbol: str) -> None:
        self._context.subscribe(Subscription(StreamKind.QUOTES, symbol))

    def subscribe_bars(self, symbol: str, interval: str) -> None:
        """``interval`` as Binance names it: 1s, 1m, 5m, 1h, 1d ..."""
        self._context.subscribe(Subscription(StreamKind.BARS, symbol, interval))

    def subscribe_book(self, symbol: str, levels: int = 20) -> None:
        """``levels``: 5, 10 or 20 a side."""
        self._context.subscribe(Subscription(StreamKind.BOOK, symbol, str(levels)))

    def subscribe_mini_ticker(self, symbol: str) -> None:
        self._context.subscribe(Subscription(StreamKind.MINI_TICKER, symbol))

    def subscribe_ticker(self, symbol: str) -> None:
        self._context.subscribe(Subscription(StreamKind.TICKER, symbol))

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


CALLBACKS: Final = frozenset(name for name in vars(Strategy) if name.startswith("on_"))
"""The names that a plugin may define with the prefix ``on_``."""
