"""What messages looked like when this was written: what Binance adds is noticed, never fatal."""

from collections.abc import Iterator
from typing import Final

import msgspec

from bot.domain.commands import StreamKind

__all__ = ["unfamiliar"]

_COMMON: Final = frozenset("e E s st ps".split())  # noqa: SIM905 - reads like the docs
_KEYS: Final = {
    StreamKind.TRADES: "t p q T m M X b a",
    StreamKind.AGG_TRADES: "a p q nq f l T m M",
    StreamKind.BLOCK_TRADES: "t p q T m M",
    StreamKind.QUOTES: "u b B a A T",
    StreamKind.BARS: "k",
    StreamKind.CONTINUOUS_BARS: "k ct",
    StreamKind.MARK_BARS: "k",
    StreamKind.INDEX_BARS: "k",
    StreamKind.BOOK: "lastUpdateId bids asks T U u pu b a",
    StreamKind.DEPTH: "T U u pu b a",
    StreamKind.RPI_DEPTH: "T U u pu b a",
    StreamKind.MINI_TICKER: "c o h l v q",
    StreamKind.TICKER: "p P w x c Q b B a A o h l v q O C F L n",
    StreamKind.WINDOW_TICKER: "p P o h l c w v q O C F L n",
    StreamKind.AVERAGE_PRICE: "i w T",
    StreamKind.REFERENCE_PRICE: "r t",
    StreamKind.MARK_PRICE: "p i P r ap T",
    StreamKind.INDEX_PRICE: "i p",
    StreamKind.LIQUIDATIONS: "o",
    StreamKind.CONTRACT_INFO: "ct dt ot cs bks",
    StreamKind.COMPOSITE_INDEX: "p C c",
    StreamKind.ASSET_INDEX: "i b a B A q g Q G",
    StreamKind.TRADING_SESSION: "t T S",
}
_TYPES: Final = {
    StreamKind.TRADES: "trade",
    StreamKind.AGG_TRADES: "aggTrade",
    StreamKind.BLOCK_TRADES: "blockTrade",
    StreamKind.QUOTES: "bookTicker",
    StreamKind.BARS: "kline",
    StreamKind.CONTINUOUS_BARS: "continuous_kline",
    StreamKind.MARK_BARS: "markPrice_kline",
    StreamKind.INDEX_BARS: "indexPrice_kline",
    StreamKind.BOOK: "depthUpdate",
    StreamKind.DEPTH: "depthUpdate",
    StreamKind.RPI_DEPTH: "depthUpdate",
    StreamKind.MINI_TICKER: "24hrMiniTicker",
    StreamKind.TICKER: "24hrTicker",
    StreamKind.WINDOW_TICKER: "1hTicker 4hTicker 1dTicker",
    StreamKind.AVERAGE_PRICE: "avgPrice",
    StreamKind.REFERENCE_PRICE: "referencePrice",
    StreamKind.MARK_PRICE: "markPriceUpdate",
    StreamKind.INDEX_PRICE: "indexPriceUpdate",
    StreamKind.LIQUIDATIONS: "forceOrder",
    StreamKind.CONTRACT_INFO: "contractInfo",
    StreamKind.COMPOSITE_INDEX: "compositeIndex",
    StreamKind.ASSET_INDEX: "assetIndexUpdate",
    StreamKind.TRADING_SESSION: (
        "EquityUpdate CommodityUpdate FXUpdate KR_EquityUpdate HK_EquityUpdate CN_EquityUpdate"
    ),
}


class _Loose(msgspec.Struct):
    data: dict[str, msgspec.Raw] | list[dict[str, msgspec.Raw]]


_decode: Final = msgspec.json.Decoder(_Loose).decode
_text: Final = msgspec.json.Decoder(str).decode


def unfamiliar(kind: StreamKind, frame: bytes) -> Iterator[str]:
    """Keys and types of a frame that its kind did not have: ``trades.X``, ``trades: tradeX``.

    A frame of another shape has none: the lane will say what is wrong with it.
    """
    try:
        data = _decode(frame).data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    known = _COMMON.union(_KEYS[kind].split())
    for message in data[:1] if isinstance(data, list) else [data]:
        for key in message.keys() - known:
            yield f"{kind.value}.{key}"
        try:
            name = _text(message["e"]) if "e" in message else ""
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            name = "?"
        if name and name not in _TYPES[kind].split():
            yield f"{kind.value}: {name}"
