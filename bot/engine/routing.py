"""Which part of the engine takes which event."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from bot.domain.amendments import AmendRejected, AmendUnknown, OrderAmended, OrderTriggered
from bot.domain.events import (
    CancelRejected,
    CancelUnknown,
    FeedChanged,
    FlattenRequested,
    HaltRequested,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNotFound,
    OrderNotPlaced,
    OrderRejected,
    OrderReported,
    OrderSubmitted,
    OrderUnknown,
    QueryFailed,
    ResumeRequested,
    StopRequested,
    SweepCompleted,
    SweepDue,
    SweepFailed,
    TimePassed,
)
from bot.domain.fetched import BookFetched, BookNotFetched
from bot.domain.market import (
    AggTrade,
    DepthUpdate,
    MarketEvent,
    QuoteTick,
    TradeTick,
    WholeMarket,
)

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["routes"]

_OF_ORDERS = (
    OrderSubmitted,
    OrderAccepted,
    OrderRejected,
    OrderUnknown,
    OrderNotPlaced,
    OrderFilled,
    OrderCanceled,
    OrderExpired,
    CancelRejected,
    CancelUnknown,
    OrderTriggered,
    OrderAmended,
    AmendRejected,
    AmendUnknown,
)


def routes(engine: "Engine") -> dict[type, Callable[[Any], None]]:
    """The handler of each type of event; where there is none, the event is not for the engine."""
    latest = engine.cache.latest
    return {
        **dict.fromkeys(get_args(MarketEvent), engine.on_market),
        WholeMarket: engine.on_whole_market,
        QuoteTick: engine.bus.way(QuoteTick, latest[QuoteTick]),
        TradeTick: engine.bus.way(TradeTick, latest[TradeTick], engine.on_market),
        AggTrade: engine.bus.way(AggTrade, latest[AggTrade], engine.on_market),
        DepthUpdate: engine.books.on_update,
        BookFetched: engine.books.on_fetched,
        BookNotFetched: engine.books.on_not_fetched,
        **dict.fromkeys(_OF_ORDERS, engine.desk.on_order_event),
        OrderReported: engine.inquiry.on_report,
        OrderNotFound: engine.inquiry.on_not_found,
        QueryFailed: engine.inquiry.on_query_failed,
        **engine.account.routes(),
        FeedChanged: engine.sight.on_feed,
        SweepCompleted: engine.sight.on_swept,
        SweepFailed: engine.sight.on_sweep_failed,
        SweepDue: lambda event: engine.sight.sweep_due(event.cause),
        TimePassed: engine.on_time,
        HaltRequested: engine.on_halt,
        ResumeRequested: engine.on_resume,
        FlattenRequested: engine.flattening.on_request,
        StopRequested: engine.on_stop,
    }
