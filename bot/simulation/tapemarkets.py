"""Which market a recorded frame comes from, as far as the frame itself shows it for certain."""

import re
from typing import Final, Literal

__all__ = ["TapeKind", "market_of"]

TapeKind = Literal["spot", "usdm", "coinm"]

_COIN_MARGINED: Final = re.compile(
    r"[a-z0-9]+usd_(perp|perpetual|current_quarter|next_quarter|\d{6})", re.IGNORECASE
)
_FIRST_SYMBOL: Final = re.compile(rb'"s": ?"([A-Za-z0-9_]+)"')
_FUTURES_ONLY: Final = (
    *("markPrice", "forceOrder", "rpiDepth", "continuousKline", "indexPrice", "compositeIndex"),
    *("contractInfo", "assetIndex", "tradingSession"),
)

_PARTIAL: Final = ((b'"pu":', True), (b'"lastUpdateId":', False))
_KEYS: Final = {
    "depth": ((b'"pu":', True), (b'"U":', False)),
    "depth5": _PARTIAL,
    "depth10": _PARTIAL,
    "depth20": _PARTIAL,
    "bookTicker": ((b'"e":', True), (b'"u":', False)),
    "trade": ((b'"X":', True), (b'"M":', False)),
    "aggTrade": ((b'"M":', False), (b'"a":', True)),
    "ticker": ((b'"x":', False), (b'"c":', True)),
}
"""Of each kind of stream: keys, and whether one means futures, in the order of looking."""


def market_of(stream: str, data: bytes) -> TapeKind | None:
    """The market of a frame; None where its form is the same on spot and futures.

    ``stream`` is a stream's name or a REST path. A path says it; a coin-margined symbol has a
    name of its own; diffs of futures have ``pu``, their quotes a type, their trades ``X`` where
    spot's have ``M``; aggregates and tickers lack what spot's have. Bars and mini tickers look
    the same on spot and USDⓈ-M.
    """
    if stream.startswith("/"):
        return _of_path(stream)
    name, _, kind = stream.partition("@")
    if name.startswith("!"):
        found = _FIRST_SYMBOL.search(data)
        symbol = found[1].decode() if found else ""
        kind = name[1:]
    else:
        symbol = name
    if _COIN_MARGINED.fullmatch(symbol):
        return "coinm"
    is_futures = _is_futures(kind, data)
    if is_futures is None:
        return None
    if not is_futures:
        return "spot"
    # The index of a coin-margined pair has the pair's name: btcusd@indexPrice.
    return "coinm" if kind.startswith("indexPrice") else "usdm"


def _of_path(path: str) -> TapeKind | None:
    if path.startswith("/fapi/"):
        return "usdm"
    if path.startswith("/dapi/"):
        return "coinm"
    return "spot" if path.startswith("/api/") else None


def _is_futures(kind: str, data: bytes) -> bool | None:
    """By a key that only one of them has; what has neither, such as a damaged frame, is open."""
    if kind.startswith(_FUTURES_ONLY):
        return True
    keys = _KEYS.get(kind.partition("@")[0], ())
    return next((is_futures for key, is_futures in keys if key in data), None)
