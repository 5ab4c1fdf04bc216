"""What a request of the API is: its names, what it weighs, what answers it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bot.simulation.wire.rules import WireRules

__all__ = ["Call", "Endpoint", "always"]


class Call(msgspec.Struct, frozen=True):
    """One request that passed every check of the wire."""

    exchange: Any
    """The exchange whose endpoint it is."""
    account: str
    """The API key, or ``""`` for public data."""
    params: Mapping[str, str]
    now_ms: int
    server_ms: int
    """The clock that clients are shown: ``now_ms`` and its skew."""
    rules: WireRules = msgspec.field(default_factory=WireRules)
    """The limits that the wire applies."""


def always(_body: Any) -> bool:
    """Every success."""
    return True


class Endpoint(msgspec.Struct, frozen=True):
    method: str
    path: str
    name: str
    """The method of the WebSocket API."""
    weight: Callable[[Mapping[str, str]], int]
    answer: Callable[[Call], Any]
    signed: bool = False
    is_order: bool = False
    """A success weighs nothing."""
    shows_counts: bool = True
    """An order that counts among the unfilled ones: a success shows the counters."""
    is_free: Callable[[Any], bool] = always
    """Which successes of an order request weigh nothing, by their bodies."""
    in_list: bool = False
    """The WebSocket API wraps the body in a list, as it does for orders of the router."""
