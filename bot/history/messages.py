"""The shapes of recorded messages, as far as the review of a tape needs them.

Prices and sizes are floats: observations of the market, not money.
"""

from typing import Final

import msgspec

__all__ = [
    "KNOWN_EVENTS",
    "BookTicker",
    "DepthUpdate",
    "ExchangeInfo",
    "Head",
    "Kline",
    "Snapshot",
    "Trade",
    "decode_heads",
    "decoder",
]

Levels = list[tuple[float, float]]


class Head(msgspec.Struct):
    """What tells an event's type. ``e`` is missing from spot's bookTicker and partial depth."""

    e: str = ""
    s: str = ""
    event_time: int = msgspec.field(default=0, name="E")
    update_id: int | None = msgspec.field(default=None, name="u")
    last_update_id: int | None = msgspec.field(default=None, name="lastUpdateId")
    id: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


class DepthUpdate(msgspec.Struct):
    """A diff of the book: new absolute sizes, 0 removes."""

    first_update_id: int = msgspec.field(name="U")
    last_update_id: int = msgspec.field(name="u")
    bids: Levels = msgspec.field(name="b")
    asks: Levels = msgspec.field(name="a")
    previous_update_id: int = msgspec.field(default=-1, name="pu")
    """The last id of the update before, on futures; -1 on spot."""


class BookTicker(msgspec.Struct):
    update_id: int = msgspec.field(name="u")
    bid: float = msgspec.field(name="b")
    bid_size: float = msgspec.field(name="B")
    ask: float = msgspec.field(name="a")
    ask_size: float = msgspec.field(name="A")


class Snapshot(msgspec.Struct):
    last_update_id: int = msgspec.field(name="lastUpdateId")
    bids: Levels
    asks: Levels


class Trade(msgspec.Struct):
    id: int = msgspec.field(name="t")
    price: float = msgspec.field(name="p")
    size: float = msgspec.field(name="q")


class _AggTrade(msgspec.Struct):
    price: float = msgspec.field(name="p")
    size: float = msgspec.field(name="q")
    id: int | None = msgspec.field(default=None, name="a")
    """Futures of 2019 had none."""


class _Candle(msgspec.Struct):
    t: int
    i: str
    o: float
    h: float
    l: float  # noqa: E741 - the wire's name
    c: float
    v: float


class Kline(msgspec.Struct):
    k: _Candle


class _Listed(msgspec.Struct):
    symbol: str


class ExchangeInfo(msgspec.Struct):
    symbols: list[_Listed]


KNOWN_EVENTS: Final = frozenset(
    {
        *("trade", "aggTrade", "bookTicker", "depthUpdate", "kline", "avgPrice", "blockTrade"),
        *("24hrTicker", "24hrMiniTicker", "1hTicker", "4hTicker", "1dTicker", "referencePrice"),
        *("markPriceUpdate", "indexPriceUpdate", "forceOrder", "compositeIndex"),
        *("assetIndexUpdate", "contractInfo", "continuous_kline", "indexPrice_kline"),
        *("markPrice_kline", "serverShutdown"),
        # tradingSession
        *("EquityUpdate", "CommodityUpdate", "FXUpdate"),
        *("KR_EquityUpdate", "HK_EquityUpdate", "CN_EquityUpdate"),
    }
)
"""Event types of market streams, Binance documentation of spot, USDⓈ-M and COIN-M streams."""

_HEAD: Final = msgspec.json.Decoder(Head)
_HEADS: Final = msgspec.json.Decoder(list[Head])
_DECODERS: Final[dict[str, msgspec.json.Decoder[object]]] = {
    # strict=False: prices stand in strings on the wire.
    "depthUpdate": msgspec.json.Decoder(DepthUpdate, strict=False),
    "bookTicker": msgspec.json.Decoder(BookTicker, strict=False),
    "trade": msgspec.json.Decoder(Trade, strict=False),
    "aggTrade": msgspec.json.Decoder(_AggTrade, strict=False),
    "kline": msgspec.json.Decoder(Kline, strict=False),
}


def decode_heads(data: bytes) -> list[Head]:
    """The head of an event, or those of a list of events.

    Raises:
        msgspec.DecodeError: it is neither.
    """
    return _HEADS.decode(data) if data.startswith(b"[") else [_HEAD.decode(data)]


def decoder(event: str) -> "msgspec.json.Decoder[object] | None":
    """What reads an event of that type in full; None if its head is all that is wanted."""
    return _DECODERS.get(event)
