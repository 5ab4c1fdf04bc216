"""On which path a tape's frames go out, and what type of event they are."""

from collections.abc import Mapping

from bot.simulation.wire.futures.contracts import Contract
from bot.simulation.wire.futures.streams import Kind, parse

__all__ = ["event_of", "kind_of"]

_EVENTS = {
    Kind.PARTIAL_DEPTH: "depthUpdate",
    Kind.ALL_BOOK_TICKERS: "bookTicker",
    Kind.ALL_MINI_TICKERS: "24hrMiniTicker",
    Kind.ALL_TICKERS: "24hrTicker",
    Kind.ALL_MARK_PRICES: "markPriceUpdate",
    Kind.ALL_FORCE_ORDERS: "forceOrder",
}
"""Of the kinds whose value is not the type of their events."""
_OF_OTHER_TIMES = {"depth": Kind.DEPTH, "rpiDepth": Kind.DEPTH, "markPrice": Kind.MARK_PRICE}


def kind_of(name: str, contracts: Mapping[str, Contract]) -> Kind:
    """What a recorded stream tells. Names that Binance no longer has count by their beginning."""
    stream = parse(name, contracts)
    if stream is not None:
        return stream.kind
    what = name.partition("@")[2].partition("@")[0]
    return _OF_OTHER_TIMES.get(what, Kind.TICKER)


def event_of(kind: Kind) -> str:
    """``e`` of its payloads."""
    return _EVENTS.get(kind, kind.value)
