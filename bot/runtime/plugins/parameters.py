"""The parameters of a strategy: given as text, checked by its model, described for people."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticUndefined

from bot.domain.errors import StrategyError
from bot.runtime.plugins.reference import RESERVED
from bot.strategy.params import StrategyParams

__all__ = ["ParameterInfo", "closest", "describe", "validate"]

_BOUNDS = {
    "ge": "≥ {}",
    "gt": "> {}",
    "le": "≤ {}",
    "lt": "< {}",
    "multiple_of": "a multiple of {}",
}
_LENGTHS = {"min_length": "length ≥ {}", "max_length": "length ≤ {}", "pattern": "matching {}"}


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """One parameter as ``bot strategies list`` shows it."""

    name: str
    type: str
    default: str
    """``required`` where there is none."""
    allowed: str
    """Bounds in words, or ''."""
    description: str


def validate(
    label: str, model: type[StrategyParams], values: Mapping[str, object]
) -> StrategyParams:
    """The parameters that ``values`` (texts or JSON values) and the defaults make.

    Raises:
        StrategyError: one line for each fault: strategy, parameter, value, what is allowed.
    """
    try:
        return model.model_validate(dict(values), strict=False)
    except ValidationError as e:
        lines = [_explained(label, model, values, fault) for fault in e.errors()]
        raise StrategyError("\n".join(lines)) from None


def describe(model: type[StrategyParams]) -> list[ParameterInfo]:
    """The model's fields in their order."""
    return [
        ParameterInfo(name, _type(field), _default(field), _allowed(field), field.description or "")
        for name, field in model.model_fields.items()
    ]


def closest(word: str, known: Mapping[str, object] | frozenset[str]) -> str:
    """``; did you mean 'fast'?`` if something known is alike, else ''."""
    found = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _explained(
    label: str, model: type[StrategyParams], values: Mapping[str, object], fault: ErrorDetails
) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields) or "no parameters"
        return (
            f"strategy {label}: there is no parameter {name!r}{closest(name, model.model_fields)} "
            f"It has {known} (and {', '.join(RESERVED)})"
        ).replace("?; ", "? ")
    reason = fault["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if not name:
        given = ", ".join(f"{key}={value}" for key, value in values.items())
        return f"strategy {label}: {reason} (given: {given or 'only defaults'})"
    field = model.model_fields[name]
    allowed = " ".join(filter(None, (_type(field), _allowed(field))))
    if fault["type"] == "missing":
        return f"strategy {label}: {name} must be given: {allowed}, as in :{name}=..."
    source = "" if name in values else " (its default)"
    reason = reason[:1].lower() + reason[1:]
    return f"strategy {label}: {name}={fault['input']}{source}: {reason}; allowed: {allowed}"


def _type(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if isinstance(kind, type) and not getattr(kind, "__args__", ()):
        members = getattr(kind, "__members__", None)
        if members:
            return " | ".join(str(member.value) for member in members.values())
        return kind.__name__
    return str(kind).replace("typing.", "")


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return str(field.get_default(call_default_factory=True, validated_data={}))
    return "required" if field.default is PydanticUndefined else str(field.default)


def _allowed(field: FieldInfo) -> str:
    words = []
    for bound in field.metadata:
        for attribute, text in (_BOUNDS | _LENGTHS).items():
            limit = getattr(bound, attribute, None)
            if limit is not None:
                words.append(text.format(limit))
    return ", ".join(words)
