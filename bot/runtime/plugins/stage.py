"""The real engine with one strategy and a small exchange, driven by hand: for tests of plugins."""

from collections.abc import Sequence

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedKind, FeedState, StopRequested, TimePassed
from bot.domain.instrument import Number
from bot.domain.market import AggTrade, Bar, BookSnapshot, MarketEvent, QuoteTick, TradeTick
from bot.domain.order import Order
from bot.domain.values import MS_NS, SECOND_NS
from bot.runtime.plugins.backstage import Backstage

__all__ = ["Stage"]


class Stage(Backstage):
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
        """Two others trade; one of our resting orders that is reached fills.

        Bars that the bot builds from trades (``500ms``, ``100t``, ``50v``) form by it.
        """
        now_ns = self._later(after_s)
        symbol, price, size = symbol or self._first, float(price), float(size)
        number = self._next_trade(symbol)
        sides = (buyer_is_maker, now_ns, now_ns)
        self.publish(TradeTick(symbol, price, size, number, *sides))
        if Subscription(StreamKind.AGG_TRADES, symbol) in self.engine.subscriptions:
            self.publish(AggTrade(symbol, price, size, number, number, number, *sides))

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

    def depth(
        self,
        bids: Sequence[tuple[float, float]],
        asks: Sequence[tuple[float, float]],
        *,
        symbol: str = "",
        after_s: float = 0.01,
    ) -> None:
        """The whole book is now this, as (price, size); ``on_depth`` hears what changed.

        ``self.book(symbol)`` is there after the first call, for what is subscribed.
        """
        now_ns = self._later(after_s)
        self.publish(self._books.become(symbol or self._first, dict(bids), dict(asks), now_ns))

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
