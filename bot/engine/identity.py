"""Client order ids: a pure function of strategy, run and counter."""

import re
import zlib
from typing import Final

from bot.domain.values import CLIENT_ORDER_ID_PATTERN

__all__ = [
    "PREFIX",
    "client_order_id",
    "flatten_id",
    "flattened_tag",
    "id_prefix",
    "is_forced",
    "is_ours",
    "run_name",
    "tag_of",
]

PREFIX: Final = "bot-"
"""Begins every id of ours, so that foreign orders on the account are told apart."""

_FLATTEN: Final = f"{PREFIX}flatten-"
_FLATTENED: Final = re.compile(rf"^{_FLATTEN}([A-Za-z0-9_]+)-[0-9a-z]+-[0-9a-z]+$")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TAG_LENGTH: Final = 12


def run_name(started_ns: int) -> str:
    """The name of a run: its start in milliseconds, base 36. Sorts by time; eight characters."""
    return _base36(started_ns // 1_000_000)


def client_order_id(strategy_id: str, run_id: str, counter: int) -> str:
    """The id of the ``counter``-th order of a strategy in a run; at most 36 characters."""
    made = f"{id_prefix(strategy_id, run_id)}{_base36(counter)}"
    assert re.fullmatch(CLIENT_ORDER_ID_PATTERN, made), made
    return made


def id_prefix(strategy_id: str, run_id: str) -> str:
    """What all ids of a strategy in a run begin with."""
    # Binance lets an id be used again after completion, so the run is part of ours.
    return f"{PREFIX}{tag_of(strategy_id)}-{run_id}-"


def tag_of(strategy_id: str) -> str:
    """The strategy in an id.

    A strategy name that is too long or has other characters than ``[A-Za-z0-9_]`` is cut
    and marked with its checksum, so that two names never share a tag by cutting.
    """
    if len(strategy_id) <= _TAG_LENGTH and re.fullmatch(r"[A-Za-z0-9_]+", strategy_id):
        return strategy_id
    clean = re.sub(r"[^A-Za-z0-9_]", "_", strategy_id)[: _TAG_LENGTH - 5]
    return f"{clean}_{zlib.crc32(strategy_id.encode()) & 0xFFFF:04x}"


def flatten_id(strategy_id: str, run_id: str, counter: int) -> str:
    """The id of an order that closes a strategy's position past the engine; below 1296 a run."""
    made = f"{_FLATTEN}{tag_of(strategy_id)}-{run_id}-{_base36(counter)}"
    assert re.fullmatch(CLIENT_ORDER_ID_PATTERN, made), made
    return made


def flattened_tag(client_id: str) -> str:
    """The tag of the strategy whose position such an order closed; '' if it is no such order."""
    found = _FLATTENED.match(client_id)
    return found[1] if found else ""


def is_ours(client_id: str) -> bool:
    """Whether an order with this id was placed by a bot of this kind."""
    return client_id.startswith(PREFIX)


def is_forced(client_id: str) -> bool:
    """Whether the exchange itself placed the order, to close a position.

    ``autoclose-`` (liquidation), ``adl_autoclose``, ``delivery_autoclose-``,
    ``settlement_autoclose-``. Source: Binance USDⓈ-M documentation, "Order Update".
    """
    return "autoclose" in client_id and not is_ours(client_id)


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
