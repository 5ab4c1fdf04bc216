"""The simulated futures exchange on a real port, with a market that stands still."""

import asyncio
import time
from decimal import Decimal

import pytest

from bot.domain.commands import SubmitOrder
from bot.domain.events import FeedState, OrderFilled
from bot.domain.terms import OrderTerms
from bot.domain.values import Market, OrderType, Side, TimeInForce
from bot.exchange.endpoints import from_url
from bot.exchange.futures.links import Links
from bot.exchange.futures.user_feed import FuturesUserFeed, FuturesUserFeedOptions
from bot.exchange.futures.venue import FuturesVenue
from bot.exchange.session import Session
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.server import serve

D = Decimal
ACCOUNTS = (("sim-key", "sim-secret"), ("other", "else"))
MARGIN = {"usdm": {"USDT": D(1_000_000)}, "coinm": {"BTC": D(1000), "ETH": D(1000)}}
SYMBOLS = {"usdm": "BTCUSDT", "coinm": "BTCUSD_PERP"}
BIDS = {
    "usdm": [("50000", "1"), ("49990", "5"), ("49500", "50")],
    "coinm": [("50000", "100"), ("49990", "500"), ("49500", "5000")],
}
ASKS = {
    "usdm": [("50010", "1"), ("50020", "5"), ("50500", "50")],
    "coinm": [("50010", "100"), ("50020", "500"), ("50500", "5000")],
}


class FuturesWorld:
    """The exchange of one market, with two accounts: ours, and somebody else's."""

    def __init__(self, kind: str, clock) -> None:
        self.kind = kind
        self.market = Market(kind)
        self.symbol = SYMBOLS[kind]
        self.clock = clock
        self.plan = FaultPlan()
        self.now_ms = int(time.time() * 1000)
        self.core = FuturesExchange(
            market=kind,
            symbols=DEFAULT_CONTRACTS[kind],
            accounts=[AccountSpec(key, secret, balances=MARGIN[kind]) for key, secret in ACCOUNTS],
            source=StillMarket({self.symbol: BIDS[kind]}, {self.symbol: ASKS[kind]}),
            start_ms=self.now_ms,
        )
        self.sessions: list[Session] = []
        self._count = 0

    async def __aenter__(self):
        spot = SimulatedExchange(
            symbols=DEFAULT_SYMBOLS,
            accounts=[AccountSpec(key, secret) for key, secret in ACCOUNTS],
            market=StillMarket({}, {}),
            start_ms=self.now_ms,
        )
        self.server = await serve(spot, futures=[self.core], faults=self.plan)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.sessions = [
            Session(
                from_url(self.url),
                api_key=key,
                api_secret=secret,
                timeout_s=20.0,
                home=self.market,
            )
            for key, secret in ACCOUNTS
        ]
        self.links = Links()
        self.venue = FuturesVenue(self.sessions[0], self.clock, self.market, links=self.links)
        self.other = FuturesVenue(self.sessions[1], self.clock, self.market)
        return self

    async def __aexit__(self, *_):
        for session in self.sessions:
            await session.close()
        await self.server.close()

    def fault(self, **fault) -> None:
        self.plan.add(parse_faults([fault]), int(time.time() * 1000))

    def order(self, cid, kind, *, side=Side.BUY, quantity="0.1", price=None, **terms):
        return SubmitOrder(
            client_order_id=cid,
            symbol=self.symbol,
            side=side,
            order_type=kind,
            time_in_force=terms.pop("time_in_force", TimeInForce.GTC),
            quantity=D(quantity),
            price=None if price is None else D(price),
            terms=OrderTerms(**terms),
        )

    async def take(self, side, quantity) -> None:
        """Somebody takes that much at the market, so that the price moves."""
        self._count += 1
        name = f"other-{self._count}"
        await self.other.submit(self.order(name, OrderType.MARKET, side=side, quantity=quantity))

    def truth(self, name: str) -> list[dict]:
        """What the exchange has of ours, whatever we were told."""
        return [row for row in self.core.state()[name] if row["account"] == "sim-key"]


def names(events):
    return [type(event).__name__ for event in events]


async def heard(told, kind, cid):
    """The event of that kind about that order, past or to come."""

    def is_it(event):
        return isinstance(event, kind) and event.client_order_id == cid

    return await told.until(is_it)


@pytest.fixture
async def usdm(wall):
    async with FuturesWorld("usdm", wall) as world:
        yield world


@pytest.fixture
async def coinm(wall):
    async with FuturesWorld("coinm", wall) as world:
        yield world


@pytest.fixture
async def open_feed(collected, quick, short):
    """``await open_feed(world)``: its account's stream, up; all events go to ``collected``."""
    tasks = []

    async def start(world, **options):
        chosen = FuturesUserFeedOptions(
            liveness=short, backoff=quick, key_backoff=quick, **({"doubt_s": 0.2} | options)
        )
        feed = FuturesUserFeed(
            world.sessions[0],
            collected,
            world.clock,
            world.market,
            links=world.links,
            options=chosen,
        )
        tasks.append(asyncio.create_task(feed.run()))
        await collected.state(FeedState.UP)
        return feed

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def tell():
    """``names`` and ``heard``, which tests of this folder share."""
    return names, heard


@pytest.fixture
def fills_of():
    def fills(events, cid):
        return [e.fill for e in events if isinstance(e, OrderFilled) and e.client_order_id == cid]

    return fills
