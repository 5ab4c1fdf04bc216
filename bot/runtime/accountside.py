"""The account's side of a venue: what a market has for orders, for news of them, for questions."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from bot.domain.events import Event
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.values import Market
from bot.exchange.futures.links import Links
from bot.exchange.futures.orderentry import FuturesOrderEntry
from bot.exchange.futures.preflight import AccountWishes, check_account
from bot.exchange.futures.reconcile import FuturesReconciler
from bot.exchange.futures.user_feed import FuturesUserFeed, FuturesUserFeedOptions
from bot.exchange.futures.venue import FuturesVenue
from bot.exchange.lease import ConnectionLease
from bot.exchange.orderentry import OrderEntry
from bot.exchange.reconcile import Difference, differences
from bot.exchange.session import Session
from bot.exchange.user_feed import BinanceUserFeed
from bot.exchange.venue import BinanceVenue
from bot.ports import Clock, Emit, UserFeed, Venue
from bot.runtime.settings import Settings

__all__ = ["AccountSide", "FuturesSide", "SpotSide", "account_side"]


class AccountSide(Protocol):
    """Made together, because the parts of a market know of each other."""

    @property
    def venue(self) -> Venue: ...

    @property
    def user_feed(self) -> UserFeed: ...

    @property
    def order_entry(self) -> OrderEntry | FuturesOrderEntry: ...

    def connect(self, emit: Emit) -> None:
        """Say where the events of the account go; once, before its feed runs."""
        ...

    async def renew(self) -> None:
        """Keep the account's stream valid; see :mod:`bot.exchange.lease`."""
        ...

    async def check(self, symbols: Sequence[str]) -> None:
        """Raises VenueSetupError if the account is not set up as the settings expect."""
        ...

    async def differences(
        self,
        *,
        orders: Iterable[Order],
        fills: Iterable[Fill],
        symbols: Sequence[str],
        prefix: tuple[str, ...],
    ) -> list[Difference]:
        """What is not the same in our books and at the exchange; raises VenueError."""
        ...


class SpotSide:
    """Spot: a signed subscription for the stream, orders over the WebSocket API."""

    def __init__(self, settings: Settings, session: Session, clock: Clock) -> None:
        self._session = session
        self.order_entry = OrderEntry(
            session, settings.order_entry, order_max_wait_s=settings.intent_max_age_s
        )
        self.venue = BinanceVenue(session, clock, self.order_entry.wire)
        feed = self.user_feed = BinanceUserFeed(session, _nowhere, clock)
        self._lease = ConnectionLease(
            clock=clock, up_since_ns=lambda: feed.up_since_ns, reconnect=feed.reconnect
        )

    def connect(self, emit: Emit) -> None:
        """As :class:`AccountSide` says; the order entry hears of fills too."""

        def heard(event: Event) -> None:
            self.order_entry.hear(event)
            emit(event)

        self.user_feed.emit = heard

    async def renew(self) -> None:
        """Replace the connection before its 24 hours are over."""
        await self._lease.renew()

    async def check(self, symbols: Sequence[str]) -> None:
        """Spot has no modes."""

    async def differences(
        self,
        *,
        orders: Iterable[Order],
        fills: Iterable[Fill],
        symbols: Sequence[str],
        prefix: tuple[str, ...],
    ) -> list[Difference]:
        """As :class:`AccountSide` says."""
        return await differences(
            self._session, orders=orders, fills=fills, symbols=symbols, prefix=prefix
        )


class FuturesSide:
    """USDⓈ-M or COIN-M: a listenKey for the stream, a service apart for conditional orders."""

    def __init__(self, settings: Settings, session: Session, clock: Clock, market: Market) -> None:
        self._market = market
        self._session = session
        self._reconciler = FuturesReconciler(session, clock, market)
        wanted = settings.futures
        self._wishes = AccountWishes(
            hedge_mode=wanted.hedge_mode,
            leverage=wanted.leverage,
            margin_type=wanted.margin_type,
        )
        links = Links()
        self.order_entry = FuturesOrderEntry(
            session, market, order_max_wait_s=settings.intent_max_age_s
        )
        self.venue = FuturesVenue(session, clock, market, links=links, wire=self.order_entry.wire)
        # A key is renewed twice in its life, so twice that is how long it lives.
        options = FuturesUserFeedOptions(valid_s=min(3600.0, 2 * settings.lease_every_s))
        self.user_feed = FuturesUserFeed(
            session, _nowhere, clock, market, links=links, options=options
        )

    def connect(self, emit: Emit) -> None:
        """As :class:`AccountSide` says."""
        self.user_feed.emit = emit

    async def renew(self) -> None:
        """Prolong the listenKey."""
        await self.user_feed.renew()

    async def check(self, symbols: Sequence[str]) -> None:
        """Position mode, leverage and margin type."""
        await check_account(self._session, self.venue, self._market, symbols, self._wishes)

    async def differences(
        self,
        *,
        orders: Iterable[Order],
        fills: Iterable[Fill],
        symbols: Sequence[str],
        prefix: tuple[str, ...],
    ) -> list[Difference]:
        """As :class:`AccountSide` says."""
        return await self._reconciler.differences(
            orders=orders, fills=fills, symbols=symbols, prefix=prefix
        )


def account_side(settings: Settings, session: Session, clock: Clock) -> AccountSide:
    """The parts of the settings' market."""
    market = Market(settings.market)
    if market is Market.SPOT:
        return SpotSide(settings, session, clock)
    return FuturesSide(settings, session, clock, market)


def _nowhere(_: Event) -> None:
    """Where events go until the pump is there: no feed runs before."""
