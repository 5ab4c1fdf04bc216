"""Scenes as one market carries them out on its crowds."""

import math
from collections.abc import Sequence

from bot.simulation.crowd import Crowd
from bot.simulation.pit import Pit
from bot.simulation.scenes import SceneScript

__all__ = ["Staging"]


class Staging:
    """Knows which cues of the script are still to come. ``next_ms``: when the next one is due."""

    def __init__(self, script: SceneScript | None) -> None:
        self._script = script
        self._version = -1
        self._cues: list[tuple[int, int]] = []
        self._done: set[tuple[int, int]] = set()
        self.next_ms = math.inf

    def look(self) -> None:
        """Notice what was added to the script or cleared."""
        script = self._script
        if script is None or script.version == self._version:
            return
        self._version = script.version
        cues = script.cues()
        self._done &= cues
        self._cues = sorted(cues - self._done, reverse=True)
        self._wait()

    def run(self, floor: Pit, crowds: Sequence[Crowd]) -> None:
        """Carry out the next cue."""
        if self._script is None or not self._cues:
            return
        cue = at_ms, number = self._cues.pop()
        self._done.add(cue)
        self._wait()
        for crowd in crowds:
            symbol = crowd.listing.rules.symbol
            crowd.change(floor, at_ms, self._script.mood(symbol, at_ms))
            jump = self._script.jump(symbol, number, at_ms)
            if jump != 1:
                crowd.jump(floor, at_ms, jump)

    def _wait(self) -> None:
        self.next_ms = self._cues[-1][0] if self._cues else math.inf
