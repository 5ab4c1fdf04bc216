"""From one connection to the next, stream by stream, with nothing lost and nothing twice.

While both deliver the same streams, the old one stays in front. What the new one says of a
stream is held until the old one has said something at least as new: then the two overlap, and
everything after it comes from either, in order, the lane dropping what it has seen.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from typing import Final

import msgspec

from bot.domain.values import SECOND_NS
from bot.exchange.connection import OnFrame
from bot.exchange.continuity import StreamState
from bot.exchange.lanes import Lane, lane_for

__all__ = ["Handover", "HandoverRules", "Verdict"]

_HELD_AT_MOST: Final = 20_000
_SLOW_START_NS: Final = SECOND_NS // 2
"""How long after its acknowledgement a subscription may begin to deliver: what only the old
connection said in that time is no fault of the new one."""


class HandoverRules(msgspec.Struct, frozen=True, kw_only=True):
    """How long one connection waits for the other."""

    wait_s: float = 5.0
    """A stream on which both are silent for that long is handed over as it is. One that the
    old connection delivers and the new one does not is a fault of the new one after that time;
    one that the new one alone delivers is no longer waited for."""


class Verdict(Enum):
    WAITING = auto()
    DEAF = auto()
    """The new connection lacks a stream that the old one delivers."""
    DONE = auto()


class _Envelope(msgspec.Struct):
    stream: str = ""


_envelope: Final = msgspec.json.Decoder(_Envelope).decode


class _Passage:
    """One stream on its way."""

    __slots__ = ("first_id", "held", "held_since_ns", "lane", "owed_since_ns", "shadow", "state")

    def __init__(self, state: StreamState) -> None:
        self.state = state
        self.shadow = StreamState(state.name, state.subscription, state.market)
        self.lane: Lane = lane_for(self.shadow)
        self.held: list[bytes] = []
        self.first_id = -1
        self.held_since_ns = 0
        self.owed_since_ns = 0

    def hold(self, frame: bytes, now_ns: int) -> bool:
        """Keep the frame; False if it is none that could be kept."""
        if len(self.held) >= _HELD_AT_MOST:
            self.held.clear()
        if not self.held:
            self.shadow.last_id = -1
            try:
                self.lane(frame, now_ns)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                return False
            self.first_id = self.shadow.last_id
            self.held_since_ns = self.held_since_ns or now_ns
        self.held.append(frame)
        return True

    @property
    def overlaps(self) -> bool:
        """The old connection has come as far as the first frame of the new one."""
        return bool(self.held) and (self.state.last_id < 0 or self.state.last_id >= self.first_id)


class Handover:
    """What comes from a new connection passes :meth:`frame`; what may be delivered, is.

    ``deliver`` is the way of the connection in front; ``other`` takes what is no event of one
    of the streams.
    """

    def __init__(
        self,
        states: Iterable[StreamState],
        *,
        deliver: OnFrame,
        other: OnFrame,
        now_ns: Callable[[], int],
        rules: HandoverRules | None = None,
    ) -> None:
        self._deliver = deliver
        self._other = other
        self._now_ns = now_ns
        self._wait_ns = int((rules or HandoverRules()).wait_s * SECOND_NS)
        self._passages: dict[str, _Passage] = {}
        self._names: dict[bytes, str] = {}
        for state in states:
            self.add(state)
        # How often the old connection was seen to be alive and not behind.
        self._overlaps = 0
        self.unproven: list[str] = []
        """Streams that the new connection delivered and the old one did not: of what the old
        one should have said before, nothing is known."""

    def frame(self, frame: bytes) -> None:
        """Take one frame of the new connection."""
        name = self._names.get(frame.partition(b",")[0])
        if name is None:
            name = _stream_of(frame)
            if _key(name) not in self._names:
                self._other(frame)
                return
        passage = self._passages.get(name)
        if passage is None or not passage.hold(frame, self._now_ns()):
            self._deliver(frame)
        elif passage.overlaps:
            self._overlap(passage)

    def add(self, state: StreamState) -> None:
        """One more stream is wanted: of both connections."""
        self._passages[state.name] = _Passage(state)
        self._names[_key(state.name)] = state.name

    def forget(self, name: str) -> None:
        """The stream is not wanted any more."""
        self._passages.pop(name, None)

    def look(self, carried: Mapping[str, int]) -> Verdict:
        """Judge what waits. ``carried``: since when the new connection carries a stream, ns."""
        now_ns = self._now_ns()
        deaf = False
        for name, passage in list(self._passages.items()):
            if passage.overlaps:
                self._overlap(passage)
            elif passage.held:
                if now_ns - passage.held_since_ns > self._wait_ns:
                    self.unproven.append(name)
                    self._let_through(passage)
            elif name in carried:
                deaf |= self._judge_silence(passage, carried[name], now_ns)
        if deaf:
            return Verdict.DEAF
        return Verdict.WAITING if self._passages else Verdict.DONE

    def missed(self, carried: Mapping[str, int]) -> tuple[str, ...]:
        """Streams of which something may be missing, should the old connection end now.

        Nothing is if the stream was handed over; or if the new connection carried it for a
        while in which the old one, certainly alive, said nothing of it.
        """
        now_ns = self._now_ns()
        waiting = (
            name
            for name, passage in self._passages.items()
            if not self._overlaps
            or passage.held
            or name not in carried
            or now_ns - carried[name] < _SLOW_START_NS
            or _is_owed(passage, carried[name])
        )
        return (*self.unproven, *waiting)

    def finish(self) -> None:
        """The old connection is gone: deliver what is held. Lanes tell what is missing."""
        for passage in list(self._passages.values()):
            self._let_through(passage)

    def _judge_silence(self, passage: _Passage, since_ns: int, now_ns: int) -> bool:
        """Whether the silence of the new connection is a fault."""
        if _is_owed(passage, since_ns):
            passage.owed_since_ns = passage.owed_since_ns or now_ns
            return now_ns - passage.owed_since_ns > self._wait_ns
        if now_ns - since_ns > self._wait_ns:
            del self._passages[passage.state.name]
        return False

    def _overlap(self, passage: _Passage) -> None:
        self._overlaps += passage.state.last_id >= 0
        self._let_through(passage)

    def _let_through(self, passage: _Passage) -> None:
        del self._passages[passage.state.name]
        for frame in passage.held:
            self._deliver(frame)


def _is_owed(passage: _Passage, since_ns: int) -> bool:
    return passage.state.heard_ns > since_ns + _SLOW_START_NS


def _key(stream: str) -> bytes:
    return b'{"stream":"' + stream.encode() + b'"'


def _stream_of(frame: bytes) -> str:
    try:
        return _envelope(frame).stream
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
