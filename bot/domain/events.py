"""What happened: frozen facts in the past tense. The only input of the engine.

Every event has ``recv_ns``, the time at which it reached us, nanoseconds UTC: the
engine's clock is the latest it has seen. Events of the exchange also carry ``ts_ns``,
the exchange's own time.
"""

from decimal import Decimal

import msgspec

from bot.domain.amendments import (
    AmendRejected,
    AmendUnknown,
    OrderAmended,
    OrderAmendRequested,
    OrderTriggered,
    SymbolConfigured,
    SymbolNotConfigured,
)
from bot.domain.details import OrderDetails
from bot.domain.feed import FeedChanged, FeedKind, FeedState
from bot.domain.fetched import (
    BarsFetched,
    BookFetched,
    BookNotFetched,
    HistoryNotFetched,
    TradesFetched,
)
from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.margin import MarginCalled, PositionsReported
from bot.domain.market import MarketEvent
from bot.domain.terms import PLAIN, OrderTerms
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce

__all__ = [
    "Balance",
    "BalancesReported",
    "CancelRejected",
    "CancelUnknown",
    "Event",
    "FeedChanged",
    "FeedKind",
    "FeedState",
    "FlattenRequested",
    "FundingPaid",
    "HaltRequested",
    "MarginCalled",
    "OrderAccepted",
    "OrderCancelRequested",
    "OrderCanceled",
    "OrderDetails",
    "OrderEvent",
    "OrderExpired",
    "OrderFilled",
    "OrderIntended",
    "OrderNotFound",
    "OrderNotPlaced",
    "OrderRefused",
    "OrderRejected",
    "OrderReported",
    "OrderSubmitted",
    "OrderUnknown",
    "PositionsReported",
    "QueryFailed",
    "ResumeRequested",
    "SnapshotDue",
    "StopRequested",
    "SweepCompleted",
    "SweepDue",
    "SweepFailed",
    "TimePassed",
]


# --- the life of an order; each is a row in order_events -----------------------------


class OrderIntended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A strategy asked, risk approved (or will refuse): the first row of every order."""

    client_order_id: str
    strategy_id: str
    run_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None
    reference_price: float | None = None
    """The mid price that the decision was made on, for slippage."""
    cause: str = ""
    """The event that the strategy was handling."""
    terms: OrderTerms = PLAIN
    recv_ns: int


class OrderRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Our own risk gate said no."""

    client_order_id: str
    reason: str
    recv_ns: int


class OrderSubmitted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The request is about to be written to the network; the intent is durable."""

    client_order_id: str
    recv_ns: int


class OrderAccepted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    client_order_id: str
    venue_order_id: int
    ts_ns: int
    recv_ns: int
    source: str = "stream"
    details: OrderDetails | None = None


class OrderRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    client_order_id: str
    code: int
    reason: str
    recv_ns: int


class OrderUnknown(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer was ambiguous: it may be working, it may not exist."""

    client_order_id: str
    cause: str
    recv_ns: int


class OrderNotPlaced(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """It is certain that the order does not exist and never will."""

    client_order_id: str
    reason: str
    recv_ns: int


class OrderFilled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    fill: Fill
    recv_ns: int
    details: OrderDetails | None = None

    @property
    def client_order_id(self) -> str:
        return self.fill.client_order_id


class OrderCanceled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    client_order_id: str
    venue_order_id: int
    ts_ns: int
    recv_ns: int
    executed: Decimal | None = None
    """The venue's own count of base units filled; if we hold less, fills are fetched."""
    reason: str = ""
    source: str = "stream"
    details: OrderDetails | None = None


class OrderExpired(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    client_order_id: str
    venue_order_id: int
    ts_ns: int
    recv_ns: int
    executed: Decimal | None = None
    reason: str = ""
    source: str = "stream"
    details: OrderDetails | None = None


class OrderCancelRequested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Somebody wants the order cancelled."""

    client_order_id: str
    cause: str
    recv_ns: int


class CancelRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The cancel was refused. -2011 means: not open any more, ask what became of it."""

    client_order_id: str
    code: int
    reason: str
    recv_ns: int


class CancelUnknown(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The cancel got no clear answer."""

    client_order_id: str
    cause: str
    recv_ns: int


OrderEvent = (
    OrderIntended
    | OrderRefused
    | OrderSubmitted
    | OrderAccepted
    | OrderRejected
    | OrderUnknown
    | OrderNotPlaced
    | OrderFilled
    | OrderCanceled
    | OrderExpired
    | OrderCancelRequested
    | CancelRejected
    | CancelUnknown
    | OrderTriggered
    | OrderAmendRequested
    | OrderAmended
    | AmendRejected
    | AmendUnknown
)

# --- answers to our questions --------------------------------------------------------


class OrderReported(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The order as a query or a sweep found it at the exchange."""

    client_order_id: str
    venue_order_id: int
    status: OrderStatus
    """OPEN, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED or REJECTED."""
    executed: Decimal
    ts_ns: int
    recv_ns: int
    source: str = "query"
    details: OrderDetails | None = None


class OrderNotFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The exchange knows no such order *now* (-2013). Early on that proves nothing."""

    client_order_id: str
    asked_ns: int
    """When the question was sent."""
    recv_ns: int


class QueryFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A question about an order got no answer; it will be asked again."""

    client_order_id: str
    reason: str
    recv_ns: int


# --- account and feeds ---------------------------------------------------------------


class Balance(msgspec.Struct, frozen=True):
    asset: str
    free: Decimal
    locked: Decimal


class BalancesReported(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    balances: tuple[Balance, ...]
    """Absolute amounts. From the stream only what may have changed."""
    complete: bool
    """True if assets that are absent are zero."""
    ts_ns: int
    recv_ns: int
    source: str = "stream"


class SweepCompleted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Everything that the exchange knew at ``asked_ns`` has been fed in."""

    generation: int
    last_trade_ids: dict[str, int]
    """The newest own trade id on each symbol; -1 where there is none."""
    asked_ns: int
    recv_ns: int


class SweepFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    generation: int
    reason: str
    recv_ns: int


# --- what people and clocks ask for --------------------------------------------------


class SweepDue(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    cause: str
    recv_ns: int


class SnapshotDue(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Time for a row of equity by strategy."""

    recv_ns: int


class TimePassed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Nothing happened, and it is this late: timers and deadlines fire."""

    recv_ns: int


class HaltRequested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    reason: str
    recv_ns: int


class ResumeRequested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    reason: str
    recv_ns: int


class FlattenRequested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Halt, cancel every order of ours and close every position of ours at the market."""

    symbol: str = ""
    """Only this one; '' for all."""
    reason: str
    recv_ns: int


class StopRequested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The process is asked to end: ``on_stop`` runs; open orders stay or are cancelled."""

    reason: str
    cancel_orders: bool
    recv_ns: int


Event = (
    MarketEvent
    | OrderEvent
    | OrderReported
    | OrderNotFound
    | QueryFailed
    | BalancesReported
    | PositionsReported
    | FundingPaid
    | MarginCalled
    | FeedChanged
    | BookFetched
    | BookNotFetched
    | BarsFetched
    | TradesFetched
    | HistoryNotFetched
    | SymbolConfigured
    | SymbolNotConfigured
    | SweepCompleted
    | SweepFailed
    | SweepDue
    | SnapshotDue
    | TimePassed
    | HaltRequested
    | ResumeRequested
    | FlattenRequested
    | StopRequested
)
