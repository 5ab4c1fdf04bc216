"""What a strategy may hear of the market, and how it asks for it."""

from typing import Final, Literal

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import (
    AggTrade,
    AssetIndex,
    AveragePrice,
    Bar,
    BlockTrade,
    BookSnapshot,
    CompositeIndex,
    ContractInfo,
    DepthUpdate,
    IndexPrice,
    Liquidation,
    MarkPrice,
    MiniTicker,
    PriceBar,
    QuoteTick,
    ReferencePrice,
    RpiDepthUpdate,
    Ticker,
    TradeTick,
    TradingSession,
    WindowTicker,
)
from bot.domain.values import WHOLE_MARKET
from bot.strategy.context import Context

__all__ = ["CALLBACK_OF", "MarketCallbacks", "MarketData"]


class MarketCallbacks:
    """One callback for each kind of market event; override what you subscribe to."""

    def on_trade(self, trade: TradeTick) -> None:
        """Somebody traded; ``trade.late`` is True if it was missed and fetched afterwards."""

    def on_agg_trade(self, trade: AggTrade) -> None:
        """A taker's order traded at one price."""

    def on_block_trade(self, trade: BlockTrade) -> None:
        """Somebody traded off the book (spot)."""

    def on_quote(self, quote: QuoteTick) -> None:
        """The best bid or ask changed."""

    def on_bar(self, bar: Bar) -> None:
        """Each update of a subscribed bar; ``bar.closed`` tells the last one."""

    def on_book(self, book: BookSnapshot) -> None:
        """The top of the book, 5, 10 or 20 levels a side."""

    def on_depth(self, update: DepthUpdate) -> None:
        """The book changed; ``self.book(update.symbol)`` already has it."""

    def on_rpi_depth(self, update: RpiDepthUpdate) -> None:
        """The book with retail price improvement changed (futures)."""

    def on_mini_ticker(self, ticker: MiniTicker) -> None:
        """The last 24 hours in brief."""

    def on_ticker(self, ticker: Ticker) -> None:
        """The last 24 hours."""

    def on_window_ticker(self, ticker: WindowTicker) -> None:
        """The last hour, four hours or day (spot)."""

    def on_average_price(self, average: AveragePrice) -> None:
        """The average price that order filters refer to (spot)."""

    def on_reference_price(self, reference: ReferencePrice) -> None:
        """The price that execution rules refer to (spot)."""

    def on_mark_price(self, mark: MarkPrice) -> None:
        """Mark price and funding (futures)."""

    def on_index_price(self, index: IndexPrice) -> None:
        """The index of a pair (COIN-M)."""

    def on_price_bar(self, bar: PriceBar) -> None:
        """A bar of the mark or the index price (futures)."""

    def on_liquidation(self, liquidation: Liquidation) -> None:
        """A position was closed by force (futures)."""

    def on_contract_info(self, contract: ContractInfo) -> None:
        """A contract was listed or settled, or its leverage ladder changed (futures)."""

    def on_composite_index(self, index: CompositeIndex) -> None:
        """An index of several assets, with its components (USDⓈ-M)."""

    def on_asset_index(self, index: AssetIndex) -> None:
        """What a margin asset is worth in multi-assets mode (futures)."""

    def on_trading_session(self, session: TradingSession) -> None:
        """The session that an underlying market is in (USDⓈ-M)."""


class MarketData(MarketCallbacks):
    """Each ``subscribe_...`` asks for a stream, once, and gives the subscription back.

    ``symbol`` is one of the run's; one of another market with that market in front
    (``usdm:BTCUSDT``), to watch; or where it says so ``*``, the whole market.
    """

    _context: Context

    def subscribe_trades(self, symbol: str) -> Subscription:
        return self._ask(StreamKind.TRADES, symbol)

    def subscribe_agg_trades(self, symbol: str) -> Subscription:
        return self._ask(StreamKind.AGG_TRADES, symbol)

    def subscribe_block_trades(self, symbol: str) -> Subscription:
        return self._ask(StreamKind.BLOCK_TRADES, symbol)

    def subscribe_quotes(self, symbol: str) -> Subscription:
        """``*`` on futures: every symbol's, every 5 seconds."""
        return self._ask(StreamKind.QUOTES, symbol)

    def subscribe_bars(self, symbol: str, interval: str) -> Subscription:
        """``interval`` as Binance names it: 1s, 1m, 5m, 1h, 1d ...

        ``1d@+08:00`` (spot) are days that begin at midnight in UTC+8.
        """
        return self._ask(StreamKind.BARS, symbol, interval)

    def subscribe_continuous_bars(
        self, pair: str, interval: str, contract: str = "PERPETUAL"
    ) -> Subscription:
        """Bars of whichever contract is PERPETUAL, CURRENT_QUARTER or NEXT_QUARTER (futures).

        They come to ``on_bar`` with the symbol ``BTCUSDT_PERPETUAL``.
        """
        return self._ask(StreamKind.CONTINUOUS_BARS, f"{pair}_{contract}", interval)

    def subscribe_mark_bars(self, symbol: str, interval: str) -> Subscription:
        return self._ask(StreamKind.MARK_BARS, symbol, interval)

    def subscribe_index_bars(self, pair: str, interval: str) -> Subscription:
        return self._ask(StreamKind.INDEX_BARS, pair, interval)

    def subscribe_book(self, symbol: str, levels: int = 20, speed_ms: int = 100) -> Subscription:
        """``levels``: 5, 10 or 20 a side. ``speed_ms``: 100 or 1000; on futures 100, 250, 500."""
        detail = str(levels) if speed_ms == 100 else f"{levels}@{speed_ms}ms"  # noqa: PLR2004
        return self._ask(StreamKind.BOOK, symbol, detail)

    def subscribe_depth(self, symbol: str, speed_ms: int = 100) -> Subscription:
        """Every change of the book: 100 or 1000 ms; on futures 100, 250 or 500."""
        return self._ask(StreamKind.DEPTH, symbol, f"{speed_ms}ms")

    def subscribe_rpi_depth(self, symbol: str) -> Subscription:
        return self._ask(StreamKind.RPI_DEPTH, symbol)

    def subscribe_mini_ticker(self, symbol: str) -> Subscription:
        """``*``: every symbol that changed, once a second."""
        return self._ask(StreamKind.MINI_TICKER, symbol)

    def subscribe_ticker(self, symbol: str) -> Subscription:
        """``*`` on futures only: spot has no such stream any more."""
        return self._ask(StreamKind.TICKER, symbol)

    def subscribe_window_ticker(
        self, symbol: str, window: Literal["1h", "4h", "1d"]
    ) -> Subscription:
        """``*``: every symbol that changed, once a second."""
        return self._ask(StreamKind.WINDOW_TICKER, symbol, window)

    def subscribe_average_price(self, symbol: str) -> Subscription:
        return self._ask(StreamKind.AVERAGE_PRICE, symbol)

    def subscribe_reference_price(self, symbol: str) -> Subscription:
        return self._ask(StreamKind.REFERENCE_PRICE, symbol)

    def subscribe_mark_price(
        self, symbol: str = WHOLE_MARKET, speed: Literal["1s", "3s"] = "1s"
    ) -> Subscription:
        return self._ask(StreamKind.MARK_PRICE, symbol, speed)

    def subscribe_index_price(
        self, pair: str = WHOLE_MARKET, speed: Literal["1s", "3s"] = "1s"
    ) -> Subscription:
        return self._ask(StreamKind.INDEX_PRICE, pair, speed)

    def subscribe_liquidations(self, symbol: str = WHOLE_MARKET) -> Subscription:
        return self._ask(StreamKind.LIQUIDATIONS, symbol)

    def subscribe_contract_info(self, symbol: str = WHOLE_MARKET) -> Subscription:
        """Only ``*`` (or ``usdm:*``): Binance has one stream of it."""
        return self._ask(StreamKind.CONTRACT_INFO, symbol)

    def subscribe_composite_index(self, symbol: str) -> Subscription:
        return self._ask(StreamKind.COMPOSITE_INDEX, symbol)

    def subscribe_asset_index(self, symbol: str = WHOLE_MARKET) -> Subscription:
        """``symbol``: the asset's pair, ``ADAUSD``."""
        return self._ask(StreamKind.ASSET_INDEX, symbol)

    def subscribe_trading_session(self, symbol: str = WHOLE_MARKET) -> Subscription:
        """Only ``*`` (or ``usdm:*``): Binance has one stream of it."""
        return self._ask(StreamKind.TRADING_SESSION, symbol)

    def unsubscribe(self, subscription: Subscription) -> bool:
        """Hear of it no more: of what a ``subscribe_...`` gave. False if it was not subscribed.

        The stream itself ends when no other strategy wants it.
        """
        return self._context.unsubscribe(subscription)

    def _ask(self, kind: StreamKind, symbol: str, detail: str = "") -> Subscription:
        subscription = Subscription(kind, symbol, detail)
        self._context.subscribe(subscription)
        return subscription


CALLBACK_OF: Final[dict[StreamKind, tuple[type, str]]] = {
    StreamKind.TRADES: (TradeTick, "on_trade"),
    StreamKind.AGG_TRADES: (AggTrade, "on_agg_trade"),
    StreamKind.QUOTES: (QuoteTick, "on_quote"),
    StreamKind.BARS: (Bar, "on_bar"),
    StreamKind.BOOK: (BookSnapshot, "on_book"),
    StreamKind.DEPTH: (DepthUpdate, "on_depth"),
    StreamKind.RPI_DEPTH: (RpiDepthUpdate, "on_rpi_depth"),
    StreamKind.MINI_TICKER: (MiniTicker, "on_mini_ticker"),
    StreamKind.TICKER: (Ticker, "on_ticker"),
    StreamKind.WINDOW_TICKER: (WindowTicker, "on_window_ticker"),
    StreamKind.AVERAGE_PRICE: (AveragePrice, "on_average_price"),
    StreamKind.REFERENCE_PRICE: (ReferencePrice, "on_reference_price"),
    StreamKind.BLOCK_TRADES: (BlockTrade, "on_block_trade"),
    StreamKind.MARK_PRICE: (MarkPrice, "on_mark_price"),
    StreamKind.INDEX_PRICE: (IndexPrice, "on_index_price"),
    StreamKind.CONTINUOUS_BARS: (Bar, "on_bar"),
    StreamKind.MARK_BARS: (PriceBar, "on_price_bar"),
    StreamKind.INDEX_BARS: (PriceBar, "on_price_bar"),
    StreamKind.LIQUIDATIONS: (Liquidation, "on_liquidation"),
    StreamKind.CONTRACT_INFO: (ContractInfo, "on_contract_info"),
    StreamKind.COMPOSITE_INDEX: (CompositeIndex, "on_composite_index"),
    StreamKind.ASSET_INDEX: (AssetIndex, "on_asset_index"),
    StreamKind.TRADING_SESSION: (TradingSession, "on_trading_session"),
}
"""The type of the events of each kind of stream, and the callback that they come to."""
