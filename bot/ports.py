"""What the shell must offer: the Protocols between the engine's side and the world's."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    ConfigureSymbol,
    FetchFills,
    QueryOrder,
    ReplaceOrder,
    SubmitList,
    SubmitOrder,
    Subscription,
    Sweep,
)
from bot.domain.events import Event
from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.order import Order
from bot.domain.records import Record
from bot.domain.terms import PositionSide

__all__ = [
    "Clock",
    "Emit",
    "FeedFigures",
    "IncidentRow",
    "MarketFeed",
    "MarketHistory",
    "Recovery",
    "Store",
    "StoredFill",
    "StoredFunding",
    "UserFeed",
    "Venue",
]

Emit = Callable[[Event], None]
"""The one door into the engine. Call it from the event loop's thread only; it never raises."""


class Clock(Protocol):
    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        ...


class FeedFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of market connections and events so far."""

    rollovers: int = 0
    """Connections that were replaced without a gap."""
    duplicates: int = 0
    """Events that came a second time and went no further."""
    conflated: int = 0
    """Messages replaced by a later one of their stream before they were handled."""
    lag_ms: float = 0.0
    """How late data is handled now."""
    worst_lag_ms: float = 0.0


class MarketFeed(Protocol):
    """Market events, for ever. Gaps and silence are events too."""

    @property
    def figures(self) -> FeedFigures: ...

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Add streams; may be called at any time, before or while :meth:`run` runs. Idempotent."""
        ...

    def unsubscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Drop streams; those that are not there change nothing."""
        ...

    async def roll(self) -> None:
        """Replace every connection by a new one that has taken over before the old one ends."""
        ...

    async def run(self) -> None:
        """Connect and stay connected until cancelled; leaves no task and no connection behind."""
        ...


class MarketHistory(Protocol):
    """Market data of the past. Symbols are keys: one of another market carries it in front.

    What fails raises :class:`bot.domain.errors.VenueError`, by what to do next. Questions
    may wait: the exchange's limits are for orders first.
    """

    async def book(self, symbol: str, limit: int) -> Event:
        """BookFetched with the best ``limit`` levels a side or more, or BookNotFetched."""
        ...

    async def trades(self, symbol: str, from_id: int, to_id: int) -> Sequence[TradeTick]:
        """What there is of the trades with these ids, both included, oldest first, ``late``."""
        ...

    async def agg_trades(self, symbol: str, from_id: int, to_id: int) -> Sequence[AggTrade]:
        """As :meth:`trades`, of aggregate trades."""
        ...

    async def bars(
        self, symbol: str, interval: str, start_ns: int | None, end_ns: int | None, limit: int
    ) -> Sequence[Bar]:
        """At most ``limit`` bars of one of the exchange's own intervals, oldest first, ``late``.

        Those that open from ``start_ns`` to ``end_ns``, both included; the oldest of them if
        there are more. Without a start the newest. The last may not be closed yet.
        """
        ...


class UserFeed(Protocol):
    """Events of our own account. Emits FeedChanged(USER, UP) after each successful subscription."""

    async def run(self) -> None:
        """Subscribe and stay subscribed until cancelled."""
        ...


class Venue(Protocol):
    """Where orders go. Each method gives the answer as events and raises nothing but bugs."""

    async def submit(self, command: SubmitOrder) -> Sequence[Event]:
        """Place the order, once.

        OrderAccepted (+ OrderFilled...), OrderRejected, OrderNotPlaced or OrderUnknown.
        """
        ...

    async def submit_list(self, command: SubmitList) -> Sequence[Event]:
        """Place the orders as one list of the venue, once; for each what :meth:`submit` gives."""
        ...

    async def amend(self, command: AmendOrder) -> Sequence[Event]:
        """OrderAmended, AmendRejected or AmendUnknown."""
        ...

    async def replace(self, command: ReplaceOrder) -> Sequence[Event]:
        """What :meth:`cancel` gives for the old order and :meth:`submit` for the new one."""
        ...

    async def configure(self, command: ConfigureSymbol) -> Sequence[Event]:
        """SymbolConfigured or SymbolNotConfigured."""
        ...

    async def cancel(self, command: CancelOrder) -> Sequence[Event]:
        """OrderCanceled, CancelRejected or CancelUnknown."""
        ...

    async def query(self, command: QueryOrder) -> Sequence[Event]:
        """OrderReported, OrderNotFound or QueryFailed."""
        ...

    async def fetch_fills(self, command: FetchFills) -> Sequence[Event]:
        """OrderFilled for each own trade of the order, or QueryFailed."""
        ...

    async def sweep(self, command: Sweep) -> Sequence[Event]:
        """See :class:`bot.domain.commands.Sweep`."""
        ...

    async def instruments(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """The rules of the symbols.

        Raises:
            VenueSetupError: a symbol is unknown, or the exchange cannot be reached.
        """
        ...


class StoredFill(msgspec.Struct, frozen=True):
    fill: Fill
    strategy_id: str
    fee_quote: Decimal | None


class StoredFunding(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy's part of a payment."""

    payment: FundingPaid
    strategy_id: str
    position_side: PositionSide
    amount: Decimal


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    incident_id: str
    kind: str
    subject: str
    from_ns: int


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knew of an environment when the process started."""

    orders: tuple[Order, ...]
    """Every order that is not ended."""
    recent_orders: tuple[Order, ...]
    """Ended orders of the last days, newest last: late news may still come for them."""
    fills: tuple[StoredFill, ...]
    """All fills of the environment, oldest first."""
    state: dict[str, dict[str, str]]
    """strategy id -> key -> JSON."""
    open_incidents: tuple[IncidentRow, ...]
    halted: str
    """The reason of a halt that is still latched, or ''. """
    fundings: tuple[StoredFunding, ...] = ()
    """All payments of the environment, by strategy, oldest first."""
    instruments: dict[str, Instrument] = msgspec.field(default_factory=dict)
    """Every symbol that was ever traded in the environment, as it last was."""


class Store(Protocol):
    """Rows, in order, durable by mark."""

    def append(self, records: Sequence[Record]) -> int:
        """Queue the records, in order, as one atomic group; the mark to wait for. Never blocks."""
        ...

    async def durable(self, mark: int) -> None:
        """Return when everything up to ``mark`` is committed.

        Raises:
            DatabaseError: the store has failed for good and will never commit it.
        """
        ...

    def recover(self, environment: str) -> Recovery:
        """Read back the state of an environment. Blocks; for start-up."""
        ...

    async def close(self) -> None:
        """Commit what is queued and end the writer."""
        ...
