"""What is to happen in the market, and when: the scenes that were posted."""

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.mood import Mood, Phase, combined, phases
from bot.simulation.scenelist import EVERY_SYMBOL, Scene, parse_scenes

__all__ = ["Scene", "SceneScript", "parse_scenes"]

_MOST: Final = 1000
_KEPT_MS: Final = 3_600_000
"""How long a scene is remembered after its end: a market may lag behind."""


class _Staged:
    """One scene in time."""

    __slots__ = ("number", "phases", "scene")

    def __init__(self, number: int, scene: Scene, now_ms: int) -> None:
        self.number = number
        self.scene = scene
        self.phases = phases(scene, now_ms + round(scene.at_s * 1000))

    @property
    def end_ms(self) -> float:
        return max((phase.end_ms for phase in self.phases), default=-math.inf)

    def cut(self, now_ms: int) -> None:
        """It is over; what has not begun never will."""
        # At least a millisecond, so that its end is no instant that the markets have passed.
        self.phases = [
            Phase(p.begin_ms, min(p.end_ms, max(now_ms, p.begin_ms + 1)), p.mood, p.jump)
            for p in self.phases
            if p.begin_ms <= now_ms
        ]

    def concerns(self, symbol: str) -> bool:
        return self.scene.symbol in (EVERY_SYMBOL, symbol)


class SceneScript:
    """Several markets may follow one script. ``version`` changes whenever the script does."""

    def __init__(self, symbols: Collection[str]) -> None:
        """``symbols`` are those that a scene may name."""
        self._symbols = symbols
        self._staged: list[_Staged] = []
        self._numbered = 0
        self.version = 0

    def add(self, scenes: Sequence[Scene], now_ms: int) -> None:
        """``at_s`` of each counts from now. All of them, or none.

        Raises:
            ApiError: 400, -1130: a symbol that is not traded here, or too many scenes.
        """
        for number, scene in enumerate(scenes):
            if scene.symbol != EVERY_SYMBOL and scene.symbol not in self._symbols:
                traded = ", ".join(sorted(self._symbols))
                msg = f"scene {number}: symbol: {scene.symbol} is not traded here, but {traded}"
                raise ApiError.bad_request(-1130, msg)
        self._staged = [s for s in self._staged if s.end_ms > now_ms - _KEPT_MS]
        if len(self._staged) + len(scenes) > _MOST:
            raise ApiError.bad_request(-1130, f"scenes: there may be {_MOST} at a time")
        for scene in scenes:
            self._numbered += 1
            self._staged.append(_Staged(self._numbered, scene, now_ms))
        self.version += 1

    def clear(self, now_ms: int) -> None:
        """End every scene now."""
        for staged in self._staged:
            staged.cut(now_ms)
        self.version += 1

    def active(self, now_ms: int) -> list[dict[str, Any]]:
        """The scenes that are on or yet to come, as posted; ``on`` says which."""
        return [
            asdict(staged.scene) | {"on": staged.phases[0].begin_ms <= now_ms}
            for staged in self._staged
            if staged.end_ms > now_ms or any(p.begin_ms > now_ms for p in staged.phases)
        ]

    # --- for the markets ---------------------------------------------------------------

    def cues(self) -> set[tuple[int, int]]:
        """(when, which scene): the instants at which something changes."""
        return {
            (int(at_ms), staged.number)
            for staged in self._staged
            for phase in staged.phases
            for at_ms in (phase.begin_ms, phase.end_ms)
            if at_ms < math.inf
        }

    def mood(self, symbol: str, at_ms: int) -> Mood:
        """How the symbol behaves from that instant on."""
        return combined(
            [
                phase.mood
                for staged in self._staged
                if staged.concerns(symbol)
                for phase in staged.phases
                if phase.begin_ms <= at_ms < phase.end_ms
            ]
        )

    def jump(self, symbol: str, number: int, at_ms: int) -> float:
        """What that scene multiplies the symbol's price by at that instant."""
        return math.prod(
            phase.jump
            for staged in self._staged
            if staged.number == number and staged.concerns(symbol)
            for phase in staged.phases
            if phase.begin_ms == at_ms
        )
