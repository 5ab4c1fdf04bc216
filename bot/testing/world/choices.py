"""Where a world's choices come from: a seed, or a list that makes them again.

Everything is drawn through one function with values in [0, 1), and 0 is always the calm choice:
no fault, the shortest delay, the first of several. So cutting a list short, or putting zeros into
it, makes a simpler world.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Choices", "ListedChoices", "SeededChoices"]

T = TypeVar("T")


class Choices:
    """What was drawn is kept in ``drawn``."""

    def __init__(self) -> None:
        self.drawn: list[float] = []

    def draw(self) -> float:
        """The next value in [0, 1)."""
        value = self._next()
        self.drawn.append(value)
        return value

    def _next(self) -> float:
        return 0.0

    def chance(self, probability: float) -> bool:
        """True so often; never if the draw is 0."""
        return self.draw() >= 1.0 - probability

    def between(self, low: int, high: int) -> int:
        """An integer, both ends included."""
        return low + int(self.draw() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.draw() * len(options))]


class SeededChoices(Choices):
    """Any number of values, from one seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)  # noqa: S311 - a simulation

    def _next(self) -> float:
        return self._random.random()


class ListedChoices(Choices):
    """The given values, then calm for ever."""

    def __init__(self, values: Sequence[float]) -> None:
        super().__init__()
        self._values = values

    def _next(self) -> float:
        at = len(self.drawn)
        return self._values[at] if at < len(self._values) else 0.0
