"""The list of faults in JSON, read and checked."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from bot.simulation.errors import ApiError

__all__ = ["Fault", "parse_faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the list that ``POST /sim/faults`` takes."""

    kind: str
    target: str = "all"
    """``market``, ``user``, ``wsapi`` or ``all``."""
    match: str = ""
    """``METHOD /path`` of a request, or an event type (``executionReport``); '' is any."""
    symbol: str = ""
    at_s: float = 0.0
    """When it starts, seconds after it was posted."""
    for_s: float | None = None
    """How long it lasts; None: until its times are used up, or it is cleared."""
    times: int | None = None
    """How often it strikes; None: no bound, except that ``drop`` and its like strike once."""
    every: int = 1
    """Strike at each n-th match only."""
    probability: float = 1.0
    status: int = 0
    """Of the answer; 0 cuts the connection."""
    code: int | None = None
    msg: str = ""
    when: str = "before"
    """``before`` or ``after`` the request was executed."""
    retry_after_s: int = 1
    ms: int = 0
    """The delay, the time to hold back, or the skew of the clock."""


_ONCE: Final = frozenset(
    {"drop", "server_shutdown", "stream_terminated", "listen_key_expired", "book_gap"}
)
_LASTING: Final = frozenset({"half_open", "outage", "clock_skew"})
_FRAMES: Final = frozenset({"lose", "duplicate", "reorder", "delay"})
_HTTP: Final = frozenset({"http", "html_body", "rate_limit"})
_KINDS: Final = _ONCE | _LASTING | _FRAMES | _HTTP
_TARGETS: Final = ("market", "user", "wsapi", "all")
_TEXTS: Final = frozenset({"kind", "target", "match", "symbol", "msg", "when"})
_WHOLE: Final = frozenset({"times", "every", "status", "code", "retry_after_s", "ms"})
_LOWEST: Final = {"at_s": 0, "for_s": 0, "times": 1, "every": 1, "probability": 0, "status": 0}
_STATUS: Final = {"http": 500, "html_body": 502, "rate_limit": 429}
_HOLD_MS: Final = 200


def parse_faults(items: Any) -> list[Fault]:
    """The typed faults of a JSON list.

    Raises:
        ApiError: 400, -1130, naming the fault and the field that is wrong.
    """
    if not isinstance(items, list):
        raise ApiError.bad_request(-1130, "faults: must be a JSON list of objects")
    return [_parse(item, f"fault {number}") for number, item in enumerate(items)]


def _parse(item: Any, where: str) -> Fault:
    if not isinstance(item, dict):
        raise ApiError.bad_request(-1130, f"{where}: must be a JSON object")
    known = {f.name for f in fields(Fault)}
    for name, value in item.items():
        if name not in known:
            raise _bad(where, name, f"unknown; known are {', '.join(sorted(known))}")
        _check_type(where, name, value)
    if item.get("kind") not in _KINDS:
        raise _bad(where, "kind", f"must be one of {', '.join(sorted(_KINDS))}")
    fault = Fault(**item)
    _check_values(where, fault)
    if "status" not in item and fault.kind in _STATUS:
        fault = replace(fault, status=_STATUS[fault.kind])
    if fault.times is None and fault.for_s is None and fault.kind in _ONCE:
        # A moment, not a state. All others last until their bound or until they are cleared.
        fault = replace(fault, times=1)
    if fault.kind == "reorder" and not fault.ms:
        fault = replace(fault, ms=_HOLD_MS)
    return fault


def _check_type(where: str, name: str, value: Any) -> None:
    if name in _TEXTS:
        if not isinstance(value, str):
            raise _bad(where, name, "must be text")
        return
    if value is None and name in {"for_s", "times", "code"}:
        return
    number = int if name in _WHOLE else (int, float)
    if isinstance(value, bool) or not isinstance(value, number):
        raise _bad(where, name, "must be a whole number" if name in _WHOLE else "must be a number")
    if name in _LOWEST and value < _LOWEST[name]:
        raise _bad(where, name, f"must be {_LOWEST[name]} or more")


def _check_values(where: str, fault: Fault) -> None:
    targets = ("market", "user", "all") if fault.kind in _FRAMES else _TARGETS
    if fault.target not in targets:
        raise _bad(where, "target", f"must be one of {', '.join(targets)}")
    if fault.when not in {"before", "after"}:
        raise _bad(where, "when", "must be before or after")
    if fault.probability > 1:
        raise _bad(where, "probability", "must be 1 or less")
    if fault.kind == "rate_limit" and fault.status not in {0, 418, 429}:
        raise _bad(where, "status", "must be 429 or 418")
    if fault.kind == "book_gap" and not fault.symbol:
        raise _bad(where, "symbol", "is needed")
    if fault.kind in {"delay", "clock_skew"} and not fault.ms:
        raise _bad(where, "ms", "is needed")
    if fault.kind != "clock_skew" and fault.ms < 0:
        raise _bad(where, "ms", "must be 0 or more")


def _bad(where: str, field: str, problem: str) -> ApiError:
    return ApiError.bad_request(-1130, f"{where}: {field}: {problem}")
