"""Order entry on the simulated exchange: every kind of key, and what it does when that fails."""

import asyncio
import time
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from bot.domain.commands import CancelOrder, SubmitOrder
from bot.domain.events import OrderAccepted, OrderCanceled, OrderNotPlaced, OrderUnknown
from bot.domain.values import Market, OrderType, Side, TimeInForce
from bot.exchange.endpoints import from_url
from bot.exchange.orderentry import OrderEntry
from bot.exchange.session import Session
from bot.exchange.venue import BinanceVenue
from bot.exchange.wswire import WsWireOptions
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.server import serve

BOOK = {"BTCUSDT": [("50000", "1")]}, {"BTCUSDT": [("50010", "1")]}


def pem_pair(key):
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private, public.decode()


class _World:
    """A served exchange, a session and an order entry on it."""

    def __init__(self, private=None, public="sim-secret") -> None:
        self.private, self.public = private, public
        self.plan = FaultPlan()

    async def start(self, wall, quick, short):
        exchange = SimulatedExchange(
            symbols=DEFAULT_SYMBOLS,
            accounts=[AccountSpec("sim-key", self.public, {"USDT": Decimal(10**6)})],
            market=StillMarket(*BOOK),
            start_ms=int(time.time() * 1000),
        )
        self.exchange = exchange
        self.server = await serve(exchange, faults=self.plan)
        at = from_url(f"http://127.0.0.1:{self.server.port}")
        secret = "" if self.private else self.public
        self.session = Session(
            at, api_key="sim-key", api_secret=secret, private_key=self.private, timeout_s=20.0
        )
        self.entry = OrderEntry(
            self.session, options=WsWireOptions(timeout_s=20.0, liveness=short, backoff=quick)
        )
        self.venue = BinanceVenue(self.session, wall, self.entry.wire)

    async def stop(self):
        await self.session.close()
        await self.server.close()

    async def until(self, way):
        async with asyncio.timeout(20):
            while self.entry.way != way:
                await asyncio.sleep(0.005)

    def strike(self, **fault):
        self.plan.add(parse_faults([fault]), int(time.time() * 1000))

    def orders(self):
        return len(self.exchange.state()["orders"])

    async def place(self, cid, price="49000"):
        command = SubmitOrder(
            client_order_id=cid,
            symbol="BTCUSDT",
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=Decimal("0.1"),
            price=Decimal(price),
        )
        (event,) = await self.venue.submit(command)
        return event


@pytest.fixture
async def world(wall, quick, short, beside):
    world = _World()
    await world.start(wall, quick, short)
    async with beside(world.entry.run()):
        await world.until("ws")
        yield world
    await world.stop()


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(Ed25519PrivateKey.generate, id="Ed25519"),
        pytest.param(lambda: rsa.generate_private_key(65537, 2048), id="RSA"),
    ],
)
async def test_other_kinds_of_key_trade_as_well(wall, quick, short, beside, key):
    world = _World(*pem_pair(key()))
    await world.start(wall, quick, short)
    async with beside(world.entry.run()):
        await world.until("ws")
        assert isinstance(await world.place("a"), OrderAccepted)
        await world.entry.roll()
        (event,) = await world.venue.cancel(CancelOrder(client_order_id="a", symbol="BTCUSDT"))
        assert isinstance(event, OrderCanceled)
        assert world.entry.way == "ws"
    await world.stop()


async def test_a_logon_that_is_refused_leaves_orders_on_rest(wall, quick, short, beside):
    private, _ = pem_pair(Ed25519PrivateKey.generate())
    _, other = pem_pair(Ed25519PrivateKey.generate())
    world = _World(private, other)
    await world.start(wall, quick, short)
    told = []
    world.entry.listen(lambda up, cause: told.append((up, cause)))
    async with beside(world.entry.run()), asyncio.timeout(20):
        while not told:
            await asyncio.sleep(0.005)
        assert world.entry.way == "rest"
    assert "logon refused" in told[0][1]
    await world.stop()


async def test_an_order_that_was_executed_before_the_cut_is_unknown_and_there_once(world):
    world.strike(kind="http", match="POST /api/v3/order", status=0, when="after", times=1)
    assert isinstance(await world.place("a"), OrderUnknown)
    assert world.orders() == 1


async def test_a_clock_that_jumped_is_healed_without_a_second_order(world):
    world.strike(kind="clock_skew", ms=8000)
    assert isinstance(await world.place("a"), OrderAccepted)
    assert world.orders() == 1
    assert 7000 < world.session.timestamp_offset < 9000


async def test_after_a_429_nothing_is_sent_before_its_time(world):
    world.strike(kind="rate_limit", status=429, retry_after_s=30, times=1)
    assert isinstance(await world.place("a"), OrderNotPlaced)
    refused = await world.place("b")
    assert isinstance(refused, OrderNotPlaced)
    assert "asked for silence" in refused.reason
    assert world.orders() == 0
    assert 28 < world.session.gate.closed_for_s <= 30


async def test_limits_of_the_rules_and_counts_of_answers_are_kept(world):
    await world.venue.instruments(["BTCUSDT"])
    for number in range(3):
        await world.place(f"a{number}")
    allowance = world.session.allowances[Market.SPOT]
    assert allowance.used("ORDERS", 86_400) == 3
    assert allowance.used("REQUEST_WEIGHT", 60) > 0
