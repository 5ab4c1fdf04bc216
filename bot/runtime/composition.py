"""The composition root: which parts a venue name stands for. The only place that knows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain.commands import QueryOrder
from bot.domain.errors import SettingsError, VenueError, VenueSetupError
from bot.domain.events import OrderNotFound
from bot.domain.instrument import Instrument
from bot.domain.values import Market, OrderStatus
from bot.exchange import endpoints
from bot.exchange.deadman import CountdownSwitch
from bot.exchange.direct import Access
from bot.exchange.endpoints import Endpoints
from bot.exchange.futures.orderentry import FuturesOrderEntry
from bot.exchange.market_history import BinanceMarketHistory
from bot.exchange.orderentry import OrderEntry
from bot.exchange.session import Session
from bot.history.session import SessionRecording
from bot.ports import Clock, Emit, MarketFeed, MarketHistory, Recovery, Store, UserFeed, Venue
from bot.runtime.accountside import AccountSide, account_side
from bot.runtime.deadman import DeadMan
from bot.runtime.embedded import EmbeddedExchange, EmbeddedOptions, state_file, state_files
from bot.runtime.environment import Environment, latest_of
from bot.runtime.feeds import market_feeds
from bot.runtime.logs import logger
from bot.runtime.recorder import recording_of
from bot.runtime.settings import LIVE_CONFIRMATION, Settings
from bot.storage.open import open_store, prepare
from bot.storage.reader import TradeReader

if TYPE_CHECKING:
    from bot.runtime.runner import Plan

__all__ = ["Connected", "Parts", "connected", "endpoints_of", "keys_of", "opened", "was_wiped"]

_SIM_KEY: Final = "sim-key"
_SIM_SECRET: Final = "sim-secret"  # noqa: S105 - the public account of the simulated exchange


@dataclass(slots=True)
class Connected:
    """A session with the exchange that a venue name stands for."""

    session: Session
    account: AccountSide
    where: str
    """The address, or ``embedded``."""
    account_key: str = field(repr=False)


@dataclass(slots=True)
class Parts:
    """Everything that a run is made of, apart from its engine."""

    venue: Venue
    history: MarketHistory
    market_feed: MarketFeed
    user_feed: UserFeed
    order_entry: OrderEntry | FuturesOrderEntry
    store: Store
    instruments: dict[str, Instrument]
    recovery: Recovery
    environment: str
    connect: Callable[[Emit], None]
    """Says where events go; to be called once, before the feeds run."""
    sync_clock: Callable[[], Awaitable[object]]
    renew_lease: Callable[[], Awaitable[None]]
    backlog: Callable[[], int]
    notes: list[tuple[str, str, str]]
    """(kind, subject, cause) of incidents that happened before there was an engine."""
    recording: SessionRecording | None = None
    access: Access | None = None
    """How to reach the account past the session and its loop."""
    dead_man: DeadMan | None = None
    """Cancels open orders at the venue if it is not refreshed (futures)."""
    is_embedded: bool = False
    """The exchange is a child of this process, and ends with it."""
    clock_offset_ms: Callable[[], int] = lambda: 0
    """How far the exchange's clock is ahead of ours."""
    weight_used: Callable[[], int] = lambda: -1
    """Request weight of the present minute, as the exchange counts it; -1: not known."""


@asynccontextmanager
async def opened(plan: "Plan", *, clock: Clock, run_id: str) -> AsyncIterator[Parts]:
    """Open everything in the order in which it may fail cheaply; close it in reverse.

    Raises:
        UserError: a part cannot be had; one line says which and what to do.
    """
    settings = plan.settings
    async with AsyncExitStack() as stack:
        fresh = _is_new_file(settings.db)
        prepare(settings.db)
        store = open_store(settings.db, synchronous=settings.db_synchronous)
        stack.push_async_callback(store.close)
        if fresh:
            # A new database is a new account: the old one's orders would be unexplained.
            for path in state_files(settings.db):
                path.unlink(missing_ok=True)
        exchange = await stack.enter_async_context(
            connected(settings, clock=clock, embedded=plan.embedded)
        )
        account = exchange.account
        instruments = await account.venue.instruments(settings.symbols)
        await account.check(settings.symbols)
        environment, recovery, notes = await _account(exchange, store, settings)
        recording = recording_of(
            settings, plan.record, run_id=run_id, environment=str(environment), closing=stack
        )
        history = BinanceMarketHistory(exchange.session, clock, home=Market(settings.market))
        market_feed = market_feeds(settings, exchange.session, history, clock, recording)

        def connect(emit: Emit) -> None:
            account.connect(emit)
            market_feed.connect(emit)

        yield Parts(
            venue=account.venue,
            history=history,
            market_feed=market_feed,
            user_feed=account.user_feed,
            order_entry=account.order_entry,
            store=store,
            instruments=instruments,
            recovery=recovery,
            environment=str(environment),
            connect=connect,
            sync_clock=exchange.session.sync_clock,
            renew_lease=account.renew,
            backlog=lambda: store.backlog,
            notes=notes,
            recording=recording,
            access=Access(
                endpoints=exchange.session.endpoints,
                api_key=exchange.account_key,
                api_secret=keys_of(settings)[1],
                recv_window_ms=settings.recv_window_ms,
                market=Market(settings.market),
            ),
            dead_man=_dead_man(exchange.session, settings),
            is_embedded=exchange.where == "embedded",
            clock_offset_ms=lambda: exchange.session.timestamp_offset,
            weight_used=lambda: exchange.session.usage.weight_1m,
        )


@asynccontextmanager
async def connected(
    settings: Settings,
    *,
    clock: Clock,
    embedded: EmbeddedOptions | None = None,
) -> AsyncIterator[Connected]:
    """A session with the settings' venue; starts the embedded exchange where that is the venue.

    Raises:
        UserError: a key is missing, the exchange does not start or cannot be reached.
    """
    async with AsyncExitStack() as stack:
        where, at = await _locate(settings, stack, embedded or EmbeddedOptions())
        key, secret = keys_of(settings)
        session = Session(
            at,
            api_key=key,
            api_secret=secret,
            recv_window_ms=settings.recv_window_ms,
            home=Market(settings.market),
        )
        stack.push_async_callback(session.close)
        try:
            await session.sync_clock()
        except VenueError as e:
            raise VenueSetupError(
                f"{settings.venue} at {where} does not answer: {e}; "
                "is the address right, and is it up?"
            ) from e
        logger.bind(source="bot").info("connected to {} ({})", settings.venue, where)
        yield Connected(
            session=session,
            account=account_side(settings, session, clock),
            where=where,
            account_key=key,
        )


async def _locate(
    settings: Settings, stack: AsyncExitStack, embedded: EmbeddedOptions
) -> tuple[str, Endpoints]:
    at = endpoints_of(settings)
    if at is not None:
        given = {"--tape": embedded.tapes, "--scene": embedded.scene, "--faults": embedded.faults}
        for option in (name for name, value in given.items() if value):
            raise SettingsError(
                f"{option} is for the exchange that bot run starts itself, not for {at.name}: "
                "give it to bot sim serve"
            )
        return at.name, at
    exchange = await stack.enter_async_context(
        EmbeddedExchange(
            state=state_file(settings.db),
            market=Market(settings.market),
            symbols=settings.symbols,
            options=embedded,
        )
    )
    return "embedded", endpoints.from_url(exchange.url)


def endpoints_of(settings: Settings) -> Endpoints | None:
    """The addresses of the settings' venue; None for the embedded exchange.

    Raises:
        SettingsError: the URL is none, or trading real money was not confirmed.
    """
    if settings.venue == "live" and settings.live_confirmation != LIVE_CONFIRMATION:
        raise SettingsError(
            "--venue live trades real money: set BOT_LIVE_CONFIRMATION to "
            f"{LIVE_CONFIRMATION!r} if you mean it"
        )
    if settings.venue_url:
        return endpoints.from_url(settings.venue_url)
    known = {"testnet": endpoints.TESTNET, "demo": endpoints.DEMO, "live": endpoints.LIVE}
    return known.get(settings.venue)


def _dead_man(session: Session, settings: Settings) -> DeadMan | None:
    market = Market(settings.market)
    return None if market is Market.SPOT else CountdownSwitch(session, market, settings.symbols)


def keys_of(settings: Settings) -> tuple[str, str]:
    """API key and secret; the simulated exchange has an account for everyone.

    Raises:
        SettingsError: the venue needs keys and there are none.
    """
    key, secret = settings.api_key.get_secret_value(), settings.api_secret.get_secret_value()
    if key and secret:
        return key, secret
    if settings.venue == "sim":
        return _SIM_KEY, _SIM_SECRET
    raise SettingsError(
        f"--venue {settings.venue} needs BOT_API_KEY and BOT_API_SECRET, in the environment or .env"
    )


async def _account(
    exchange: Connected, store: Store, settings: Settings
) -> tuple[Environment, Recovery, list[tuple[str, str, str]]]:
    """Which environment this is, what is stored of it, and what there is to note about that."""
    base = Environment.of(
        venue=settings.venue,
        market=settings.market,
        where=exchange.where,
        api_key=exchange.account_key,
    )
    with TradeReader(settings.db) as reader:
        environment = latest_of(base, [row.environment for row in reader.runs()])
    recovery = store.recover(str(environment))
    if not await was_wiped(exchange.account.venue, recovery):
        return environment, recovery, []
    if settings.venue == "live":
        raise VenueSetupError(
            f"the account does not know the orders stored in {settings.db}: "
            "is this the right API key? give another --db for another account"
        )
    environment = environment.next()
    cause = "the exchange does not know our stored orders: it was wiped"
    note = ("exchange_reset", str(environment), cause)
    return environment, store.recover(str(environment)), [note]


async def was_wiped(venue: Venue, recovery: Recovery) -> bool:
    """Whether the exchange no longer knows an order that it certainly knew.

    Orders with fills are never archived (unfilled ones are, after 90 days), so the order
    of the newest fill decides; without fills, the newest order that was accepted.
    """
    accepted = [
        order
        for order in (*recovery.recent_orders, *recovery.orders)
        if order.venue_order_id is not None and order.status is not OrderStatus.REJECTED
    ]
    if recovery.fills:
        fill = recovery.fills[-1].fill
        probe = QueryOrder(client_order_id=fill.client_order_id, symbol=fill.symbol)
    elif accepted:
        newest = max(accepted, key=lambda order: order.created_ns)
        probe = QueryOrder(client_order_id=newest.client_order_id, symbol=newest.symbol)
    else:
        return False
    answers = await venue.query(probe)
    return any(isinstance(answer, OrderNotFound) for answer in answers)


def _is_new_file(db: str) -> bool:
    if not db.startswith("sqlite"):
        return False
    path = Path(db.split("///", 1)[-1])
    return not path.exists() or path.stat().st_size == 0
