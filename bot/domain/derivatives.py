"""What futures markets say beyond trades, quotes, bars and books. Observations: floats.

Symbols, times and units as in :mod:`bot.domain.market`, which exports all of this.
"""

import msgspec

__all__ = [
    "AssetIndex",
    "CompositeIndex",
    "ContractBracket",
    "ContractInfo",
    "IndexComponent",
    "IndexPrice",
    "Liquidation",
    "MarkPrice",
    "PriceBar",
    "TradingSession",
]


class MarkPrice(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The price that positions are valued at (``<symbol>@markPrice``)."""

    symbol: str
    mark: float
    index: float | None
    """The index price; None where the stream does not say."""
    settle_estimate: float | None
    """What the contract would settle at; of use in the last hour before delivery."""
    funding_rate: float | None
    """None for contracts without funding."""
    next_funding_ns: int
    """0 for contracts without funding."""
    ts_ns: int
    recv_ns: int
    average: float | None = None
    """The moving average of the mark price, where the stream says it."""
    from_array: bool = False
    """True if it came with the whole market (subscribed as ``*``)."""


class IndexPrice(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The index of a pair of COIN-M (``<pair>@indexPrice``); ``symbol`` is the pair."""

    symbol: str
    price: float
    ts_ns: int
    recv_ns: int
    from_array: bool = False


class PriceBar(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A bar of the mark or index price (``@markPriceKline_<i>``, ``@indexPriceKline_<i>``)."""

    symbol: str
    """The contract for the mark price, the pair for the index."""
    source: str
    """``mark`` or ``index``."""
    interval: str
    open: float
    high: float
    low: float
    close: float
    samples: int
    """How many prices it was made of."""
    open_ns: int
    close_ns: int
    closed: bool
    ts_ns: int
    recv_ns: int


class Liquidation(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A forced order (``<symbol>@forceOrder``): at most one a symbol and second is shown."""

    symbol: str
    side: str
    """``BUY`` or ``SELL``: that of the forced order, so SELL closes a long position."""
    size: float
    """Base units (contracts on COIN-M) that were ordered."""
    price: float
    average_price: float
    last_size: float
    filled_size: float
    order_type: str
    time_in_force: str
    status: str
    ts_ns: int
    """When the order traded."""
    recv_ns: int
    from_array: bool = False


class ContractBracket(msgspec.Struct, frozen=True, gc=False):
    """One step of the leverage ladder."""

    number: int
    notional_floor: float
    notional_cap: float
    maintenance_ratio: float
    auxiliary: float
    """The amount taken off in the quick formula of the maintenance margin."""
    min_leverage: int
    max_leverage: int


class ContractInfo(msgspec.Struct, frozen=True, tag=True):
    """A contract was listed, settled, or its ladder changed (``!contractInfo``)."""

    symbol: str
    pair: str
    """Empty where the stream does not say."""
    contract_type: str
    status: str
    delivery_ns: int
    onboard_ns: int
    brackets: tuple[ContractBracket, ...]
    ts_ns: int
    recv_ns: int
    from_array: bool = True


class IndexComponent(msgspec.Struct, frozen=True, gc=False):
    base: str
    quote: str
    weight: float
    """In base units."""
    weight_share: float
    """As a part of 1."""
    price: float


class CompositeIndex(msgspec.Struct, frozen=True, tag=True):
    """The price of an index of several assets (``<symbol>@compositeIndex``)."""

    symbol: str
    price: float
    component_kind: str
    """``baseAsset`` or ``quoteAsset``."""
    components: tuple[IndexComponent, ...]
    ts_ns: int
    recv_ns: int


class AssetIndex(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What a margin asset is worth in multi-assets mode (``!assetIndex@arr``)."""

    symbol: str
    """The asset's pair: ``ADAUSD``."""
    index: float
    bid_buffer: float
    ask_buffer: float
    bid_rate: float
    ask_rate: float
    auto_exchange_bid_buffer: float
    auto_exchange_ask_buffer: float
    auto_exchange_bid_rate: float
    auto_exchange_ask_rate: float
    ts_ns: int
    recv_ns: int
    from_array: bool = False


class TradingSession(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The session that an underlying market is in (``tradingSession``)."""

    symbol: str
    """As it was subscribed: ``*``, with its market where that is another."""
    market: str
    """``Equity``, ``Commodity``, ``FX``, ``KR_Equity``, ``HK_Equity``, ``CN_Equity``..."""
    session: str
    """``PRE_MARKET``, ``REGULAR``, ``AFTER_MARKET``, ``OVERNIGHT``, ``NO_TRADING``..."""
    begin_ns: int
    end_ns: int
    ts_ns: int
    recv_ns: int
    from_array: bool = True
