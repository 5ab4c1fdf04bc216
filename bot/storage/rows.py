"""What the reader gives: one frozen type for each table."""

from decimal import Decimal

import msgspec

from bot.domain.events import OrderEvent
from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.terms import PositionSide

__all__ = [
    "BalanceRow",
    "EquityRow",
    "FillRow",
    "FillTotals",
    "FundingRow",
    "IncidentRow",
    "InstrumentRow",
    "NoteRow",
    "OrderEventRow",
    "OrderHistory",
    "OrderRow",
    "RunRow",
]


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    run_id: str
    environment: str
    venue: str
    market: str
    code_version: str
    settings_digest: str
    strategies: dict[str, dict[str, str]]
    symbols: tuple[str, ...]
    started_ns: int
    ended_ns: int | None
    """None: still running, or killed."""
    outcome: str


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    environment: str
    order: Order


class OrderEventRow(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    kind: str
    status_after: str
    cause: str
    ts_ns: int | None
    """The exchange's time; None if the event is our own."""
    recv_ns: int
    event: OrderEvent


class FillRow(msgspec.Struct, frozen=True, kw_only=True):
    environment: str
    fill: Fill
    strategy_id: str
    run_id: str
    fee_quote: Decimal | None
    """The commission in the symbol's PnL asset; None while no price is known."""
    realised_quote: Decimal
    position_after: Decimal
    fee_valued_ns: int | None = None
    """When it was valued, if later than the fill."""


class FundingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy's part of a payment."""

    environment: str
    payment: FundingPaid
    strategy_id: str
    position_side: PositionSide
    run_id: str
    amount: Decimal


class InstrumentRow(msgspec.Struct, frozen=True, kw_only=True):
    environment: str
    instrument: Instrument
    seen_ns: int


class OrderHistory(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one order."""

    row: OrderRow
    events: tuple[OrderEventRow, ...]
    fills: tuple[FillRow, ...]
    incidents: tuple["IncidentRow", ...]


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    incident_id: str
    environment: str
    run_id: str
    kind: str
    severity: str
    subject: str
    cause: str
    from_ns: int
    to_ns: int | None
    """None while it lasts."""
    healed_by: str


class EquityRow(msgspec.Struct, frozen=True, kw_only=True):
    environment: str
    run_id: str
    strategy_id: str
    symbol: str
    ts_ns: int
    position: Decimal
    price: Decimal | None
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    funding: Decimal = Decimal(0)


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    environment: str
    asset: str
    ts_ns: int
    run_id: str
    free: Decimal
    locked: Decimal
    source: str


class NoteRow(msgspec.Struct, frozen=True, kw_only=True):
    about: str
    subject: str
    text: str
    author: str
    created_ns: int


class FillTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Exact sums over the fills of one strategy on one symbol, quote units."""

    environment: str
    strategy_id: str
    symbol: str
    fills: int
    volume: Decimal
    realised: Decimal
    fees: Decimal
    """Of the commissions whose value was known."""
