"""The story of one order: what happened, when, how we learned of it, and what it cost."""

from decimal import Decimal

import msgspec

from bot.domain.events import (
    OrderAccepted,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderIntended,
    OrderNotPlaced,
    OrderRefused,
    OrderRejected,
    OrderSubmitted,
    OrderUnknown,
)
from bot.domain.values import as_fixed
from bot.review.listing import (
    FillLine,
    IncidentLine,
    OrderLine,
)
from bot.review.port import EventView, HistoryView, TradeReaderPort, Where

__all__ = ["Moment", "Slippage", "Story", "find_story", "story_of"]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline."""

    time_ns: int
    """When it reached us."""
    after_span_ns: int
    """Since the line before."""
    event: str
    source: str
    """Who said so: ``strategy``, ``risk``, ``sender``, or a way to the exchange: ``stream``,
    ``response``, ``query``, ``sweep``."""
    status_after: str
    cause: str
    details: str
    exchange_time_ns: int | None


class Slippage(msgspec.Struct, frozen=True, kw_only=True):
    """What the order paid over the mid price that it was decided on; below 0 is a gain."""

    reference_price: Decimal
    average_price: Decimal
    basis_points: float
    cost_quote: Decimal


class Story(msgspec.Struct, frozen=True, kw_only=True):
    order: OrderLine
    timeline: list[Moment]
    fills: list[FillLine]
    slippage: Slippage | None
    """None without a fill or without a reference price."""
    incidents: list[IncidentLine]


def find_story(reader: TradeReaderPort, order_id: str) -> Story | None:
    """The story of the order with this client order id, or this order id of the exchange."""
    history = reader.order(order_id)
    if history is None and order_id.isdecimal():
        for row in reversed(reader.orders(Where())):
            if row.order.venue_order_id == int(order_id):
                history = reader.order(row.order.client_order_id)
                break
    return None if history is None else story_of(history)


def story_of(history: HistoryView) -> Story:
    """What the rows of one order tell."""
    timeline: list[Moment] = []
    before_ns = history.events[0].recv_ns if history.events else 0
    for event in history.events:
        timeline.append(_moment(event, before_ns))
        before_ns = event.recv_ns
    return Story(
        order=OrderLine.of(history.row),
        timeline=timeline,
        fills=[FillLine.of(row) for row in history.fills],
        slippage=_slippage(history),
        incidents=[IncidentLine.of(row) for row in history.incidents],
    )


def _moment(row: EventView, before_ns: int) -> Moment:
    event = row.event
    return Moment(
        time_ns=row.recv_ns,
        after_span_ns=row.recv_ns - before_ns,
        event=row.kind,
        source=_source(event),
        status_after=row.status_after,
        cause=row.cause or (event.cause if isinstance(event, OrderIntended) else ""),
        details=_details(event),
        exchange_time_ns=row.ts_ns,
    )


def _source(event: OrderEvent) -> str:
    match event:
        case OrderIntended():
            return "strategy"
        case OrderRefused():
            return "risk"
        case OrderSubmitted():
            return "sender"
        case OrderFilled():
            return event.fill.source
        case OrderAccepted() | OrderCanceled() | OrderExpired():
            return event.source
        case _:
            return "response"


def _details(event: OrderEvent) -> str:
    match event:
        case OrderIntended():
            at = "" if event.price is None else f" at {as_fixed(event.price)}"
            mid = event.reference_price
            return (
                f"{event.side} {as_fixed(event.quantity)} {event.symbol} {event.order_type}{at}"
                f" {event.time_in_force}" + ("" if mid is None else f", mid {Decimal(repr(mid)):f}")
            )
        case OrderRefused() | OrderNotPlaced():
            return event.reason
        case OrderRejected():
            return f"{event.reason} ({event.code})"
        case OrderUnknown():
            return event.cause
        case OrderAccepted():
            return f"order id {event.venue_order_id}"
        case OrderFilled():
            fill = event.fill
            return (
                f"{as_fixed(fill.quantity)} at {as_fixed(fill.price)},"
                f" fee {as_fixed(fill.commission)} {fill.commission_asset},"
                f" {'maker' if fill.maker else 'taker'}, trade {fill.trade_id}"
            )
        case OrderCanceled() | OrderExpired():
            done = "" if event.executed is None else f"executed {as_fixed(event.executed)}"
            return ", ".join(part for part in (done, event.reason) if part)
        case _:
            return ""


def _slippage(history: HistoryView) -> Slippage | None:
    order = history.row.order
    average = order.average_price
    intents = (row.event for row in history.events if isinstance(row.event, OrderIntended))
    mid = next((intent.reference_price for intent in intents), None)
    if average is None or not mid:
        return None
    reference = Decimal(repr(mid))
    paid = order.side.sign * (average - reference)
    return Slippage(
        reference_price=reference,
        average_price=average,
        basis_points=round(float(paid / reference) * 10_000, 4),
        cost_quote=paid * order.filled,
    )
