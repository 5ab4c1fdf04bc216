"""Pauses of trading: when they begin, that they are written down, that they outlive the process."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.position import Position
from bot.domain.values import EXTERNAL
from bot.engine.risk.protections import ACCOUNT, Pause

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["PROTECTIONS", "Safeguard"]

PROTECTIONS: Final = "protections"
"""The key under which the engine saves them."""


class Safeguard:
    """Tells the protections what happens, and everybody else what they decide."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._saved = ""

    def restore(self, text: str) -> None:
        """Take up what an earlier process saved."""
        self._engine.gate.protections.restore(text)
        self._saved = text

    def on_fill(self, position: Position) -> None:
        """A fill was booked into the position."""
        engine = self._engine
        if position.strategy_id == EXTERNAL:
            return
        net = self.count(position)
        if net is not None:
            self._tell(engine.gate.protections.on_trip(position.strategy_id, net, engine.now_ns))
        self.look()

    def count(self, position: Position) -> Decimal | None:
        """Follow the round trip; what it earned if the fill ended it."""
        instrument = self._engine.cache.instruments.get(position.symbol)
        left = abs(position.quantity)
        least = max(instrument.step_size, instrument.min_quantity) if instrument else Decimal(0)
        is_flat = not left or left < least
        return self._engine.gate.protections.trade(position, is_flat=is_flat)

    def look(self) -> None:
        """Follow what was earned so far. Called after fills and with each row of equity."""
        self._tell(self._engine.gate.protections.look(self._engine.now_ns))
        self._save()

    def lift(self) -> None:
        """Somebody resumed."""
        self._engine.gate.protections.lift()
        self._save()

    def _tell(self, begun: list[tuple[str, Pause]]) -> None:
        for owner, pause in begun:
            subject = "account" if owner == ACCOUNT else owner
            self._engine.incident("protection", subject, pause.cause, severity="warning")

    def _save(self) -> None:
        protections = self._engine.gate.protections
        text = protections.saved() if protections.rules else ""
        if text != self._saved:
            self._engine.save_state("_engine", PROTECTIONS, text)
            self._saved = text
