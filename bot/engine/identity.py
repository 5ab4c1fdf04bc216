"""Client order ids: a pure function of strategy, run and counter."""

import re
import zlib
from typing import Final

from bot.domain.values import CLIENT_ORDER_ID_PATTERN

__all__ = ["PREFIX", "client_order_id", "id_prefix", "is_ours", "run_name"]

PREFIX: Final = "bot-"
"""Begins every id of ours, so that foreign orders on the account are told apart."""

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
    """What all ids of a strategy in a run begin with.

    A strategy name that is too long or has other characters than ``[A-Za-z0-9_]`` is cut
    and marked with its checksum, so that two names never share a tag by cutting.
    """
    tag = strategy_id
    if len(tag) > _TAG_LENGTH or not re.fullmatch(r"[A-Za-z0-9_]+", tag):
        clean = re.sub(r"[^A-Za-z0-9_]", "_", tag)[: _TAG_LENGTH - 5]
        tag = f"{clean}_{zlib.crc32(strategy_id.encode()) & 0xFFFF:04x}"
    # Binance lets an id be used again after completion, so the run is part of ours.
    return f"{PREFIX}{tag}-{run_id}-"


def is_ours(client_id: str) -> bool:
    """Whether an order with this id was placed by a bot of this kind."""
    return client_id.startswith(PREFIX)


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
