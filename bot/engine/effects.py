"""What the engine did: rows to store, commands to send, lines to log, in order."""

from dataclasses import dataclass, field

from bot.domain.commands import Command
from bot.domain.records import Record

__all__ = ["Effects", "LogLine"]


@dataclass(frozen=True, slots=True)
class LogLine:
    level: str
    message: str
    source: str = "engine"
    """``engine`` or the strategy's id."""


@dataclass(slots=True)
class Effects:
    """The output of ``feed`` calls. The commands assume that the records are durable."""

    records: list[Record] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.records or self.commands or self.logs)
