"""What a strategy class may and may not define; found when it is loaded, not when it trades."""

import ast
import difflib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from bot.runtime.plugins.finding import Finding
from bot.runtime.plugins.load import Loaded
from bot.runtime.plugins.parameters import closest
from bot.runtime.plugins.reference import RESERVED
from bot.strategy.market import MarketData
from bot.strategy.orders import OrderEntry
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import CALLBACKS, Strategy

__all__ = ["faults"]

_OWN: Final = frozenset(
    name
    for kind in (Strategy, MarketData, OrderEntry)
    for name in vars(kind)
    if not name.startswith("_") and name not in CALLBACKS
) - {"version", "params_type", "warm_up"} | {"params", "symbols", "_context"}
"""What belongs to the base class: the engine and other people rely on it being what it is."""


def faults(loaded: Loaded) -> Iterator[Finding]:
    """Everything about the class that cannot work, in the order of its classes and lines."""
    for kind in loaded.kind.__mro__:
        if kind is Strategy:
            break
        for name, value in vars(kind).items():
            message = _member_fault(kind, name, value)
            if message:
                yield Finding(*_place(loaded, kind, name, value), message)
    yield from _parameter_faults(loaded)


def _member_fault(kind: type, name: str, value: object) -> str:
    if name in _OWN:
        return f"{kind.__name__} redefines {name}, which belongs to Strategy: give it another name"
    if name == "__init__":
        return _init_fault(value)
    if name in CALLBACKS or name == "warm_up":
        return _callback_fault(name, value)
    if not callable(value) or name.startswith("_"):
        return ""
    if name.startswith("on_"):
        guess = closest(name, CALLBACKS) or f"; there are {', '.join(sorted(CALLBACKS))}"
        return f"{name} is not a callback, nobody will call it{guess}"
    folded = {callback.replace("_", ""): callback for callback in CALLBACKS}
    meant = folded.get(name.replace("_", "").lower())
    return (
        f"{name} is not a callback, nobody will call it; did you mean {meant!r}?" if meant else ""
    )


def _callback_fault(name: str, value: object) -> str:
    if inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value):
        return f"{name} is async: callbacks are plain functions, write def {name}"
    if inspect.isgeneratorfunction(value):
        return f"{name} contains yield, so its body would never run: take the yield out"
    if isinstance(value, staticmethod | classmethod) or not callable(value):
        return f"{name} must be a plain method: def {name}(self, ...)"
    wanted = list(inspect.signature(getattr(Strategy, name)).parameters)
    try:
        inspect.signature(value).bind(*wanted)
    except TypeError:
        return f"{name} must take ({', '.join(wanted)}), it takes {inspect.signature(value)}"
    return ""


def _init_fault(value: object) -> str:
    try:
        inspect.signature(_callable(value)).bind("self", context=0, params=0, symbols=0)
    except TypeError:
        return "__init__ cannot be called by the bot: set things up in on_start instead"
    return ""


def _callable(value: object) -> Callable[..., Any]:
    if not callable(value):
        raise TypeError
    return value


def _parameter_faults(loaded: Loaded) -> Iterator[Finding]:
    kind, model = loaded.kind, loaded.kind.params_type
    node = _class_node(loaded, kind.__name__)
    line = node.lineno if node else 1
    if model is StrategyParams:
        module = vars(sys.modules[kind.__module__])
        for name, value in module.items():
            if isinstance(value, type) and issubclass(value, StrategyParams) and value is not model:
                text = f"{kind.__name__} does not say that {name} are its parameters: "
                yield Finding(loaded.path, line, text + f"write Strategy[{name}]")
                return
    for name in RESERVED:
        if name in model.model_fields:
            text = f"{model.__name__} has a field {name!r}, which is reserved: rename it"
            yield Finding(loaded.path, line, text)
    if node is not None:
        yield from _unknown_parameters(loaded, node)


def _unknown_parameters(loaded: Loaded, node: ast.ClassDef) -> Iterator[Finding]:
    """``self.params.fats`` where the model has no such field."""
    model = loaded.kind.params_type
    for used in ast.walk(node):
        if not (isinstance(used, ast.Attribute) and ast.unparse(used.value) == "self.params"):
            continue
        if not hasattr(model, used.attr) and used.attr not in model.model_fields:
            if model is StrategyParams:
                hint = f": write class {node.name}(Strategy[Params]) with a class Params"
            else:
                near = difflib.get_close_matches(used.attr, model.model_fields, n=1)
                known = ", ".join(model.model_fields)
                hint = f"; did you mean {near[0]!r}?" if near else f"; there is {known}"
            text = f"there is no parameter {used.attr!r}{hint}"
            yield Finding(loaded.path, used.lineno, text)


def _class_node(loaded: Loaded, name: str) -> ast.ClassDef | None:
    for node in loaded.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    return None


def _place(loaded: Loaded, kind: type, name: str, value: object) -> tuple[Path, int]:
    """File and line of a member, also of one that a base class in another file brought."""
    function = inspect.unwrap(getattr(value, "__func__", value))  # type: ignore[arg-type]
    if isinstance(value, property) and value.fget is not None:
        function = value.fget
    if isinstance(function, FunctionType):
        code = function.__code__
        return Path(code.co_filename), _def_line(function)
    node = _class_node(loaded, kind.__name__)
    for item in node.body if node else []:
        targets = item.targets if isinstance(item, ast.Assign) else [getattr(item, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return loaded.path, item.lineno
    return loaded.path, node.lineno if node else 1


def _def_line(function: FunctionType) -> int:
    """The line of ``def``, below its decorators."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return function.__code__.co_firstlineno
    for offset, text in enumerate(lines):
        if text.lstrip().startswith(("def ", "async def ")):
            return first + offset
    return first
