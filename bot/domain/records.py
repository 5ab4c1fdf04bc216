"""What is written down: the engine's rows for the store, in the order of commitment."""

from decimal import Decimal

import msgspec

from bot.domain.events import Balance, OrderEvent
from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.terms import PositionSide
from bot.domain.values import Side

__all__ = [
    "BalanceSaved",
    "EquitySaved",
    "FeeValued",
    "FillSaved",
    "FundingSaved",
    "IncidentClosed",
    "IncidentOpened",
    "InstrumentSaved",
    "OrderEventSaved",
    "OrderSaved",
    "Record",
    "RunEnded",
    "RunStarted",
    "StateSaved",
]


class RunStarted(msgspec.Struct, frozen=True, kw_only=True):
    run_id: str
    environment: str
    """Which account on which exchange: ids of orders and trades mean something only within it."""
    venue: str
    market: str
    code_version: str
    settings_digest: str
    strategies: dict[str, dict[str, str]]
    """Strategy id to its version and parameters, as text."""
    symbols: tuple[str, ...]
    started_ns: int


class RunEnded(msgspec.Struct, frozen=True, kw_only=True):
    run_id: str
    ended_ns: int
    outcome: str
    """``stopped``, ``failed: ...``; a run without this row was killed."""


class OrderSaved(msgspec.Struct, frozen=True):
    """The order's row as it now stands (insert or update). Holds a copy of the order."""

    order: Order


class OrderEventSaved(msgspec.Struct, frozen=True, kw_only=True):
    """One event of one order; ``number`` counts from 1 without holes."""

    client_order_id: str
    number: int
    event: OrderEvent
    status_after: str
    cause: str = ""


class FillSaved(msgspec.Struct, frozen=True, kw_only=True):
    fill: Fill
    strategy_id: str
    run_id: str
    fee_quote: Decimal | None
    """The commission in the symbol's PnL asset at the time; None if no price was known."""
    realised_quote: Decimal
    """In the symbol's PnL asset, by average cost, before fees."""
    position_after: Decimal


class FeeValued(msgspec.Struct, frozen=True, kw_only=True):
    """A commission without a known value has one now, by a price of later."""

    symbol: str
    trade_id: int
    side: Side
    fee_quote: Decimal
    valued_ns: int


class FundingSaved(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy's part of a payment of funding; all parts are the payment."""

    payment: FundingPaid
    strategy_id: str
    run_id: str
    position_side: PositionSide
    amount: Decimal
    """Of the strategy, in the payment's asset."""


class InstrumentSaved(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a symbol as the exchange gave them."""

    instrument: Instrument
    seen_ns: int


class IncidentOpened(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a reviewer must be able to find: a gap, a blind time, a refusal, a fault."""

    incident_id: str
    """Unique: the run id and a counter."""
    run_id: str
    kind: str
    """``user_blind``, ``feed_gap`` (of a connection, or of ids of a stream), ``feed_stale``,
    ``book_blind``, ``order_unknown``, ``order_refused``,
    ``strategy_fault``, ``strategy_slow``, ``strategy_quarantined``, ``external_order``,
    ``late_fill``, ``recovered_fill``, ``halt``, ``sweep_failed``, ``illegal_transition``,
    ``order_vanished``, ``exchange_reset``, ``warm_up_failed`` ..."""
    severity: str
    """``info``, ``warning``, ``error``."""
    subject: str
    """The stream, order, strategy or symbol that it is about."""
    cause: str
    from_ns: int
    to_ns: int | None = None
    """None while it lasts."""
    healed_by: str = ""


class IncidentClosed(msgspec.Struct, frozen=True, kw_only=True):
    incident_id: str
    to_ns: int
    healed_by: str


class BalanceSaved(msgspec.Struct, frozen=True, kw_only=True):
    run_id: str
    balance: Balance
    ts_ns: int
    source: str


class EquitySaved(msgspec.Struct, frozen=True, kw_only=True):
    """One row a strategy, position and snapshot. Money in the symbol's PnL asset."""

    run_id: str
    strategy_id: str
    symbol: str
    position: Decimal
    price: Decimal | None
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    ts_ns: int
    funding: Decimal = Decimal(0)


class StateSaved(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a strategy, or the engine itself (``_engine``), keeps over restarts."""

    strategy_id: str
    key: str
    value: str
    """JSON."""
    ts_ns: int


Record = (
    RunStarted
    | RunEnded
    | OrderSaved
    | OrderEventSaved
    | FillSaved
    | FeeValued
    | FundingSaved
    | InstrumentSaved
    | IncidentOpened
    | IncidentClosed
    | BalanceSaved
    | EquitySaved
    | StateSaved
)
