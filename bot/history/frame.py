"""One message of a tape, whatever format it was recorded in."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from bot.domain.values import Market

__all__ = ["Frame", "FrameKind", "TapeFormat", "depth_path", "instant_ns"]


class FrameKind(StrEnum):
    """What a frame is, by where it came from."""

    EVENT = "event"
    """A message of a stream."""
    DEPTH = "depth"
    """The answer of ``GET .../depth``: a snapshot of the order book."""
    EXCHANGE_INFO = "exchange_info"
    """The answer of ``GET .../exchangeInfo``."""
    REST = "rest"
    """The answer of some other request."""
    CONTROL = "control"
    """Neither: the reply to a SUBSCRIBE, or something that cannot be told."""


class Frame(NamedTuple):
    """A message as it was received."""

    recv_ns: int
    """When it reached the recorder, nanoseconds UTC."""
    stream: str
    """``btcusdt@depth@100ms``; for a REST answer path and query, ``/api/v3/depth?symbol=BTCUSDT``;
    ``""`` for a control reply."""
    data: bytes
    """The JSON of the event or answer itself, without the combined stream's wrapper."""
    market: Market | None = None
    """Of which market it is, where the tape says so."""

    @property
    def kind(self) -> FrameKind:
        if not self.stream.startswith("/"):
            return FrameKind.EVENT if self.stream else FrameKind.CONTROL
        path = urlsplit(self.stream).path
        if path.endswith("/depth"):
            return FrameKind.DEPTH
        return FrameKind.EXCHANGE_INFO if path.endswith("/exchangeInfo") else FrameKind.REST

    @property
    def symbol(self) -> str:
        """The symbol that the stream's name or the request names, upper case; '' if none."""
        if self.stream.startswith("/"):
            return parse_qs(urlsplit(self.stream).query).get("symbol", [""])[0].upper()
        name = self.stream.partition("@")[0]
        return "" if name.startswith("!") else name.upper()


class TapeFormat(Protocol):
    """A way of writing frames down as lines of text."""

    def recognises(self, line: bytes) -> bool:
        """True if a file whose first line of content this is, is of this format."""
        ...

    def frames(self, lines: Iterator[bytes]) -> Iterator[Frame]:
        """The frames, in the order in which they were recorded.

        What cannot be read is delivered as a control frame that holds the line.
        """
        ...


_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))


def instant_ns(stamp: int) -> int:
    """Seconds, milli-, micro- or nanoseconds since the epoch, told apart by their size, in ns."""
    for bound, factor in _UNITS:
        if stamp < bound:
            return stamp * factor
    return stamp


def depth_path(symbol: str, *, futures: bool, coin_margined: bool = False) -> str:
    """The request whose answer a snapshot of that symbol's book is."""
    if not futures:
        return f"/api/v3/depth?symbol={symbol}&limit=1000"
    return f"/{'dapi' if coin_margined else 'fapi'}/v1/depth?symbol={symbol}&limit=1000"
