"""The sender: carries commands to the venue, intents only once they are durable."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    ConfigureSymbol,
    FetchBars,
    FetchBook,
    FetchFills,
    FetchTrades,
    QueryOrder,
    ReplaceOrder,
    SubmitList,
    SubmitOrder,
    Subscribe,
    Sweep,
    Unsubscribe,
)
from bot.domain.errors import DatabaseError
from bot.domain.events import Event, HaltRequested, OrderSubmitted
from bot.domain.values import SECOND_NS
from bot.ports import Clock, Emit, MarketFeed, MarketHistory, Store, Venue
from bot.runtime.inquiries import QUESTIONS, inquire
from bot.runtime.logs import logger
from bot.runtime.mishaps import Submission, dropped, failed, orders_of

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
        slots = self._question_slots if isinstance(command, QUESTIONS) else self._slots
        async with slots:
            try:
                await self._carry(command, mark)
            except Exception as e:  # noqa: BLE001 - wall: the way to the venue
                logger.bind(source="sender").opt(exception=e).debug("{} failed", command)
                cause = f"{type(e).__name__}: {e}"
                for event in failed(command, cause, self._clock.now_ns()):
                    self._emit(event)

    async def _carry(self, command: Command, mark: int) -> None:
        match command:
            case SubmitOrder() | SubmitList() | ReplaceOrder():
                answers = await self._submit(command, mark)
            case AmendOrder():
                answers = await self._venue.amend(command)
            case ConfigureSymbol():
                answers = await self._venue.configure(command)
            case CancelOrder():
                answers = await self._venue.cancel(command)
            case QueryOrder():
                answers = await self._venue.query(command)
            case FetchFills():
                answers = await self._venue.fetch_fills(command)
            case Sweep():
                answers = await self._venue.sweep(command)
            case FetchBook() | FetchBars() | FetchTrades():
                answers = [await inquire(command, self._history, self._clock)]
            case _:  # pragma: no cover - Subscribe is handled in dispatch
                answers = ()
        for answer in answers:
            self._emit(answer)

    async def _submit(self, command: Submission, mark: int) -> Sequence[Event]:
        wanted_ns = self._clock.now_ns()
        try:
            await self._store.durable(mark)
        except DatabaseError as e:
            # What cannot be written down is not sent, and nothing else will be.
            now_ns = self._clock.now_ns()
            self._emit(HaltRequested(reason=f"the database failed: {e}", recv_ns=now_ns))
            return dropped(command, f"its intent could not be stored: {e}", now_ns)
        now_ns = self._clock.now_ns()
        if now_ns - wanted_ns > self._max_age_ns:
            waited_s = (now_ns - wanted_ns) / SECOND_NS
            return dropped(command, f"its intent took {waited_s:.1f} s to store: too old", now_ns)
        reason = self._closed()
        if reason:
            return dropped(command, f"not sent: {reason}", now_ns)
        for order in orders_of(command):
            self._emit(OrderSubmitted(client_order_id=order.client_order_id, recv_ns=now_ns))
        match command:
            case SubmitOrder():
                return await self._venue.submit(command)
            case SubmitList():
                return await self._venue.submit_list(command)
            case ReplaceOrder():
                return await self._venue.replace(command)
