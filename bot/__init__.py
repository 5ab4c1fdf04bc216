"""What a strategy plugin imports, and nothing else.

``from bot import Strategy, StrategyParams, QuoteTick`` ... Names exported here are the
promise; everything below may move.
"""

from pydantic import Field

from bot.domain.book import BookReading
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
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
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.terms import OrderTerms, PositionSide, TriggerBy
from bot.domain.values import SECOND_NS, OrderStatus, OrderType, Side, TimeInForce
from bot.strategy.draft import OrderDraft
from bot.strategy.history import BarsWanted
from bot.strategy.orders import BracketIds, OcoIds, OtoIds
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy

__all__ = [
    "SECOND_NS",
    "AggTrade",
    "AssetIndex",
    "AveragePrice",
    "Bar",
    "BarsWanted",
    "BlockTrade",
    "BookReading",
    "BookSnapshot",
    "BracketIds",
    "CompositeIndex",
    "ContractInfo",
    "DepthUpdate",
    "FeedChanged",
    "FeedKind",
    "FeedState",
    "Field",
    "Fill",
    "IndexPrice",
    "Instrument",
    "Liquidation",
    "MarkPrice",
    "MiniTicker",
    "OcoIds",
    "Order",
    "OrderDraft",
    "OrderStatus",
    "OrderTerms",
    "OrderType",
    "OtoIds",
    "Position",
    "PositionSide",
    "PriceBar",
    "QuoteTick",
    "ReferencePrice",
    "RpiDepthUpdate",
    "Side",
    "Strategy",
    "StrategyParams",
    "Ticker",
    "TimeInForce",
    "TradeTick",
    "TradingSession",
    "TriggerBy",
    "WindowTicker",
    "__version__",
]

__version__ = "0.1.0"
