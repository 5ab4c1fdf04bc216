"""Faults that the exchange commits on request: parsed, validated, and planned in time."""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from bot.simulation.faultlist import Fault, parse_faults

__all__ = ["ConnectionFault", "Fault", "FaultPlan", "FrameAction", "HttpFault", "parse_faults"]

_HTTP: Final = frozenset({"http", "html_body", "rate_limit", "outage"})
_FRAMES: Final = frozenset({"lose", "duplicate", "reorder", "delay"})
_CONNECTIONS: Final = frozenset(
    {
        "drop",
        "half_open",
        "outage",
        "server_shutdown",
        "stream_terminated",
        "listen_key_expired",
        "book_gap",
    }
)
_MESSAGES: Final = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1003: "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "
    "Please use WebSocket Streams for live updates to avoid polling the API.",
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: "Timeout waiting for response from backend server. "
    "Send status unknown; execution status unknown.",
    -1008: "Server is currently overloaded with other requests. Please try again in a few minutes.",
    -1015: "Too many new orders; current limit is 100 orders per 10 SECOND.",
    -1021: "Timestamp for this request is outside of the recvWindow.",
    -2010: "Account has insufficient balance for requested action.",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
}


@dataclass(frozen=True, slots=True)
class HttpFault:
    """What to do to one request."""

    kind: str
    """``http``, ``html_body``, ``rate_limit`` or ``outage``."""
    status: int
    """0 cuts the connection without an answer."""
    code: int
    msg: str
    when: str
    """``before``: the request is not executed; ``after``: it is, and the answer is replaced."""
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class FrameAction:
    """What to do to one frame: ``pass``, ``lose``, ``duplicate``, ``reorder`` or ``delay``."""

    kind: str
    ms: int = 0
    """How late (``delay``), or how long to hold it back for the next one (``reorder``)."""


@dataclass(frozen=True, slots=True)
class ConnectionFault:
    """What to do to connections now.

    ``kind`` is ``drop``, ``half_open``, ``outage``, ``server_shutdown``, ``stream_terminated``,
    ``listen_key_expired`` or ``book_gap``.
    """

    kind: str
    target: str
    symbol: str = ""
    for_s: float | None = None


class _Planned:
    """One fault in time, and what is left of it."""

    __slots__ = ("done", "fault", "left", "seen", "start_ms")

    def __init__(self, fault: Fault, now_ms: int) -> None:
        self.fault = fault
        self.start_ms = now_ms + round(fault.at_s * 1000)
        self.seen = 0
        self.left = fault.times
        # Whether it was handed out, if it strikes connections.
        self.done = False

    @property
    def end_ms(self) -> float:
        length = self.fault.for_s
        return self.start_ms + length * 1000 if length is not None else float("inf")

    @property
    def is_lasting(self) -> bool:
        return self.fault.kind in {"half_open", "outage"}

    def is_on(self, now_ms: int) -> bool:
        return self.left != 0 and self.start_ms <= now_ms < self.end_ms

    def strikes(self, draw: Callable[[], float]) -> bool:
        """Whether this match is hit; uses up one of its times."""
        self.seen += 1
        if self.seen % self.fault.every:
            return False
        if self.fault.probability < 1 and draw() >= self.fault.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class FaultPlan:
    """Which fault strikes when. Deterministic: the same questions give the same answers."""

    def __init__(
        self, faults: Sequence[Fault] = (), *, seed: int = 0, now_ms: int | None = None
    ) -> None:
        """Without ``now_ms`` the times of ``faults`` count from the first question."""
        self._planned: list[_Planned] = []
        self._unposted: Sequence[Fault] = faults
        self._draw = random.Random(seed).random  # noqa: S311 - chance on purpose, no secret
        if now_ms is not None:
            self._post(now_ms)

    def add(self, faults: Sequence[Fault], now_ms: int) -> None:
        """Post more faults; their ``at_s`` counts from ``now_ms``."""
        self._post(now_ms)
        self._planned = [p for p in self._planned if not self._is_over(p, now_ms)]
        self._planned += [_Planned(fault, now_ms) for fault in faults]

    def clear(self) -> None:
        """Be an honest exchange again."""
        self._planned, self._unposted = [], ()

    def http(self, method: str, path: str, now_ms: int) -> HttpFault | None:
        """What happens to this request; asking uses up one of ``times``."""
        for planned in self._on(_HTTP, now_ms):
            fault = planned.fault
            if fault.kind == "outage":
                return HttpFault("outage", 0, -1001, _MESSAGES[-1001], "before", 0)
            if _is_request(fault.match, method, path) and planned.strikes(self._draw):
                return _http_fault(fault)
        return None

    def frames(self, target: str, event_type: str, now_ms: int) -> FrameAction:
        """What happens to this frame; asking uses up one of ``times``."""
        for planned in self._on(_FRAMES, now_ms):
            fault = planned.fault
            if (
                fault.target in {"all", target}
                and fault.match in {"", event_type}
                and planned.strikes(self._draw)
            ):
                return FrameAction(fault.kind, fault.ms)
        return _PASS

    def connections(self, now_ms: int) -> list[ConnectionFault]:
        """The connection faults that fell due since the last question, each once."""
        self._post(now_ms)
        due = []
        for planned in self._planned:
            fault = planned.fault
            if fault.kind in _CONNECTIONS and not planned.done and planned.start_ms <= now_ms:
                planned.done = True
                due.append(ConnectionFault(fault.kind, fault.target, fault.symbol, fault.for_s))
        return due

    def half_open(self, target: str, now_ms: int) -> bool:
        """Whether connections of that kind are mute now."""
        mute = self._on(frozenset({"half_open"}), now_ms)
        return any(p.fault.target in {"all", target} for p in mute)

    def outage(self, now_ms: int) -> bool:
        """Whether new connections and requests are refused now."""
        return bool(self._on(frozenset({"outage"}), now_ms))

    def clock_skew_ms(self, now_ms: int) -> int:
        """What to add to the server's clock."""
        return sum(p.fault.ms for p in self._on(frozenset({"clock_skew"}), now_ms))

    def next_due_ms(self, now_ms: int) -> int | None:
        """When a connection fault falls due next."""
        self._post(now_ms)
        waiting = [
            max(p.start_ms, now_ms)
            for p in self._planned
            if p.fault.kind in _CONNECTIONS and not p.done
        ]
        return min(waiting, default=None)

    def active(self) -> list[dict[str, Any]]:
        """The faults that can still strike, as JSON."""
        waiting = [asdict(fault) for fault in self._unposted]
        planned = [p for p in self._planned if p.left != 0 and (not p.done or p.is_lasting)]
        return waiting + [{**asdict(p.fault), "times": p.left} for p in planned]

    def _on(self, kinds: frozenset[str], now_ms: int) -> list[_Planned]:
        self._post(now_ms)
        return [p for p in self._planned if p.fault.kind in kinds and p.is_on(now_ms)]

    def _post(self, now_ms: int) -> None:
        if self._unposted:
            self._planned += [_Planned(fault, now_ms) for fault in self._unposted]
            self._unposted = ()

    @staticmethod
    def _is_over(planned: _Planned, now_ms: int) -> bool:
        return (
            (planned.done and not planned.is_lasting)
            or planned.left == 0
            or now_ms >= planned.end_ms
        )


_PASS: Final = FrameAction("pass")


def _is_request(match: str, method: str, path: str) -> bool:
    """``POST /api/v3/order``, ``/api/v3/order``, ``POST`` or '' for any."""
    return match in {"", method, path, f"{method} {path}"}


def _http_fault(fault: Fault) -> HttpFault:
    code = fault.code
    if code is None:
        code = -1003 if fault.kind == "rate_limit" else -1000
        if fault.when == "after":
            code = -1007
    msg = fault.msg or _MESSAGES.get(code, "A fault on request.")
    return HttpFault(fault.kind, fault.status, code, msg, fault.when, fault.retry_after_s)
