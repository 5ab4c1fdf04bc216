"""``--limits``: the simulated exchange's connection and request rules, as a person changes them."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bot.domain.errors import SettingsError
from bot.simulation.wire.futures.rules import FuturesRules
from bot.simulation.wire.rules import WireRules

__all__ = ["changed", "parse_limits"]

Rules = TypeVar("Rules", bound=WireRules)
_TYPES = {field.name: field.type for field in msgspec.structs.fields(FuturesRules)}


def parse_limits(text: str) -> dict[str, int | float]:
    """``key=value,...``, or the path of a JSON file with an object of them; empty for empty text.

    Raises:
        SettingsError: what is wrong with it, and which names there are.
    """
    if not text:
        return {}
    given = _pairs(text) if "=" in text else _file(Path(text))
    return {name: _value(name, value) for name, value in given.items()}


def changed(rules: Rules, limits: Mapping[str, int | float]) -> Rules:
    """The same rules with those of the limits that they have."""
    own = {name: value for name, value in limits.items() if hasattr(rules, name)}
    return msgspec.structs.replace(rules, **own)


def _pairs(text: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        pairs[name.strip()] = value.strip()
    return pairs


def _file(path: Path) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(path.read_bytes())
    except OSError as e:
        raise SettingsError(f"--limits: cannot read {path}: {e.strerror}") from None
    except msgspec.DecodeError as e:
        raise SettingsError(f"--limits: {path} is not JSON: {e}") from None
    if not isinstance(given, dict):
        raise SettingsError(f'--limits: {path} must hold an object such as {{"lifetime_s": 60}}')
    return given


def _value(name: str, value: Any) -> int | float:
    if name not in _TYPES:
        raise SettingsError(f"--limits: there is no {name!r}: use {', '.join(sorted(_TYPES))}")
    try:
        number = float(value)
        exact = int(number) if _TYPES[name] is int else number
    except (TypeError, ValueError, OverflowError):
        number, exact = math.nan, 0
    lowest_is_fine = number > 0 or (number == 0 and _TYPES[name] is int)
    if not math.isfinite(number) or exact != number or not lowest_is_fine:
        kind = "a count" if _TYPES[name] is int else "seconds above 0"
        raise SettingsError(f"--limits: {name}={value} is wrong: it takes {kind}")
    return exact
