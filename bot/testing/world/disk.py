"""The store's side of the world: rows become durable later, and a crash loses what is not."""

from collections.abc import Callable, Sequence

from bot.domain.errors import DatabaseError
from bot.domain.records import Record
from bot.ports import Recovery
from bot.storage.memory import MemoryStore
from bot.testing.world.choices import Choices
from bot.testing.world.timeline import Pending, Timeline

__all__ = ["Disk", "Writer"]

_MS = 1_000_000


class Disk:
    """What survives. ``platter`` keeps committed groups as the real store in memory does."""

    def __init__(self) -> None:
        self.platter = MemoryStore()

    @property
    def records(self) -> list[Record]:
        return self.platter.records

    def write(self, groups: Sequence[Sequence[Record]]) -> None:
        """Commit them in one transaction."""
        for group in groups:
            if group:
                self.platter.append(group)

    def recover(self, environment: str) -> Recovery:
        return self.platter.recover(environment)


class Writer:
    """The :class:`bot.ports.Store` of one process; its queue dies with it."""

    def __init__(
        self,
        disk: Disk,
        timeline: Timeline,
        choices: Choices,
        *,
        slow: float = 0.0,
        broken: float = 0.0,
    ) -> None:
        """``slow`` and ``broken``: how often a commit takes seconds, or is the last."""
        self._disk = disk
        self._timeline = timeline
        self._choices = choices
        self._slow = slow
        self._broken = broken
        self._groups: list[Sequence[Record]] = []
        self._appended = 0
        self._committed = 0
        self._waiting: list[tuple[int, Pending]] = []
        self._is_busy = False
        self._is_alive = True
        self.failed = ""
        self.wrote: Callable[[Record], None] = lambda _: None
        """Hears of each row when it is given to the store."""

    def calm(self) -> None:
        """No more trouble of its own."""
        self._slow = self._broken = 0.0

    def append(self, records: Sequence[Record]) -> int:
        self._appended += 1
        self._groups.append(tuple(records))
        for record in records:
            self.wrote(record)
        self._begin()
        return self._appended

    async def durable(self, mark: int) -> None:
        if self.failed:
            raise DatabaseError(self.failed)
        if mark <= self._committed:
            return
        pending = Pending()
        self._waiting.append((mark, pending))
        await pending

    def recover(self, environment: str) -> Recovery:
        return self._disk.recover(environment)

    async def close(self) -> None:
        """Nothing to let go of."""

    def lose_power(self) -> None:
        """The process dies: of what was queued a first part may have been written."""
        self._is_alive = False
        if not self.failed and self._is_busy:
            self._write(self._choices.between(0, len(self._groups)))

    def finish(self) -> None:
        """The process ends in good order, and waits for its last rows."""
        if not self.failed:
            self._write(len(self._groups))
        self._is_alive = False

    def _begin(self) -> None:
        if self._is_busy or not self._groups or not self._is_alive or self.failed:
            return
        self._is_busy = True
        delay_ms = self._choices.between(0, 30)
        if self._slow and self._choices.chance(self._slow):
            delay_ms = self._choices.between(500, 8_000)
        size = len(self._groups)
        self._timeline.after(delay_ms * _MS + 1, lambda: self._end(size))

    def _end(self, size: int) -> None:
        if not self._is_alive:
            return
        self._is_busy = False
        if self._broken and self._choices.chance(self._broken):
            self.failed = "the disk is full"
            waiting, self._waiting = self._waiting, []
            for _, pending in waiting:
                pending.fail(DatabaseError(self.failed))
            return
        self._write(size)
        self._begin()
        ready = [pending for mark, pending in self._waiting if mark <= self._committed]
        self._waiting = [one for one in self._waiting if one[0] > self._committed]
        for pending in ready:
            pending.bring()

    def _write(self, groups: int) -> None:
        self._disk.write(self._groups[:groups])
        del self._groups[:groups]
        self._committed += groups
