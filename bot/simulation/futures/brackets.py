"""How much leverage a position of a certain size may have, and what margin it must keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.simulation.futures.amounts import ZERO

__all__ = ["Bracket", "Brackets"]


@dataclass(frozen=True, slots=True)
class Bracket:
    """One step; amounts in the margin asset (USDT, or coin on COIN-M)."""

    leverage: int
    """The most."""
    floor: Decimal
    cap: Decimal
    ratio: Decimal
    """Of maintenance margin."""
    cum: Decimal
    """What the lower brackets save: maintenance margin is notional x ratio - cum."""


class Brackets:
    """The brackets of one symbol, smallest positions first."""

    def __init__(self, steps: Iterable[tuple[int, str, str]]) -> None:
        """``steps``: (most leverage, notional cap, maintenance ratio), from small to large."""
        self.steps: list[Bracket] = []
        floor, cum, last_ratio = ZERO, ZERO, ZERO
        for leverage, cap_text, ratio_text in steps:
            cap, ratio = Decimal(cap_text), Decimal(ratio_text)
            # Keeps the margin continuous where one bracket ends and the next begins.
            cum += floor * (ratio - last_ratio)
            self.steps.append(Bracket(leverage, floor, cap, ratio, cum))
            floor, last_ratio = cap, ratio

    def of(self, notional: Decimal) -> Bracket:
        """The bracket of a position of that size (without sign)."""
        for step in self.steps:
            if notional <= step.cap:
                return step
        return self.steps[-1]

    def maintenance(self, notional: Decimal) -> Decimal:
        """The margin that a position of that size must keep."""
        step = self.of(notional)
        return notional * step.ratio - step.cum

    def most_leverage(self) -> int:
        return self.steps[0].leverage

    def cap(self, leverage: int) -> Decimal:
        """The largest position that may have that leverage."""
        return next((s.cap for s in reversed(self.steps) if s.leverage >= leverage), ZERO)

    def steps_of_info(self) -> list[dict[str, Any]]:
        """As ``bks`` of the ``contractInfo`` stream."""
        least = [step.leverage + 1 for step in self.steps[1:]] + [1]
        return [
            {
                "bs": number,
                "bnf": int(step.floor),
                "bnc": int(step.cap),
                "mmr": float(step.ratio),
                "cf": int(step.cum),
                "mi": lowest,
                "ma": step.leverage,
            }
            for number, (step, lowest) in enumerate(zip(self.steps, least, strict=True), 1)
        ]

    def rows(self, *, in_quantity: bool) -> list[dict[str, Any]]:
        """As ``brackets`` of ``GET leverageBracket``; COIN-M names caps by quantity."""
        cap, floor = ("qtyCap", "qtyFloor") if in_quantity else ("notionalCap", "notionalFloor")
        return [
            {
                "bracket": number,
                "initialLeverage": step.leverage,
                cap: int(step.cap),
                floor: int(step.floor),
                "maintMarginRatio": float(step.ratio),
                "cum": float(step.cum),
            }
            for number, step in enumerate(self.steps, 1)
        ]
