"""What a tape holds, and whether it hangs together."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from bot.domain.errors import DataError
from bot.domain.times import iso_utc
from bot.domain.values import SECOND_NS, Market, symbol_key
from bot.history.frame import Frame, FrameKind, instant_ns
from bot.history.lines import TapeCut
from bot.history.messages import (
    KNOWN_EVENTS,
    BookTicker,
    DepthUpdate,
    ExchangeInfo,
    Head,
    Snapshot,
    Trade,
    decode_heads,
    decoder,
)
from bot.history.watch import BookWatch, IdWatch

__all__ = ["Survey"]

DEPTH_SNAPSHOT: Final = "REST depth snapshot"
EXCHANGE_INFO: Final = "exchangeInfo"
PARTIAL_DEPTH: Final = "partialDepth"
RPI_DEPTH: Final = "rpiDepth"
"""Changes of the book with retail price improvement: depthUpdate too, with ids of its own."""
CONTROL_REPLY: Final = "control reply"
_PARTIAL_STREAM: Final = re.compile(r"@depth(5|10|20)(@|$)")
_OFF_NS: Final = 60 * SECOND_NS
_SNAPSHOT: Final = msgspec.json.Decoder(Snapshot, strict=False)
_EXCHANGE_INFO: Final = msgspec.json.Decoder(ExchangeInfo)


class Survey:
    """A fold over the frames of one tape."""

    def __init__(self) -> None:
        self.frames = 0
        self.undecodable = 0
        self.unknown: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.symbols: set[str] = set()
        self.books: dict[str, BookWatch] = {}
        self.trades: dict[str, IdWatch] = {}
        self.cut: TapeCut | None = None
        """Set if the tape ends in the middle."""
        self._misdated = 0
        self._not_positive = 0
        self._from_ns: int | None = None
        self._to_ns = 0
        self._home: Market | None = None

    @classmethod
    def of(cls, frames: Iterable[Frame]) -> "Survey":
        """The survey of a whole tape, as far as it goes.

        Raises:
            DataError: it mixes spot and futures frames of one symbol.
        """
        survey = cls()
        try:
            for frame in frames:
                survey.feed(frame)
        except TapeCut as cut:
            survey.cut = cut
        return survey

    def feed(self, frame: Frame) -> None:
        """Count and check one frame."""
        self.frames += 1
        if self._home is None:
            self._home = frame.market
        if frame.recv_ns:
            first = self._from_ns
            self._from_ns = frame.recv_ns if first is None else min(first, frame.recv_ns)
            self._to_ns = max(self._to_ns, frame.recv_ns)
        try:
            if frame.stream.startswith("/"):
                self._answer(frame)
            else:
                self._event(frame)
        except msgspec.DecodeError:
            self.undecodable += 1

    def as_dict(self) -> dict[str, Any]:
        """The survey in plain values; ``defects`` is there only if there are any."""
        start = self._from_ns
        summary: dict[str, Any] = {
            "frames": self.frames,
            "undecodable": self.undecodable,
            "unknown": self.unknown.total(),
            "events": dict(self.events.most_common()),
            "symbols": sorted(self.symbols),
            "books": {
                symbol: watch.as_dict()
                for symbol, watch in sorted(self.books.items())
                if watch.has_book
            },
            "from": None if start is None else iso_utc(start),
            "to": None if start is None else iso_utc(self._to_ns),
        }
        if defects := self.defects():
            summary["defects"] = defects
        return summary

    def defects(self) -> list[str]:
        """What is wrong with the tape, one line each; gaps of books among them."""
        found = [f"{self.cut.path.name} {self.cut.defect}"] if self.cut else []
        found += [f"unknown messages, {name}: {n}" for name, n in self.unknown.items()]
        for symbol, watch in sorted(self.books.items()):
            found += watch.defects(f"{symbol} book")
        for symbol, ids in sorted(self.trades.items()):
            found += ids.defects(f"{symbol} trades")
        if self._misdated:
            found.append(f"events dated more than a minute off their arrival: {self._misdated}")
        if self._not_positive:
            found.append(f"prices not above 0: {self._not_positive}")
        return found

    def _answer(self, frame: Frame) -> None:
        if frame.kind is FrameKind.DEPTH:
            snapshot = _SNAPSHOT.decode(frame.data)
            self.events[DEPTH_SNAPSHOT] += 1
            symbol = self._key(frame.symbol, frame)
            self.symbols.add(symbol)
            self._book(symbol).snapshot(snapshot)
        elif frame.kind is FrameKind.EXCHANGE_INFO:
            _EXCHANGE_INFO.decode(frame.data)
            self.events[EXCHANGE_INFO] += 1
        else:
            msgspec.json.decode(frame.data, type=msgspec.Raw)
            self.unknown[frame.stream.partition("?")[0]] += 1

    def _event(self, frame: Frame) -> None:
        heads = decode_heads(frame.data)
        head = heads[0] if heads else Head()
        event = _type_of(frame.stream, head)
        known = decoder(event)
        body = None if known is None else known.decode(frame.data)
        if event in KNOWN_EVENTS or event in {PARTIAL_DEPTH, RPI_DEPTH, CONTROL_REPLY}:
            self.events[event] += 1
        else:
            self.unknown[event or "without a type"] += 1
        symbol = head.s or ("" if event == CONTROL_REPLY else frame.symbol)
        if symbol:
            symbol = self._key(symbol, frame)
            self.symbols.add(symbol)
        if head.event_time and abs(instant_ns(head.event_time) - frame.recv_ns) > _OFF_NS:
            self._misdated += 1
        self._check(symbol, body)

    def _key(self, symbol: str, frame: Frame) -> str:
        """With its market in front, if that is not the market of the first frame."""
        if frame.market is None or self._home is None:
            return symbol
        return symbol_key(frame.market, symbol, self._home)

    def _check(self, symbol: str, body: object) -> None:
        if isinstance(body, DepthUpdate):
            levels = [*body.bids, *body.asks]
            self._not_positive += sum(price <= 0 for price, _ in levels)
            if not self._book(symbol).update(body):
                raise DataError(
                    f"the tape mixes spot and futures frames of {symbol}: give its files one by one"
                )
        elif isinstance(body, BookTicker):
            self._book(symbol).quote(body)
        elif isinstance(body, Trade):
            self._not_positive += body.price <= 0
            self.trades.setdefault(symbol, IdWatch()).see(body.id)

    def _book(self, symbol: str) -> BookWatch:
        if symbol not in self.books:
            self.books[symbol] = BookWatch()
        return self.books[symbol]


def _type_of(stream: str, head: Head) -> str:
    if _PARTIAL_STREAM.search(stream) or (not head.e and head.last_update_id is not None):
        return PARTIAL_DEPTH
    if "@rpiDepth" in stream:
        return RPI_DEPTH
    if head.e:
        return head.e
    if head.s and head.update_id is not None:
        return "bookTicker"
    if head.id and (head.result or head.error):
        return CONTROL_REPLY
    return ""
