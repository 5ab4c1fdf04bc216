"""Market history that was asked for over REST, as events: the answers to ``Fetch...`` commands."""

import msgspec

from bot.domain.market import AggTrade, Bar, TradeTick

__all__ = ["BarsFetched", "BookFetched", "BookNotFetched", "HistoryNotFetched", "TradesFetched"]


class BookFetched(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The whole book as it stood at ``last_update_id``, or as much as ``limit`` levels a side."""

    symbol: str
    last_update_id: int
    bids: tuple[tuple[float, float], ...]
    """(price, size), descending."""
    asks: tuple[tuple[float, float], ...]
    """(price, size), ascending."""
    limit: int
    """As many levels a side were asked for; a side that has fewer is known whole."""
    recv_ns: int


class BookNotFetched(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The question for a book got no answer; it will be asked again."""

    symbol: str
    reason: str
    recv_ns: int
    retry_after_s: float = 0.0
    """For how long the exchange wants no more questions; 0 if it did not say."""


class BarsFetched(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Bars that closed in the past, oldest first: as many as there are, maybe none."""

    number: int
    """Of the FetchBars that asked."""
    symbol: str
    bars: tuple[Bar, ...]
    recv_ns: int


class TradesFetched(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Trades of the past in the order of their ids: as many as there are, maybe none."""

    number: int
    """Of the FetchTrades that asked."""
    symbol: str
    trades: tuple[AggTrade | TradeTick, ...]
    recv_ns: int


class HistoryNotFetched(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The question for bars or trades of the past got no answer."""

    number: int
    reason: str
    recv_ns: int
    retry_after_s: float = 0.0
    """For how long the exchange wants no more questions; 0 if it did not say."""
