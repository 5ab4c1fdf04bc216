"""What the engine wants done: imperatives, each with one handler in the shell."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from bot.domain.terms import PLAIN, Contingency, OrderTerms
from bot.domain.values import OrderType, Side, TimeInForce

__all__ = [
    "AmendOrder",
    "CancelOrder",
    "Command",
    "ConfigureSymbol",
    "FetchBars",
    "FetchBook",
    "FetchFills",
    "FetchTrades",
    "OrderRef",
    "QueryOrder",
    "ReplaceOrder",
    "StreamKind",
    "SubmitList",
    "SubmitOrder",
    "Subscribe",
    "Subscription",
    "Sweep",
    "Unsubscribe",
]


class StreamKind(StrEnum):
    TRADES = "trades"
    AGG_TRADES = "agg_trades"
    QUOTES = "quotes"
    BARS = "bars"
    BOOK = "book"
    DEPTH = "depth"
    RPI_DEPTH = "rpi_depth"
    MINI_TICKER = "mini_ticker"
    TICKER = "ticker"
    WINDOW_TICKER = "window_ticker"
    AVERAGE_PRICE = "average_price"
    REFERENCE_PRICE = "reference_price"
    BLOCK_TRADES = "block_trades"
    MARK_PRICE = "mark_price"
    INDEX_PRICE = "index_price"
    CONTINUOUS_BARS = "continuous_bars"
    MARK_BARS = "mark_bars"
    INDEX_BARS = "index_bars"
    LIQUIDATIONS = "liquidations"
    CONTRACT_INFO = "contract_info"
    COMPOSITE_INDEX = "composite_index"
    ASSET_INDEX = "asset_index"
    TRADING_SESSION = "trading_session"


class Subscription(msgspec.Struct, frozen=True):
    """A wish for one kind of market event on one symbol. Hashable."""

    kind: StreamKind
    symbol: str
    """As events will carry it: ``BTCUSDT``, ``usdm:BTCUSDT``; ``*`` is the whole market."""
    detail: str = ""
    """The bar interval (``1m``, ``1d@+08:00``), the partial book's depth (``5``, ``10``, ``20``,
    ``20@1000ms``), the speed of depth or mark price (``100ms``, ``1000ms``, ``1s``), the window
    of a ticker (``1h``, ``4h``, ``1d``)."""

    @property
    def speed_ms(self) -> int:
        """How often a book's stream speaks; 100 where the detail does not say."""
        text = self.detail.rpartition("@")[2]
        return int(text.removesuffix("ms")) if text.endswith("ms") else 100


class SubmitOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Place it, once. Only after its intent is durable."""

    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None
    terms: OrderTerms = PLAIN


class SubmitList(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Place the orders as one list of the venue, once; each has its terms.

    Answer: for each order what :class:`SubmitOrder` answers.
    """

    list_id: str
    symbol: str
    contingency: Contingency
    orders: tuple[SubmitOrder, ...]
    """By role: WORKING first, then TAKE_PROFIT, STOP_LOSS or PENDING."""
    of_proceeds: bool = False
    """The later orders sell what the first received, less its commission, whatever that is."""


class AmendOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Change a resting order. Answer: OrderAmended, AmendRejected or AmendUnknown."""

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    """Base units, the whole order."""
    price: Decimal | None
    """None where the venue can only lower the quantity (spot)."""


class ReplaceOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Cancel one and place the other, the second only if the first was cancelled.

    Answer: that of the cancel and that of the new order.
    """

    cancel: "CancelOrder"
    order: SubmitOrder


class ConfigureSymbol(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Set leverage or margin type of a contract. Answer: SymbolConfigured, SymbolNotConfigured."""

    symbol: str
    leverage: int | None = None
    margin_type: str = ""
    """ISOLATED, CROSSED, or '' to leave it."""


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    client_order_id: str
    symbol: str
    conditional: bool = False
    """Not set off yet: futures keep such orders in another service."""


class QueryOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask what became of the order. Answer: OrderReported, OrderNotFound or QueryFailed."""

    client_order_id: str
    symbol: str
    conditional: bool = False


class FetchFills(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask for the own trades of one order. Answer: OrderFilled for each, or QueryFailed."""

    client_order_id: str
    symbol: str
    venue_order_id: int


class FetchBook(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask for the whole book of a symbol. Answer: BookFetched or BookNotFetched."""

    symbol: str
    limit: int
    """Levels a side."""


class FetchBars(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask for bars of the past. Answer: BarsFetched or HistoryNotFetched, with the number.

    Without bounds the newest that are closed for certain; with bounds those that open from
    ``start_ns`` to ``end_ns``, both included, which the asker knows to be over.
    """

    number: int
    symbol: str
    interval: str
    """One of the exchange's own."""
    limit: int
    start_ns: int | None = None
    end_ns: int | None = None


class FetchTrades(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask for trades of the past by id, both ends included.

    Answer: TradesFetched or HistoryNotFetched, with the number.
    """

    number: int
    symbol: str
    kind: StreamKind
    """TRADES or AGG_TRADES."""
    from_id: int
    to_id: int


class OrderRef(msgspec.Struct, frozen=True):
    client_order_id: str
    symbol: str
    venue_order_id: int | None
    conditional: bool = False


class Sweep(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Bring everything the exchange knows of the account on these symbols.

    Answer, in this order: OrderFilled for each own trade after ``since``, OrderReported for
    each open order there and for each of ``orders`` that is not open there (or
    OrderNotFound), BalancesReported, then SweepCompleted; or SweepFailed. On futures
    OrderTriggered comes before the fills, FundingPaid after them, and PositionsReported beside
    the balances.
    """

    generation: int
    cause: str
    symbols: tuple[str, ...]
    orders: tuple[OrderRef, ...]
    """Our orders that are not ended, as far as we know."""
    since: dict[str, int]
    """Newest own trade id known to be complete, by symbol; where absent, history starts now."""
    funding_since_ns: int | None = None
    """The time up to which funding is known to be complete (futures); None: it starts now."""


class Subscribe(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    subscriptions: tuple[Subscription, ...]


class Unsubscribe(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Nobody wants these streams any more."""

    subscriptions: tuple[Subscription, ...]


Command = (
    SubmitOrder
    | SubmitList
    | AmendOrder
    | ReplaceOrder
    | CancelOrder
    | QueryOrder
    | FetchFills
    | FetchBook
    | FetchBars
    | FetchTrades
    | ConfigureSymbol
    | Sweep
    | Subscribe
    | Unsubscribe
)
