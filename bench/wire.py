"""Binance's market messages as typed structs, as a program without a bot would write them."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
Side = tuple[tuple[float, float], ...]


class Quote(msgspec.Struct, gc=False):
    update_id: int = msgspec.field(name="u")
    bid: float = msgspec.field(name="b")
    bid_size: float = msgspec.field(name="B")
    ask: float = msgspec.field(name="a")
    ask_size: float = msgspec.field(name="A")


class Trade(msgspec.Struct, gc=False):
    trade_id: int = msgspec.field(name="t")
    price: float = msgspec.field(name="p")
    size: float = msgspec.field(name="q")
    time_ms: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")


class AggTrade(msgspec.Struct, gc=False):
    agg_id: int = msgspec.field(name="a")
    price: float = msgspec.field(name="p")
    size: float = msgspec.field(name="q")
    first_id: int = msgspec.field(name="f")
    last_id: int = msgspec.field(name="l")
    time_ms: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")


class Book(msgspec.Struct, gc=False):
    update_id: int = msgspec.field(name="lastUpdateId")
    bids: Side
    asks: Side


class Frame(msgspec.Struct, Generic[T], gc=False):
    data: T


class Envelope(msgspec.Struct, gc=False):
    stream: str
    data: msgspec.Raw
