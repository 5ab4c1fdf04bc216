"""Messages that come once a second or less, turned into domain events."""

from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from bot.domain.commands import StreamKind
from bot.domain.market import (
    AssetIndex,
    AveragePrice,
    BlockTrade,
    CompositeIndex,
    ContractBracket,
    ContractInfo,
    IndexComponent,
    IndexPrice,
    Liquidation,
    MarketEvent,
    MarkPrice,
    MiniTicker,
    PriceBar,
    QuoteTick,
    ReferencePrice,
    Ticker,
    TradingSession,
    WindowTicker,
)
from bot.exchange import wire

__all__ = ["READINGS", "Arrival", "Reading"]


class Arrival(NamedTuple):
    """What the message itself does not say."""

    symbol: str
    """The key that its event has."""
    detail: str
    """Of the subscription."""
    recv_ns: int
    from_array: bool


class Reading(NamedTuple):
    """How messages of one kind are read."""

    message: Any
    make: Callable[[Any, Arrival], MarketEvent]
    order: Callable[[Any], int]
    """The number by which a message is newer than another of its symbol."""
    symbol: Callable[[Any], str]
    """What a message of a whole market is about."""


_MS_NS: Final = 1_000_000
_Number = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]


def _number(text: str) -> float | None:
    return msgspec.convert(text, _Number, strict=False) if text else None


def _quote(seen: wire.AnyBookTicker, at: Arrival) -> QuoteTick:
    return QuoteTick(
        symbol=at.symbol,
        bid=seen.b,
        bid_size=seen.B,
        ask=seen.a,
        ask_size=seen.A,
        update_id=seen.u,
        ts_ns=seen.E * _MS_NS or at.recv_ns,
        recv_ns=at.recv_ns,
        from_array=at.from_array,
    )


def _block_trade(seen: wire.Trade, at: Arrival) -> BlockTrade:
    return BlockTrade(
        symbol=at.symbol,
        price=seen.p,
        size=seen.q,
        trade_id=seen.t,
        buyer_is_maker=seen.m,
        ts_ns=seen.T * _MS_NS,
        recv_ns=at.recv_ns,
    )


def _mini_ticker(seen: wire.MiniTicker, at: Arrival) -> MiniTicker:
    return MiniTicker(
        symbol=at.symbol,
        open=seen.o,
        high=seen.h,
        low=seen.l,
        close=seen.c,
        volume=seen.v,
        quote_volume=seen.q,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
        from_array=at.from_array,
    )


def _ticker(seen: wire.Ticker, at: Arrival) -> Ticker:
    return Ticker(
        symbol=at.symbol,
        last=seen.c,
        bid=seen.b,
        ask=seen.a,
        open=seen.o,
        high=seen.h,
        low=seen.l,
        volume=seen.v,
        quote_volume=seen.q,
        change=seen.p,
        change_percent=seen.P,
        weighted_average=seen.w,
        trades=seen.n,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
        last_size=seen.Q,
        bid_size=seen.B,
        ask_size=seen.A,
        previous_close=seen.x,
        open_ns=seen.O * _MS_NS,
        close_ns=seen.C * _MS_NS,
        first_trade_id=seen.F,
        last_trade_id=seen.L,
        from_array=at.from_array,
    )


def _window_ticker(seen: wire.Ticker, at: Arrival) -> WindowTicker:
    return WindowTicker(
        symbol=at.symbol,
        window=at.detail or "1d",
        last=seen.c,
        open=seen.o,
        high=seen.h,
        low=seen.l,
        volume=seen.v,
        quote_volume=seen.q,
        change=seen.p,
        change_percent=seen.P,
        weighted_average=seen.w,
        trades=seen.n,
        open_ns=seen.O * _MS_NS,
        close_ns=seen.C * _MS_NS,
        first_trade_id=seen.F,
        last_trade_id=seen.L,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
        from_array=at.from_array,
    )


def _average_price(seen: wire.AveragePrice, at: Arrival) -> AveragePrice:
    return AveragePrice(
        symbol=at.symbol,
        price=seen.w,
        window=seen.i,
        last_trade_ns=seen.T * _MS_NS,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
    )


def _reference_price(seen: wire.ReferencePrice, at: Arrival) -> ReferencePrice:
    return ReferencePrice(symbol=at.symbol, price=seen.r, ts_ns=seen.t * _MS_NS, recv_ns=at.recv_ns)


def _mark_price(seen: wire.MarkPrice, at: Arrival) -> MarkPrice:
    return MarkPrice(
        symbol=at.symbol,
        mark=seen.p,
        index=_number(seen.i),
        settle_estimate=_number(seen.P),
        funding_rate=_number(seen.r),
        next_funding_ns=seen.T * _MS_NS,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
        average=_number(seen.ap),
        from_array=at.from_array,
    )


def _index_price(seen: wire.IndexPrice, at: Arrival) -> IndexPrice:
    return IndexPrice(
        symbol=at.symbol,
        price=seen.p,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
        from_array=at.from_array,
    )


def _mark_bar(seen: wire.KlineEvent, at: Arrival) -> PriceBar:
    return _price_bar(seen, at, "mark")


def _index_bar(seen: wire.KlineEvent, at: Arrival) -> PriceBar:
    return _price_bar(seen, at, "index")


def _price_bar(seen: wire.KlineEvent, at: Arrival, source: str) -> PriceBar:
    k = seen.k
    return PriceBar(
        symbol=at.symbol,
        source=source,
        interval=at.detail or "1m",
        open=k.o,
        high=k.h,
        low=k.l,
        close=k.c,
        samples=k.n,
        open_ns=k.t * _MS_NS,
        close_ns=k.T * _MS_NS,
        closed=k.x,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
    )


def _liquidation(seen: wire.ForceOrder, at: Arrival) -> Liquidation:
    order = seen.o
    return Liquidation(
        symbol=at.symbol,
        side=order.S,
        size=order.q,
        price=order.p,
        average_price=order.ap,
        last_size=order.l,
        filled_size=order.z,
        order_type=order.o,
        time_in_force=order.f,
        status=order.X,
        ts_ns=order.T * _MS_NS,
        recv_ns=at.recv_ns,
        from_array=at.from_array,
    )


def _contract_info(seen: wire.ContractInfo, at: Arrival) -> ContractInfo:
    return ContractInfo(
        symbol=at.symbol,
        pair=seen.ps,
        contract_type=seen.ct,
        status=seen.cs,
        delivery_ns=seen.dt * _MS_NS,
        onboard_ns=seen.ot * _MS_NS,
        brackets=tuple(
            ContractBracket(
                number=step.bs,
                notional_floor=step.bnf,
                notional_cap=step.bnc,
                maintenance_ratio=step.mmr,
                auxiliary=step.cf,
                min_leverage=step.mi,
                max_leverage=step.ma,
            )
            for step in seen.bks
        ),
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
    )


def _composite_index(seen: wire.CompositeIndex, at: Arrival) -> CompositeIndex:
    return CompositeIndex(
        symbol=at.symbol,
        price=seen.p,
        component_kind=seen.C,
        components=tuple(
            IndexComponent(base=one.b, quote=one.q, weight=one.w, weight_share=one.W, price=one.i)
            for one in seen.c
        ),
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
    )


def _asset_index(seen: wire.AssetIndex, at: Arrival) -> AssetIndex:
    return AssetIndex(
        symbol=at.symbol,
        index=seen.i,
        bid_buffer=seen.b,
        ask_buffer=seen.a,
        bid_rate=seen.B,
        ask_rate=seen.A,
        auto_exchange_bid_buffer=seen.q,
        auto_exchange_ask_buffer=seen.g,
        auto_exchange_bid_rate=seen.Q,
        auto_exchange_ask_rate=seen.G,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
        from_array=at.from_array,
    )


def _trading_session(seen: wire.TradingSession, at: Arrival) -> TradingSession:
    return TradingSession(
        symbol=at.symbol,
        market=seen.e.removesuffix("Update").removesuffix("_"),
        session=seen.S,
        begin_ns=seen.t * _MS_NS,
        end_ns=seen.T * _MS_NS,
        ts_ns=seen.E * _MS_NS,
        recv_ns=at.recv_ns,
    )


def _event_time(seen: Any) -> int:
    time_ms: int = seen.E
    return time_ms


def _own_symbol(seen: Any) -> str:
    symbol: str = seen.s
    return symbol


READINGS: Final[dict[StreamKind, Reading]] = {
    StreamKind.MINI_TICKER: Reading(wire.MiniTicker, _mini_ticker, _event_time, _own_symbol),
    StreamKind.TICKER: Reading(wire.Ticker, _ticker, _event_time, _own_symbol),
    StreamKind.WINDOW_TICKER: Reading(wire.Ticker, _window_ticker, _event_time, _own_symbol),
    StreamKind.AVERAGE_PRICE: Reading(wire.AveragePrice, _average_price, _event_time, _own_symbol),
    StreamKind.REFERENCE_PRICE: Reading(
        wire.ReferencePrice, _reference_price, lambda seen: int(seen.t), _own_symbol
    ),
    StreamKind.BLOCK_TRADES: Reading(
        wire.Trade, _block_trade, lambda seen: int(seen.t), _own_symbol
    ),
    StreamKind.QUOTES: Reading(wire.AnyBookTicker, _quote, lambda seen: int(seen.u), _own_symbol),
    StreamKind.MARK_PRICE: Reading(wire.MarkPrice, _mark_price, _event_time, _own_symbol),
    StreamKind.INDEX_PRICE: Reading(
        wire.IndexPrice, _index_price, _event_time, lambda seen: str(seen.i)
    ),
    StreamKind.MARK_BARS: Reading(wire.KlineEvent, _mark_bar, _event_time, _own_symbol),
    StreamKind.INDEX_BARS: Reading(wire.KlineEvent, _index_bar, _event_time, _own_symbol),
    StreamKind.LIQUIDATIONS: Reading(
        wire.ForceOrder, _liquidation, lambda seen: int(seen.o.T), lambda seen: str(seen.o.s)
    ),
    StreamKind.CONTRACT_INFO: Reading(wire.ContractInfo, _contract_info, _event_time, _own_symbol),
    StreamKind.COMPOSITE_INDEX: Reading(
        wire.CompositeIndex, _composite_index, _event_time, _own_symbol
    ),
    StreamKind.ASSET_INDEX: Reading(wire.AssetIndex, _asset_index, _event_time, _own_symbol),
    StreamKind.TRADING_SESSION: Reading(
        wire.TradingSession, _trading_session, _event_time, lambda seen: str(seen.e)
    ),
}
