"""What the gate says of an order."""

from dataclasses import dataclass

from bot.domain.events import OrderIntended

__all__ = ["Approved", "Refused"]


@dataclass(frozen=True, slots=True)
class Approved:
    """The proof that an order passed the gate. Only :class:`bot.engine.risk.Gate` makes it."""

    intent: OrderIntended


@dataclass(frozen=True, slots=True)
class Refused:
    intent: OrderIntended
    reason: str
