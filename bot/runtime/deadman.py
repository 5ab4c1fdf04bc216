"""The dead man's switch of a venue, held down only while the bot can see, write and act."""

import asyncio
from typing import Final, Protocol

from bot.domain.errors import DatabaseError, VenueError
from bot.engine.engine import Engine
from bot.ports import Store
from bot.runtime.logs import logger
from bot.runtime.pump import Pump
from bot.runtime.scheduler import Job

__all__ = ["DeadMan", "DeadMansHand"]

_REFRESHES_PER_COUNTDOWN: Final = 3
_COMMIT_S: Final = 1.0


class DeadMan(Protocol):
    """Something at the venue that cancels open orders when nobody says otherwise in time."""

    async def arm(self, seconds: float) -> None:
        """Begin the countdown anew."""
        ...

    async def disarm(self) -> None:
        """End it: orders stay."""
        ...


class DeadMansHand:
    """Refreshes the countdown; lets it run out where the bot is not fit to have orders open.

    That this runs shows that the event loop lives. A frozen, killed or cut-off bot does nothing,
    which is what the switch is for.
    """

    def __init__(
        self, switch: DeadMan, *, seconds: float, engine: Engine, pump: Pump, store: Store
    ) -> None:
        self._switch = switch
        self._seconds = seconds
        self._engine = engine
        self._pump = pump
        self._store = store
        self._incident = ""

    @property
    def job(self) -> Job:
        """For the timetable."""
        return Job("dead man's switch", self._seconds / _REFRESHES_PER_COUNTDOWN, self.refresh)

    async def refresh(self) -> None:
        """Start the countdown again, if nothing speaks against it.

        Raises:
            VenueError: the venue did not take it; the next refresh tries again.
        """
        obstacle = await self._obstacle()
        if obstacle:
            self._let_go(obstacle)
            return
        await self._switch.arm(self._seconds)
        if self._incident:
            self._engine.close_incident(self._incident, "held down again")
            self._pump.flush()
            self._incident = ""

    async def release(self) -> None:
        """A clean stop: what still rests is meant to."""
        try:
            await self._switch.disarm()
        except VenueError as e:
            logger.bind(source="dead man").warning("the countdown runs on: {}", e)

    async def _obstacle(self) -> str:
        if self._engine.is_blind:
            return "the account is not seen"
        try:
            async with asyncio.timeout(_COMMIT_S):
                await self._store.durable(self._store.append(()))
        except TimeoutError:
            return f"the database has not committed for {_COMMIT_S:g} s"
        except DatabaseError as e:
            return f"the database failed: {e}"
        return ""

    def _let_go(self, obstacle: str) -> None:
        if self._incident:
            return
        cause = f"{obstacle}: open orders are cancelled within {self._seconds:g} s"
        self._incident = self._engine.incident(
            "dead_man", "dead man's switch", cause, severity="warning", lasting=True
        )
        self._pump.flush()
