"""The sender: how many commands are under way at once, and who owns the tasks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.commands import Command, Subscribe, Unsubscribe
from bot.ports import Clock, Emit, MarketFeed, MarketHistory, Store, Venue
from bot.runtime.carrier import Carrier
from bot.runtime.inquiries import QUESTIONS

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
        self._question_slots = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        self._waiting: list[tuple[Command, int]] = []

    async def run(self, emit: Emit, tasks: asyncio.TaskGroup) -> None:
        """Begin to send, with ``tasks`` as the owner of what is under way."""
        self._carrier.emit = emit
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
                self._tasks.create_task(self._carried(command, mark))

    async def _carried(self, command: Command, mark: int) -> None:
        slots = self._question_slots if isinstance(command, QUESTIONS) else self._slots
        async with slots:
            await self._carrier.carry(command, mark)
