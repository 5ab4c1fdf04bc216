"""How a scene makes a symbol behave, for as long as it is on."""

import math
from dataclasses import dataclass, replace
from typing import Final

from bot.simulation.scenelist import Scene

__all__ = ["BREATH_MS", "CALM", "Mood", "Phase", "combined", "phases"]

BREATH_MS: Final = 100
"""How often the fair prices move."""
_BREATHS_A_MINUTE: Final = 60_000 / BREATH_MS


@dataclass(frozen=True, slots=True)
class Mood:
    """What is different from an ordinary day."""

    pace: float = 1.0
    """Times the usual number of events."""
    volatility: float = 1.0
    width: float = 1.0
    """Times the usual spread."""
    size: float = 1.0
    """Times the usual size of resting orders."""
    drift: float = 0.0
    """Added to the logarithm of the fair price at each breath."""
    asleep: bool = False
    """Nobody does anything."""
    bare: bool = False
    """Everybody has withdrawn their orders."""
    status: str = "TRADING"


CALM: Final = Mood()


@dataclass(frozen=True, slots=True)
class Phase:
    """A mood from ``begin_ms`` up to ``end_ms``, or a jump of the price at ``begin_ms``."""

    begin_ms: int
    end_ms: float
    mood: Mood = CALM
    jump: float = 1.0
    """What the price is multiplied by at the beginning."""


def phases(scene: Scene, start_ms: int) -> list[Phase]:
    """What a scene does from ``start_ms`` on."""
    if scene.kind == "gap":
        return [Phase(start_ms, start_ms, jump=1 + scene.percent / 100)]
    if scene.kind == "flash_crash":
        return _crash(scene, start_ms)
    end = math.inf if scene.for_s is None else start_ms + _ms(scene.for_s)
    return [Phase(start_ms, end, _mood(scene))]


def combined(moods: list[Mood]) -> Mood:
    """All of them at once: factors multiply, drifts add up, and the first status stands."""
    whole = CALM
    for mood in moods:
        whole = replace(
            whole,
            pace=whole.pace * mood.pace,
            volatility=whole.volatility * mood.volatility,
            width=whole.width * mood.width,
            size=whole.size * mood.size,
            drift=whole.drift + mood.drift,
            asleep=whole.asleep or mood.asleep,
            bare=whole.bare or mood.bare,
            status=mood.status if whole.status == CALM.status else whole.status,
        )
    return whole


def _mood(scene: Scene) -> Mood:
    if scene.kind == "storm":
        return Mood(pace=scene.factor, volatility=scene.factor)
    if scene.kind == "trend":
        return Mood(drift=math.log1p(scene.percent_per_minute / 100) / _BREATHS_A_MINUTE)
    if scene.kind == "wide":
        return Mood(width=scene.factor)
    if scene.kind == "halt":
        return Mood(asleep=True, status=scene.status)
    return Mood(asleep=True, bare=scene.quotes == "gone")


def _crash(scene: Scene, start_ms: int) -> list[Phase]:
    fall_s = scene.for_s or 0.0
    rise_s = 2 * fall_s if scene.recover_s is None else scene.recover_s
    turn, end = start_ms + _ms(fall_s), start_ms + _ms(fall_s) + _ms(rise_s)
    share = scene.percent / 100
    bottom = 1 - share
    last = 1 - share * (1 - scene.recover)
    thin = Mood(pace=scene.factor, size=scene.size)
    return [
        Phase(start_ms, turn, replace(thin, drift=math.log(bottom) * BREATH_MS / _ms(fall_s))),
        Phase(turn, end, replace(thin, drift=math.log(last / bottom) * BREATH_MS / _ms(rise_s))),
    ]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
