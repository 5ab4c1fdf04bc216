"""Frames of a combined market stream to domain events."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from bot.domain.market import MarketEvent
from bot.exchange.continuity import StreamState
from bot.exchange.familiar import unfamiliar
from bot.exchange.lanes import Lane, lane_for

__all__ = ["FrameDecoder", "StreamReply"]


class StreamReply(msgspec.Struct, frozen=True):
    """Everything on a market connection that is no market event."""

    kind: str
    """``ack``, ``error`` or ``shutdown``."""
    id: int | str | None
    text: str


class _Envelope(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    id: int | str | None = None
    e: str = ""
    code: int | None = None
    msg: str = ""
    error: Any = None


class _Named(msgspec.Struct):
    e: str = ""


_GARBAGE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a frame can do to a decoder; the last by thousands of brackets."""
_decode_envelope = msgspec.json.Decoder(_Envelope, strict=False).decode
_decode_name = msgspec.json.Decoder(_Named, strict=False).decode


class FrameDecoder:
    """Knows the streams that were added to it; counts what it does not know.

    A combined frame begins with ``{"stream":"name",``: that piece, as it is, is the key
    of the lane. A frame that begins otherwise is parsed whole. Nothing here is fatal:
    ``broken`` counts frames that cannot be decoded, ``unknown`` those of other streams
    and types, by name; ``unfamiliar`` keys and types of message that are new, once for each
    stream that has them.
    """

    def __init__(self, on_reply: Callable[[StreamReply], object] | None = None) -> None:
        self._lanes: dict[bytes, Lane] = {}
        # The same by the beginning of the name and what follows, as much as tells them apart: to
        # cut that out is half the work of looking for the end of the name.
        # A server sends what was asked for at some time, so those that are gone count as well.
        self._quick: dict[bytes, Lane] = {}
        self._former: set[bytes] = set()
        self._width = 0
        self._states: dict[str, StreamState] = {}
        self._on_reply = on_reply
        self._broken = 0
        self.unknown: Counter[str] = Counter()
        self.unfamiliar: Counter[str] = Counter()

    @property
    def broken(self) -> int:
        """Frames, and elements of arrays, that could not be decoded."""
        return self._broken + sum(state.broken for state in self._states.values())

    def add(self, state: StreamState) -> None:
        """Decode that stream from now on."""
        key, lane = _key(state.name), lane_for(state)
        kind = state.subscription.kind

        def newcomer(frame: bytes, recv_ns: int) -> MarketEvent | None:
            self._put(key, lane)
            self.unfamiliar.update(unfamiliar(kind, frame))
            return lane(frame, recv_ns)

        self._states[state.name] = state
        self._put(key, newcomer)

    def remove(self, name: str) -> None:
        """Its frames are unknown from now on."""
        self._put(_key(name), None)
        state = self._states.pop(name, None)
        if state is not None:
            self._broken += state.broken

    def intercept(self, stream: str, wrap: Callable[[Lane, Callable[[], None]], Lane]) -> None:
        """Put ``wrap(lane, restore)`` in the lane's place until ``restore`` is called."""
        key = _key(stream)
        lane = self._lanes[key]

        def restore() -> None:
            if key in self._lanes:
                self._put(key, lane)

        self._put(key, wrap(lane, restore))

    def way(
        self,
        emit: Callable[[MarketEvent], object],
        now_ns: Callable[[], int],
        tap: Callable[[int, bytes], object] | None = None,
    ) -> Callable[[bytes], object]:
        """The shortest way of a frame: :meth:`decode` at the time it is, then ``emit``.

        ``tap`` is given each frame before it is decoded.
        """
        lane_of = self._quick.get

        def on_frame(frame: bytes) -> None:
            lane = lane_of(frame[_NAME_AT : self._width])
            try:
                event = (lane or self._look_up(frame))(frame, now_ns())
            except _GARBAGE:
                self._broken += 1
                return
            if event is not None:
                emit(event)

        def on_tapped_frame(frame: bytes) -> None:
            recv_ns = now_ns()
            tap(recv_ns, frame)  # type: ignore[misc]  # not this way without one
            lane = lane_of(frame[_NAME_AT : self._width])
            try:
                event = (lane or self._look_up(frame))(frame, recv_ns)
            except _GARBAGE:
                self._broken += 1
                return
            if event is not None:
                emit(event)

        return on_frame if tap is None else on_tapped_frame

    def decode(self, frame: bytes, recv_ns: int) -> MarketEvent | None:
        """The event of one frame, or None for what is counted or answered elsewhere."""
        try:
            return self._look_up(frame)(frame, recv_ns)
        except _GARBAGE:
            self._broken += 1
            return None

    def _put(self, key: bytes, lane: Lane | None) -> None:
        if lane is None:
            self._lanes.pop(key, None)
            self._former.add(key)
        else:
            self._lanes[key] = lane
        self._quick.clear()
        self._width = 0

    def _look_up(self, frame: bytes) -> Lane:
        """The lane of the frame, to be found quickly the next time."""
        lane = self._lanes.get(frame.partition(b",")[0])
        if lane is None:
            return self._decode_otherwise
        if not self._width:
            self._width = _width_of(self._lanes.keys() | self._former)
        head = frame[_NAME_AT : self._width]
        if head and frame.startswith(_DATA, frame.index(b",")):
            self._quick[head] = lane
        return lane

    def _decode_otherwise(self, frame: bytes, recv_ns: int) -> MarketEvent | None:
        envelope = _decode_envelope(frame)
        lane = self._lanes.get(_key(envelope.stream)) if envelope.stream else None
        if lane is not None:
            return lane(frame, recv_ns)
        self._sort_out(envelope)
        return None

    def _sort_out(self, envelope: _Envelope) -> None:
        name = envelope.e
        if not name and bytes(envelope.data).lstrip()[:1] == b"{":
            name = _decode_name(envelope.data).e
        if name == "serverShutdown":
            self._reply(StreamReply("shutdown", None, name))
        elif envelope.stream:
            self.unknown[envelope.stream] += 1
        elif envelope.error is not None or envelope.code is not None:
            text = str(envelope.msg or envelope.error)
            self._reply(StreamReply("error", envelope.id, text))
        elif envelope.id is not None:
            self._reply(StreamReply("ack", envelope.id, ""))
        else:
            self.unknown[name or "?"] += 1

    def _reply(self, reply: StreamReply) -> None:
        if self._on_reply is not None:
            self._on_reply(reply)


def _key(stream: str) -> bytes:
    return b'{"stream":"' + stream.encode() + b'"'


_DATA: Final = b',"data":'
_NAME_AT: Final = len(b'{"stream":"')
"""All keys begin so, and nothing that Binance sends has the name of a stream there otherwise."""


def _width_of(keys: Iterable[bytes]) -> int:
    """How many bytes of a frame tell these streams apart, whatever its data are; 0: none do."""
    heads = [key + _DATA for key in keys]
    width = min(map(len, heads))
    return width if len({head[:width] for head in heads}) == len(heads) else 0
