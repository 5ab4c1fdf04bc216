"""The sender: how many commands are under way at once, and who owns the tasks."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Final

from bot.domain.commands import CancelOrder, Command, SubmitOrder, Subscribe, Unsubscribe
from bot.domain.events import Event
from bot.ports import Clock, Emit, MarketFeed, MarketHistory, Store, Venue
from bot.runtime.carrier import Carrier
from bot.runtime.inquiries import QUESTIONS

__all__ = ["Sender"]

_AT_ONCE: Final = 64
"""Requests under way at the same time, and as many urgent ones; more wait in order."""
_QUESTIONS_AT_ONCE: Final = 8
"""Questions about the market under way: they may wait for minutes, and no order for them."""


class Sender:
    """Commands leave at once where nothing has to be waited for; answers go back as events.

    The first step of a command is made where it is dispatched: to begin it in a task of its own
    would cost an order a turn of the loop. From its first wait on it is a task, owned by the group
    of :meth:`run`. So a venue that asks who the current task is must have waited before.
    Events are handed on in the loop's next turn, in order: never inside of the dispatching.
    """

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
        exempt: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._carrier = Carrier(
            venue=venue,
            history=history,
            store=store,
            clock=clock,
            closed=closed,
            intent_max_age_s=intent_max_age_s,
            exempt=exempt,
        )
        self._market_feed = market_feed
        self._tasks: asyncio.TaskGroup | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._urgent_slots = asyncio.Semaphore(_AT_ONCE)
        self._question_slots = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        self._waiting: list[tuple[Command, int]] = []

    async def run(self, emit: Emit, tasks: asyncio.TaskGroup) -> None:
        """Begin to send, with ``tasks`` as the owner of what is under way."""
        soon = asyncio.get_running_loop().call_soon

        def emit_soon(event: Event) -> None:
            soon(emit, event)

        self._carrier.emit = emit_soon
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
                slots = self._slots_for(command)
                carried = self._carried(command, mark, slots)
                if slots is self._question_slots or slots.locked():
                    self._tasks.create_task(carried)
                else:
                    self._begin(self._tasks, carried)

    def _slots_for(self, command: Command) -> asyncio.Semaphore:
        """What cancels or reduces never waits behind orders that wait for the venue's limits."""
        if isinstance(command, QUESTIONS):
            return self._question_slots
        reduces = isinstance(command, SubmitOrder) and command.terms.reduce_only
        is_urgent = reduces or isinstance(command, CancelOrder)
        return self._urgent_slots if is_urgent else self._slots

    def _begin(self, tasks: asyncio.TaskGroup, carried: Coroutine[Any, Any, None]) -> None:
        try:
            waits_for = carried.send(None)
        except StopIteration:
            return
        tasks.create_task(_continued(carried, waits_for))

    async def _carried(self, command: Command, mark: int, slots: asyncio.Semaphore) -> None:
        async with slots:
            await self._carrier.carry(command, mark)


async def _continued(begun: Coroutine[Any, Any, None], waits_for: Any) -> None:
    """The rest of a coroutine that waits for something already."""
    await _steps(begun, waits_for)


@types.coroutine
def _steps(begun: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    try:
        while True:
            try:
                given = yield waits_for
            except BaseException as e:  # noqa: BLE001 - everything is the coroutine's, a cancel too
                waits_for = begun.throw(e)
            else:
                waits_for = begun.send(given)
    except StopIteration:
        return
