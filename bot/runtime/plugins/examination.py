"""``bot strategies check`` and ``list``: everything that can be said of a plugin before it runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import StrategyError
from bot.runtime.plugins.find import available
from bot.runtime.plugins.habits import clocks, internals
from bot.runtime.plugins.load import classes
from bot.runtime.plugins.parameters import ParameterInfo, describe
from bot.runtime.plugins.reference import parse
from bot.runtime.plugins.rehearsal import Rehearsal, rehearse, time_limit
from bot.runtime.plugins.resolution import load_checked, spec_of

__all__ = ["Examined", "Listed", "examine", "listing"]

_SYMBOLS = ("BTCUSDT", "ETHUSDT")


@dataclass(frozen=True, slots=True)
class Examined:
    """The result of a check: fine if there are no errors."""

    name: str
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    rehearsal: Rehearsal | None = None
    """None if it did not come to that."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A plugin for the list."""

    name: str
    kind: str
    version: str
    source: str
    description: str
    parameters: tuple[ParameterInfo, ...]
    problem: str = ""
    """Why it cannot be used, or ''."""


def examine(text: str, strategies_dir: Path | None = None) -> Examined:
    """Load the plugin, look at its source, and rehearse it on the real engine."""
    name = text
    try:
        reference = parse(text)
        name = reference.name
        with time_limit():
            loaded = load_checked(reference, strategies_dir)
        spec = spec_of(reference, loaded, default_symbols=reference.symbols or _SYMBOLS)
        errors = [str(finding) for finding in internals(loaded.path, loaded.tree)]
        warnings = [str(finding) for finding in clocks(loaded.path, loaded.tree)]
        rehearsal = rehearse(spec, loaded.path)
    except StrategyError as e:
        return Examined(name, tuple(str(e).splitlines()))
    for finding in rehearsal.findings:
        (errors if finding.severity == "error" else warnings).append(str(finding))
    return Examined(name, tuple(errors), tuple(warnings), rehearsal)


def listing(strategies_dir: Path | None = None) -> Iterator[Listed]:
    """Every plugin that can be found, also those that do not load."""
    for source in available(strategies_dir):
        try:
            found = classes(source)
        except StrategyError as e:
            yield Listed(source.name, "", "", source.where, "", (), str(e).splitlines()[0])
            continue
        for loaded in found:
            kind = loaded.kind
            name = source.name if len(found) == 1 else f"{source.name}::{kind.__name__}"
            words = (kind.__doc__ or "").strip().splitlines()
            yield Listed(
                name,
                kind.__name__,
                str(kind.version),
                source.where,
                words[0] if words else "",
                tuple(describe(kind.params_type)),
            )
