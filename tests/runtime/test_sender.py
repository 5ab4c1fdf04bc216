import asyncio
from decimal import Decimal

import pytest

from bot.domain.commands import (
    CancelOrder,
    FetchBook,
    StreamKind,
    SubmitOrder,
    Subscribe,
    Subscription,
    Sweep,
)
from bot.domain.errors import DatabaseError
from bot.domain.events import (
    CancelUnknown,
    HaltRequested,
    OrderAccepted,
    OrderNotPlaced,
    OrderSubmitted,
    OrderUnknown,
    SweepFailed,
)
from bot.domain.fetched import BookFetched, BookNotFetched
from bot.domain.values import SECOND_NS, OrderType, Side, TimeInForce
from bot.runtime.sender import Sender


class _Clock:
    def __init__(self) -> None:
        self.ns = 10**18

    def now_ns(self) -> int:
        return self.ns


class _Store:
    """Durable when told."""

    def __init__(self) -> None:
        self.committed = asyncio.Event()
        self.error: DatabaseError | None = None

    async def durable(self, mark: int) -> None:
        await self.committed.wait()
        if self.error:
            raise self.error


class _Venue:
    def __init__(self) -> None:
        self.calls: list[object] = []
        self.bug: Exception | None = None

    async def submit(self, command):
        self.calls.append(command)
        if self.bug:
            raise self.bug
        return [
            OrderAccepted(
                client_order_id=command.client_order_id, venue_order_id=1, ts_ns=1, recv_ns=1
            )
        ]

    async def cancel(self, command):
        self.calls.append(command)
        if self.bug:
            raise self.bug
        return []

    sweep = cancel


class _Feed:
    def __init__(self) -> None:
        self.asked: list[Subscription] = []

    def subscribe(self, subscriptions) -> None:
        self.asked += subscriptions


ORDER = SubmitOrder(
    client_order_id="bot-x-1",
    symbol="BTCUSDT",
    side=Side.BUY,
    order_type=OrderType.MARKET,
    time_in_force=TimeInForce.GTC,
    quantity=Decimal(1),
    price=None,
)


class _History:
    """Answers when it is allowed to."""

    def __init__(self) -> None:
        self.allowed = asyncio.Event()
        self.bug: Exception | None = None
        self.asked = 0

    async def book(self, symbol, limit):
        self.asked += 1
        await self.allowed.wait()
        if self.bug:
            raise self.bug
        return BookFetched(
            symbol=symbol, last_update_id=1, bids=(), asks=(), limit=limit, recv_ns=1
        )


class _Desk:
    """A sender with fakes round it, and what it emitted."""

    def __init__(self) -> None:
        self.clock, self.store, self.venue, self.feed = _Clock(), _Store(), _Venue(), _Feed()
        self.history = _History()
        self.closed = ""
        self.emitted: list[object] = []
        self.sender = Sender(
            venue=self.venue,
            history=self.history,
            store=self.store,
            clock=self.clock,
            market_feed=self.feed,
            closed=lambda: self.closed,
            intent_max_age_s=5.0,
        )

    async def carry(self, *commands) -> None:
        """Dispatch and run to the end; the store commits at once unless it was made to wait."""
        async with asyncio.TaskGroup() as tasks:
            await self.sender.run(self.emitted.append, tasks)
            self.sender.dispatch(commands, 7)
            await asyncio.sleep(0)
            self.before_commit = list(self.venue.calls)
            self.store.committed.set()

    def kinds(self) -> list[type]:
        return [type(event) for event in self.emitted]


@pytest.fixture
async def desk():
    return _Desk()


async def test_an_order_leaves_only_when_its_intent_is_durable(desk):
    await desk.carry(ORDER)
    assert desk.before_commit == []
    assert desk.venue.calls == [ORDER]
    assert desk.kinds() == [OrderSubmitted, OrderAccepted]


async def test_an_order_that_could_not_be_written_down_is_not_sent_and_trading_halts(desk):
    desk.store.error = DatabaseError("disk full")
    await desk.carry(ORDER)
    assert desk.venue.calls == []
    assert desk.kinds() == [HaltRequested, OrderNotPlaced]


async def test_an_intent_that_took_too_long_to_store_is_not_sent(desk):
    async with asyncio.TaskGroup() as tasks:
        await desk.sender.run(desk.emitted.append, tasks)
        desk.sender.dispatch([ORDER], 7)
        await asyncio.sleep(0)
        desk.clock.ns += 6 * SECOND_NS
        desk.store.committed.set()
    assert desk.venue.calls == []
    assert "too old" in desk.emitted[0].reason


async def test_a_gate_that_closed_meanwhile_holds_the_order_back(desk):
    desk.closed = "the account is not reconciled"
    await desk.carry(ORDER)
    assert desk.venue.calls == []
    assert desk.kinds() == [OrderNotPlaced]


async def test_a_cancel_does_not_wait_for_the_database(desk):
    cancel = CancelOrder(client_order_id="bot-x-1", symbol="BTCUSDT")
    async with asyncio.TaskGroup() as tasks:
        await desk.sender.run(desk.emitted.append, tasks)
        desk.sender.dispatch([cancel], 7)
    assert desk.venue.calls == [cancel]


async def test_a_cancel_does_not_wait_behind_orders_that_wait(desk):
    cancel = CancelOrder(client_order_id="bot-x-1", symbol="BTCUSDT")
    async with asyncio.TaskGroup() as tasks:
        await desk.sender.run(desk.emitted.append, tasks)
        desk.sender.dispatch([ORDER] * 200, 7)
        desk.sender.dispatch([cancel], 7)
        # Where nothing is to be waited for it left at once.
        assert desk.venue.calls == [cancel]
        desk.store.committed.set()
    assert len(desk.venue.calls) == 201


async def test_what_is_told_comes_in_the_next_turn_and_in_order(desk):
    desk.store.committed.set()
    async with asyncio.TaskGroup() as tasks:
        await desk.sender.run(desk.emitted.append, tasks)
        desk.sender.dispatch([ORDER], 7)
        assert desk.venue.calls == [ORDER]
        assert desk.emitted == []
        await asyncio.sleep(0)
    assert desk.kinds() == [OrderSubmitted, OrderAccepted]


async def test_the_rest_of_a_command_that_waits_is_a_task_that_can_be_cancelled(desk):
    async def run():
        async with asyncio.TaskGroup() as tasks:
            await desk.sender.run(desk.emitted.append, tasks)
            desk.sender.dispatch([ORDER], 7)

    running = asyncio.create_task(run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    desk.store.committed.set()
    await asyncio.sleep(0)
    assert desk.venue.calls == []


async def test_a_bug_on_the_way_makes_the_outcome_unknown_and_stops_nothing(desk):
    desk.venue.bug = RuntimeError("bug")
    sweep = Sweep(generation=3, cause="", symbols=(), orders=(), since={})
    await desk.carry(ORDER, CancelOrder(client_order_id="bot-x-1", symbol="BTCUSDT"), sweep)
    assert set(desk.kinds()) == {OrderSubmitted, OrderUnknown, CancelUnknown, SweepFailed}


async def test_commands_from_before_the_start_are_kept(desk):
    desk.sender.dispatch([ORDER], 7)
    desk.store.committed.set()
    async with asyncio.TaskGroup() as tasks:
        await desk.sender.run(desk.emitted.append, tasks)
    assert desk.venue.calls == [ORDER]


async def test_subscriptions_go_to_the_market_feed(desk):
    wanted = Subscription(StreamKind.QUOTES, "BTCUSDT")
    await desk.carry(Subscribe(subscriptions=(wanted,)))
    assert desk.feed.asked == [wanted]


async def test_a_book_is_asked_for_and_the_answer_is_an_event(desk):
    desk.history.allowed.set()
    await desk.carry(FetchBook(symbol="BTCUSDT", limit=100))
    assert [(event.symbol, event.limit) for event in desk.emitted] == [("BTCUSDT", 100)]


async def test_a_bug_in_the_market_history_is_an_answer_too(desk):
    desk.history.allowed.set()
    desk.history.bug = ZeroDivisionError("x")
    await desk.carry(FetchBook(symbol="BTCUSDT", limit=100))
    (event,) = desk.emitted
    assert isinstance(event, BookNotFetched)
    assert event.reason == "ZeroDivisionError: x"


async def test_questions_that_wait_hold_no_order_back(desk):
    async with asyncio.TaskGroup() as tasks:
        await desk.sender.run(desk.emitted.append, tasks)
        desk.sender.dispatch([FetchBook(symbol="BTCUSDT", limit=100)] * 200, 1)
        desk.sender.dispatch([CancelOrder(client_order_id="a", symbol="BTCUSDT")], 1)
        for _ in range(5):
            await asyncio.sleep(0)
        assert (len(desk.venue.calls), desk.history.asked) == (1, 8)
        desk.history.allowed.set()
    assert desk.history.asked == 200
