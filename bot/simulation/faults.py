"""Faults that the exchange commits on request: parsed, validated, and planned in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ConnectionFault", "Fault", "FaultPlan", "FrameAction", "HttpFault", "parse_faults"]


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
    """How long it lasts; None: until its times are used up."""
    times: int | None = None
    every: int = 1
    probability: float = 1.0
    status: int = 0
    code: int | None = None
    msg: str = ""
    when: str = "before"
    retry_after_s: int = 1
    ms: int = 0


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


def parse_faults(items: Any) -> list[Fault]:
    """The typed faults of a JSON list.

    Raises:
        ApiError: 400, -1130, naming the field that is wrong.
    """
    raise NotImplementedError(items)


class FaultPlan:
    """Which fault strikes when. Deterministic: the same questions give the same answers."""

    def __init__(self, faults: Sequence[Fault] = (), *, seed: int = 0, now_ms: int = 0) -> None:
        raise NotImplementedError

    def add(self, faults: Sequence[Fault], now_ms: int) -> None:
        """Post more faults; their ``at_s`` counts from ``now_ms``."""
        raise NotImplementedError

    def clear(self) -> None:
        raise NotImplementedError

    def http(self, method: str, path: str, now_ms: int) -> HttpFault | None:
        """What happens to this request; asking uses up one of ``times``."""
        raise NotImplementedError

    def frames(self, target: str, event_type: str, now_ms: int) -> FrameAction:
        """What happens to this frame; asking uses up one of ``times``."""
        raise NotImplementedError

    def connections(self, now_ms: int) -> list[ConnectionFault]:
        """The connection faults that fell due since the last question, each once."""
        raise NotImplementedError

    def half_open(self, target: str, now_ms: int) -> bool:
        """Whether connections of that kind are mute now."""
        raise NotImplementedError

    def outage(self, now_ms: int) -> bool:
        """Whether new connections and requests are refused now."""
        raise NotImplementedError

    def clock_skew_ms(self, now_ms: int) -> int:
        """What to add to the server's clock."""
        raise NotImplementedError

    def next_due_ms(self, now_ms: int) -> int | None:
        """When a connection fault falls due next."""
        raise NotImplementedError

    def active(self) -> list[Mapping[str, Any]]:
        """The faults that can still strike, as JSON."""
        raise NotImplementedError
