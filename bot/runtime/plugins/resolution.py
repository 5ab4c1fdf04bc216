"""From the text on the command line to a strategy that is ready to run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from loguru import logger

from bot.domain.errors import StrategyError
from bot.engine.host import StrategySpec
from bot.runtime.plugins.conduct import faults
from bot.runtime.plugins.find import find
from bot.runtime.plugins.habits import internals
from bot.runtime.plugins.load import Loaded, load
from bot.runtime.plugins.parameters import validate
from bot.runtime.plugins.reference import Reference, parse

__all__ = ["load_checked", "resolve", "spec_of"]


def resolve(
    text: str,
    *,
    default_symbols: Sequence[str],
    strategies_dir: Path | None = None,
    warn: Callable[[str], None] = logger.warning,
) -> StrategySpec:
    """The strategy that ``NAME[::Class][:key=value,...]`` names, loaded, checked, configured.

    Args:
        text: see :mod:`bot.runtime.plugins.reference`.
        default_symbols: the symbols of the run; ``symbols=`` picks some of them.
        strategies_dir: where NAME.py is looked for; ``strategies`` of the current directory.
        warn: takes lines about things that work now and may not always.

    Raises:
        StrategyError: it cannot be found, loaded or configured. Each line of the text says
            what is wrong, where, and what to do.
    """
    reference = parse(text)
    loaded = load_checked(reference, strategies_dir)
    for finding in internals(loaded.path, loaded.tree):
        warn(str(finding))
    return spec_of(reference, loaded, default_symbols=default_symbols)


def load_checked(reference: Reference, strategies_dir: Path | None = None) -> Loaded:
    """The class that the reference names, without faults in its definition.

    Raises:
        StrategyError: as for :func:`resolve`.
    """
    loaded = load(find(reference, strategies_dir), reference.kind)
    found = [str(finding) for finding in faults(loaded)]
    if found:
        raise StrategyError("\n".join(found))
    return loaded


def spec_of(
    reference: Reference,
    loaded: Loaded,
    *,
    default_symbols: Sequence[str],
    values: Mapping[str, object] | None = None,
) -> StrategySpec:
    """The instance that the reference (and further parameter ``values``) describes.

    Raises:
        StrategyError: a parameter, the id or a symbol is not allowed.
    """
    label = reference.label
    params = validate(label, loaded.kind.params_type, reference.values | dict(values or {}))
    foreign = [symbol for symbol in reference.symbols if symbol not in default_symbols]
    if foreign:
        raise StrategyError(
            f"strategy {label}: symbols={'+'.join(foreign)} is not traded in this run, which has "
            f"{', '.join(default_symbols) or 'nothing'}: add --symbol {foreign[0]} or leave it out"
        )
    return StrategySpec(
        strategy_id=label,
        kind=loaded.kind,
        params=params,
        symbols=reference.symbols or tuple(default_symbols),
        budget=reference.budget,
    )
