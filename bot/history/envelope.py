"""From a frame as it came over the socket to the stream's name and the event itself."""

from typing import Final

import msgspec

__all__ = ["Raw", "unwrap"]


class Raw(msgspec.Struct, frozen=True):
    """An unwrapped frame. ``stream`` is '' where neither wrapper nor content tells it."""

    stream: str
    data: bytes
    symbol: str = ""
    is_snapshot: bool = False
    """It has the shape of a REST depth answer and no stream."""
    is_futures: bool = False
    """Of a snapshot: it carries times, which spot's does not."""


class _Envelope(msgspec.Struct):
    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw()


class _Interval(msgspec.Struct):
    i: str = ""


class _Bare(msgspec.Struct):
    """What tells a frame without a wrapper: enough to name its stream."""

    e: str = ""
    s: str = ""
    k: _Interval | None = None
    symbol: str = ""
    last_update_id: int | None = msgspec.field(default=None, name="lastUpdateId")
    event_ms: int | None = msgspec.field(default=None, name="E")
    update_id: int | None = msgspec.field(default=None, name="u")
    bid: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="b")


_SUFFIXES: Final = {
    "24hrTicker": "ticker",
    "24hrMiniTicker": "miniTicker",
    "depthUpdate": "depth@100ms",
    "markPriceUpdate": "markPrice@1s",
    "1hTicker": "ticker_1h",
    "4hTicker": "ticker_4h",
    "1dTicker": "ticker_1d",
}
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_BARE: Final = msgspec.json.Decoder(_Bare)
_BARE_LIST: Final = msgspec.json.Decoder(list[_Bare])


def unwrap(frame: bytes) -> Raw:
    """The stream and the event of a frame, combined or bare.

    What is not JSON, and what tells no stream, comes back as it is with stream ''.
    """
    try:
        if frame.startswith(b"["):
            items = _BARE_LIST.decode(frame)
            return Raw(f"!{_suffix(items[0])}@arr" if items else "", frame)
        envelope = _ENVELOPE.decode(frame)
        if envelope.stream and envelope.data:
            return Raw(envelope.stream, bytes(envelope.data))
        return _named(_BARE.decode(frame), frame)
    except msgspec.DecodeError:
        return Raw("", frame)


def _named(bare: _Bare, frame: bytes) -> Raw:
    if bare.e and bare.s:
        return Raw(f"{bare.s.lower()}@{_suffix(bare)}", frame)
    if bare.s and bare.update_id is not None and bare.bid:
        # Spot's bookTicker has no event type.
        return Raw(f"{bare.s.lower()}@bookTicker", frame)
    if bare.last_update_id is not None:
        return Raw("", frame, bare.symbol, is_snapshot=True, is_futures=bare.event_ms is not None)
    return Raw(f"!{bare.e}" if bare.e else "", frame)


def _suffix(bare: _Bare) -> str:
    if bare.e == "kline" and bare.k is not None:
        return f"kline_{bare.k.i}"
    return _SUFFIXES.get(bare.e, bare.e)
