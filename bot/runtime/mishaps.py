"""What is said of a command that broke on its way, by a bug of ours or for want of a row."""

from collections.abc import Sequence

from bot.domain.amendments import AmendUnknown, SymbolNotConfigured
from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    ConfigureSymbol,
    FetchBars,
    FetchBook,
    FetchFills,
    FetchTrades,
    QueryOrder,
    ReplaceOrder,
    SubmitList,
    SubmitOrder,
    Sweep,
)
from bot.domain.events import (
    CancelUnknown,
    Event,
    OrderNotPlaced,
    OrderUnknown,
    QueryFailed,
    SweepFailed,
    TimePassed,
)
from bot.domain.fetched import BookNotFetched, HistoryNotFetched

__all__ = ["Submission", "dropped", "failed", "orders_of"]

Submission = SubmitOrder | SubmitList | ReplaceOrder
"""Commands that place orders."""


def orders_of(command: Submission) -> tuple[SubmitOrder, ...]:
    """The orders that it places."""
    match command:
        case SubmitOrder():
            return (command,)
        case SubmitList(orders=orders):
            return orders
        case ReplaceOrder(order=order):
            return (order,)


def dropped(command: Submission, reason: str, now_ns: int) -> list[Event]:
    """It never left: no order of it exists, and what it should have replaced is still there."""
    events: list[Event] = [
        OrderNotPlaced(client_order_id=order.client_order_id, reason=reason, recv_ns=now_ns)
        for order in orders_of(command)
    ]
    if isinstance(command, ReplaceOrder):
        events += failed(command.cancel, reason, now_ns)
    return events


def failed(command: Command, cause: str, now_ns: int) -> Sequence[Event]:
    """A bug on the way: the outcome is unknown, whatever it was."""
    match command:
        case SubmitOrder() | SubmitList():
            return [
                OrderUnknown(client_order_id=one.client_order_id, cause=cause, recv_ns=now_ns)
                for one in orders_of(command)
            ]
        case ReplaceOrder(cancel=cancel, order=order):
            return [*failed(cancel, cause, now_ns), *failed(order, cause, now_ns)]
        case AmendOrder(client_order_id=cid):
            return [AmendUnknown(client_order_id=cid, cause=cause, recv_ns=now_ns)]
        case CancelOrder(client_order_id=cid):
            return [CancelUnknown(client_order_id=cid, cause=cause, recv_ns=now_ns)]
        case ConfigureSymbol(symbol=symbol):
            return [SymbolNotConfigured(symbol=symbol, reason=cause, recv_ns=now_ns)]
        case Sweep(generation=generation):
            return [SweepFailed(generation=generation, reason=cause, recv_ns=now_ns)]
        case QueryOrder(client_order_id=cid) | FetchFills(client_order_id=cid):
            return [QueryFailed(client_order_id=cid, reason=cause, recv_ns=now_ns)]
        case FetchBook(symbol=symbol):
            return [BookNotFetched(symbol=symbol, reason=cause, recv_ns=now_ns)]
        case FetchBars(number=number) | FetchTrades(number=number):
            return [HistoryNotFetched(number=number, reason=cause, recv_ns=now_ns)]
        case _:
            return [TimePassed(recv_ns=now_ns)]
