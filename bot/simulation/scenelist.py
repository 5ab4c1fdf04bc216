"""The list of scenes in JSON, read and checked."""

import math
from dataclasses import dataclass
from typing import Any, Final

from bot.simulation.errors import ApiError

__all__ = ["EVERY_SYMBOL", "Scene", "parse_scenes"]

EVERY_SYMBOL: Final = "*"


@dataclass(frozen=True, slots=True)
class Scene:
    """One entry of the list that ``POST /sim/scene`` takes. Which keys a kind takes is below."""

    kind: str
    symbol: str = EVERY_SYMBOL
    at_s: float = 0.0
    """When it begins, seconds after it was posted."""
    for_s: float | None = None
    """How long it lasts; None: until it is cleared."""
    percent: float = 0.0
    """``gap``: how far the price jumps, up or down; ``flash_crash``: how far it falls."""
    percent_per_minute: float = 0.0
    recover: float = 0.8
    """The share of the fall that is made good afterwards."""
    recover_s: float | None = None
    """How long that takes; None: twice as long as the fall."""
    factor: float = 5.0
    size: float = 0.2
    """``flash_crash``: the share of the usual order sizes that is left in the book."""
    status: str = "BREAK"
    quotes: str = "still"
    """``dead_market``: ``still``, or ``gone``."""


_ALWAYS: Final = frozenset({"kind", "symbol", "at_s"})
_KEYS: Final = {
    "gap": frozenset({"percent"}),
    "flash_crash": frozenset({"percent", "for_s", "recover", "recover_s", "factor", "size"}),
    "dead_market": frozenset({"for_s", "quotes"}),
    "halt": frozenset({"for_s", "status"}),
    "storm": frozenset({"for_s", "factor"}),
    "trend": frozenset({"for_s", "percent_per_minute"}),
    "wide": frozenset({"for_s", "factor"}),
}
_NEEDED: Final = {
    "gap": ("percent",),
    "flash_crash": ("percent", "for_s"),
    "trend": ("percent_per_minute",),
}
_CHOICES: Final = {
    "status": ("BREAK", "HALT", "CANCEL_ONLY"),
    "quotes": ("still", "gone"),
}
_TEXTS: Final = frozenset({"kind", "symbol", *_CHOICES})
_BOUNDS: Final = {
    "at_s": (0.0, 1e7),
    "for_s": (0.1, 1e7),
    "recover": (0.0, 1.0),
    "recover_s": (0.1, 1e7),
    "size": (0.01, 1.0),
    "percent_per_minute": (-50.0, 50.0),
}
_PERCENT: Final = {"gap": (-99.0, 900.0), "flash_crash": (0.01, 99.0)}
# A market that has more to do than its process can do falls behind the clock.
_FACTORS: Final = {"flash_crash": (1.0, 20.0), "storm": (0.01, 20.0), "wide": (1.0, 1000.0)}


def parse_scenes(items: Any) -> list[Scene]:
    """The typed scenes of a JSON list.

    Raises:
        ApiError: 400, -1130, naming the scene and the field that is wrong.
    """
    if not isinstance(items, list):
        raise ApiError.bad_request(-1130, "scenes: must be a JSON list of objects")
    return [_parse(item, f"scene {number}") for number, item in enumerate(items)]


def _parse(item: Any, where: str) -> Scene:
    if not isinstance(item, dict):
        raise ApiError.bad_request(-1130, f"{where}: must be a JSON object")
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise _bad(where, "kind", f"must be one of {', '.join(sorted(_KEYS))}")
    known = _ALWAYS | _KEYS[kind]
    for name, value in item.items():
        if name not in known:
            raise _bad(where, name, f"unknown for {kind}; known are {', '.join(sorted(known))}")
        _check(where, kind, name, value)
    for name in _NEEDED.get(kind, ()):
        if item.get(name) is None:
            raise _bad(where, name, "is needed")
    return Scene(**item)


def _check(where: str, kind: str, name: str, value: Any) -> None:
    if name in _TEXTS:
        if not isinstance(value, str) or not value:
            raise _bad(where, name, "must be text")
        choices = _CHOICES.get(name)
        if choices and value not in choices:
            raise _bad(where, name, f"must be one of {', '.join(choices)}")
        return
    if value is None and name in {"for_s", "recover_s"}:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad(where, name, "must be a number")
    low, high = _bounds(kind, name)
    if not low <= value <= high:
        raise _bad(where, name, f"must be from {low:g} to {high:g}")
    if name == "percent" and not value:
        raise _bad(where, name, "must not be 0")


def _bounds(kind: str, name: str) -> tuple[float, float]:
    if name == "percent":
        return _PERCENT[kind]
    if name == "factor":
        return _FACTORS[kind]
    return _BOUNDS[name]


def _bad(where: str, field: str, problem: str) -> ApiError:
    return ApiError.bad_request(-1130, f"{where}: {field}: {problem}")
