"""A JSON list in a file that a person wrote: faults, scenes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bot.domain.errors import SettingsError
from bot.simulation.errors import ApiError

__all__ = ["read_list"]

T = TypeVar("T")


def read_list(path: Path | None, what: str, parse: Callable[[Any], Sequence[T]]) -> list[T]:
    """The parsed list; empty without a path.

    Raises:
        SettingsError: what is wrong with it, with its path, in one line.
    """
    if path is None:
        return []
    try:
        return list(parse(msgspec.json.decode(path.read_bytes())))
    except OSError as e:
        raise SettingsError(f"cannot read the {what} in {path}: {e.strerror}") from None
    except msgspec.DecodeError as e:
        raise SettingsError(f"the {what} in {path} are not JSON: {e}") from None
    except ApiError as e:
        raise SettingsError(f"the {what} in {path}: {e.msg}") from None
