"""How a person names a strategy on the command line.

::

    sma_cross                                a file in strategies/, or an installed plugin
    sma_cross:fast=3,slow=8                  with parameters
    sma_cross:id=slow_one,symbols=BTCUSDT    as what, on what (A+B for several symbols)
    sma_cross:budget=500                     with so much of the account, and no more
    path/to/file.py:fast=3                   any file
    path/to/file.py::Second:fast=3           one of several classes in a file
"""

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from bot.domain.errors import StrategyError
from bot.domain.values import EXTERNAL

__all__ = ["RESERVED", "Reference", "parse"]

RESERVED: Final = ("id", "symbols", "budget")
"""Keys that are not parameters."""

_SHAPE: Final = re.compile(
    r"(?P<name>(?:[A-Za-z]:[\\/])?[^:]+)"  # a drive letter's colon belongs to the path
    r"(?:::(?P<kind>[A-Za-z_]\w*))?"
    r"(?::(?P<parameters>[^:].*)?)?",
    re.DOTALL,
)
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_OPENING, _CLOSING = "[{", "]}"


@dataclass(frozen=True, slots=True)
class Reference:
    """Which strategy, as what, on what, with which parameters; nothing is loaded yet."""

    name: str
    """A plain name, or a path that ends in ``.py``."""
    kind: str = ""
    """The class, where the file holds several."""
    strategy_id: str = ""
    symbols: tuple[str, ...] = ()
    """Empty: all symbols of the run."""
    values: dict[str, object] = field(default_factory=dict)
    budget: Decimal = Decimal(0)
    """What it may use; 0: as the settings say."""

    @property
    def is_path(self) -> bool:
        return self.name.endswith(".py") or "/" in self.name or "\\" in self.name

    @property
    def label(self) -> str:
        """The instance's name: ``id=`` or else the plain name.

        Raises:
            StrategyError: the file's name cannot serve as one.
        """
        made = self.strategy_id or (Path(self.name).stem if self.is_path else self.name)
        if not _ID.fullmatch(made) or made == EXTERNAL:
            raise StrategyError(
                f"strategy {self.name}: {made!r} cannot be the name of an instance: give one "
                "with :id=NAME (a letter, then letters, digits, _ or -, at most 32)"
            )
        return made


def parse(text: str) -> Reference:
    """Read ``NAME[::Class][:key=value,...]``.

    Raises:
        StrategyError: it has another shape.
    """
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        raise StrategyError(
            f"strategy {text!r}: write NAME, NAME:key=value,... or path/to/file.py::Class:key=value"
        )
    pairs = _pairs(shape["name"], shape["parameters"] or "")
    strategy_id = pairs.pop("id", "")
    if strategy_id and (not _ID.fullmatch(strategy_id) or strategy_id == EXTERNAL):
        raise StrategyError(
            f"strategy {shape['name']}: id={strategy_id} is not allowed: a letter, then letters, "
            f"digits, _ or -, at most 32, and not {EXTERNAL!r}"
        )
    symbols = tuple(
        dict.fromkeys(s.strip().upper() for s in pairs.pop("symbols", "").split("+") if s.strip())
    )
    budget = _budget(shape["name"], pairs.pop("budget", ""))
    values = {key: _value(value) for key, value in pairs.items()}
    return Reference(shape["name"], shape["kind"] or "", strategy_id, symbols, values, budget)


def _budget(name: str, text: str) -> Decimal:
    """What the strategy may use; 0 if nothing is said of it."""
    try:
        amount = Decimal(text or "0")
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0 or (text and not amount):
        raise StrategyError(
            f"strategy {name}: budget={text} is no amount: give what it may use, above 0, in the "
            "asset that its symbols' profit is in, as in budget=500"
        )
    return amount


def _pairs(name: str, text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in _parts(text):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not key:
            raise StrategyError(f"strategy {name}: {part.strip()!r} is not key=value")
        if key in pairs:
            raise StrategyError(f"strategy {name}: {key}= is given twice; give it once")
        pairs[key] = value
    return pairs


def _parts(text: str) -> list[str]:
    """Split at commas that do not stand inside brackets, so that a value may be a JSON list."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def _value(text: str) -> object:
    if text[:1] not in _OPENING or not text:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
