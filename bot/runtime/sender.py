"""The sender: carries commands to the venue, intents only once they are durable."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.commands import (
    CancelOrder,
    Command,
    FetchBook,
    FetchFills,
    QueryOrder,
    SubmitOrder,
    Subscribe,
    Sweep,
    Unsubscribe,
)
from bot.domain.errors import DatabaseError
from bot.domain.events import (
    CancelUnknown,
    Event,
    HaltRequested,
    OrderNotPlaced,
    OrderSubmitted,
    OrderUnknown,
    QueryFailed,
    SweepFailed,
    TimePassed,
)
from bot.domain.fetched import BookNotFetched
from bot.domain.values import SECOND_NS
from bot.ports import Clock, Emit, MarketFeed, MarketHistory, Store, Venue
from bot.runtime.logs import logger

__all__ = ["Sender"]

_AT_ONCE: Final = 64
"""Requests under way at the same time; more wait in order."""
_QUESTIONS_AT_ONCE: Final = 8
"""Questions about the market under way: they may wait for minutes, and no order for them."""


class Sender:
    """One task a command, owned by the group of :meth:`run`; answers go back as events."""

    def __init__(
        self,
        *,
        venue: Venue,
        history: MarketHistory,
        store: Store,
        clock: Clock,
        market_feed: MarketFeed,
        closed: Callable[[], str],
        intent_max_age_s: float,
    ) -> None:
        self._venue = venue
        self._history = history
        self._store = store
        self._clock = clock
        self._market_feed = market_feed
        # Why no order may be sent at this moment, or '': the gate may close after an
        # intent was approved and before it is durable.
        self._closed = closed
        self._max_age_ns = int(intent_max_age_s * SECOND_NS)
        self._emit: Emit = lambda _: None
        self._tasks: asyncio.TaskGroup | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._question_slots = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        self._waiting: list[tuple[Command, int]] = []

    async def run(self, emit: Emit, tasks: asyncio.TaskGroup) -> None:
        """Begin to send, with ``tasks`` as the owner of what is under way."""
        self._emit = emit
        self._tasks = tasks
        waiting, self._waiting = self._waiting, []
        for command, mark in waiting:
            self.dispatch([command], mark)

    def dispatch(self, commands: Sequence[Command], mark: int) -> None:
        """Send the commands; ``mark`` is what must be durable before an order leaves."""
        for command in commands:
            if self._tasks is None:
                self._waiting.append((command, mark))
            elif isinstance(command, Subscribe):
                self._market_feed.subscribe(command.subscriptions)
            elif isinstance(command, Unsubscribe):
                self._market_feed.unsubscribe(command.subscriptions)
            else:
                self._tasks.create_task(self._guarded(command, mark))

    async def _guarded(self, command: Command, mark: int) -> None:
        slots = self._question_slots if isinstance(command, FetchBook) else self._slots
        async with slots:
            try:
                await self._carry(command, mark)
            except Exception as e:  # noqa: BLE001 - wall: the way to the venue
                logger.bind(source="sender").opt(exception=e).debug("{} failed", command)
                self._emit(self._failed(command, f"{type(e).__name__}: {e}"))

    def _failed(self, command: Command, cause: str) -> Event:
        """A bug on the way: the outcome is unknown, whatever it was."""
        now_ns = self._clock.now_ns()
        match command:
            case SubmitOrder(client_order_id=cid):
                return OrderUnknown(client_order_id=cid, cause=cause, recv_ns=now_ns)
            case CancelOrder(client_order_id=cid):
                return CancelUnknown(client_order_id=cid, cause=cause, recv_ns=now_ns)
            case Sweep(generation=generation):
                return SweepFailed(generation=generation, reason=cause, recv_ns=now_ns)
            case QueryOrder(client_order_id=cid) | FetchFills(client_order_id=cid):
                return QueryFailed(client_order_id=cid, reason=cause, recv_ns=now_ns)
            case FetchBook(symbol=symbol):
                return BookNotFetched(symbol=symbol, reason=cause, recv_ns=now_ns)
            case _:
                return TimePassed(recv_ns=now_ns)

    async def _carry(self, command: Command, mark: int) -> None:
        match command:
            case SubmitOrder():
                answers = await self._submit(command, mark)
            case CancelOrder():
                answers = await self._venue.cancel(command)
            case QueryOrder():
                answers = await self._venue.query(command)
            case FetchFills():
                answers = await self._venue.fetch_fills(command)
            case Sweep():
                answers = await self._venue.sweep(command)
            case FetchBook():
                answers = [await self._history.book(command.symbol, command.limit)]
            case _:  # pragma: no cover - Subscribe is handled in dispatch
                answers = ()
        for answer in answers:
            self._emit(answer)

    async def _submit(self, command: SubmitOrder, mark: int) -> Sequence[Event]:
        wanted_ns = self._clock.now_ns()
        try:
            await self._store.durable(mark)
        except DatabaseError as e:
            # What cannot be written down is not sent, and nothing else will be.
            now_ns = self._clock.now_ns()
            self._emit(HaltRequested(reason=f"the database failed: {e}", recv_ns=now_ns))
            return [self._dropped(command, f"its intent could not be stored: {e}")]
        now_ns = self._clock.now_ns()
        if now_ns - wanted_ns > self._max_age_ns:
            waited_s = (now_ns - wanted_ns) / SECOND_NS
            return [self._dropped(command, f"its intent took {waited_s:.1f} s to store: too old")]
        reason = self._closed()
        if reason:
            return [self._dropped(command, f"not sent: {reason}")]
        self._emit(OrderSubmitted(client_order_id=command.client_order_id, recv_ns=now_ns))
        return await self._venue.submit(command)

    def _dropped(self, command: SubmitOrder, reason: str) -> OrderNotPlaced:
        return OrderNotPlaced(
            client_order_id=command.client_order_id,
            reason=reason,
            recv_ns=self._clock.now_ns(),
        )
