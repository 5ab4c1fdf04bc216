"""Options that take several values: ``--symbol BTCUSDT ETHUSDT`` as well as twice ``--symbol``."""

from collections.abc import Sequence
from typing import Final

__all__ = ["spread"]

_COMMANDS: Final = frozenset({"run", "sim", "backtest", "record"})
_SEVERAL: Final = frozenset({"--symbol", "--strategy", "--data", "--account", "--tape", "--stream"})


def spread(arguments: Sequence[str]) -> list[str]:
    """``--symbol A B`` as ``--symbol A --symbol B``, in commands without positional arguments."""
    if not arguments or arguments[0] not in _COMMANDS:
        return list(arguments)
    out: list[str] = []
    option = ""
    taken = False
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in _SEVERAL else ""
            taken = False
            out.append(argument)
        elif option and taken:
            out += [option, argument]
        else:
            taken = bool(option)
            out.append(argument)
    return out
