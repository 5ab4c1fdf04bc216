"""Events of our account as the exchange words them, to domain events.

Source: Binance spot documentation, "User Data Streams".
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.amendments import OrderAmended, OrderTriggered
from bot.domain.events import (
    Balance,
    BalancesReported,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderDetails,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReported,
)
from bot.domain.fill import Fill
from bot.domain.values import MS_NS, OrderStatus, Side
from bot.exchange.encode import spot_type

__all__ = ["STATUSES", "UserDecoder"]

STATUSES: Final = {
    "NEW": OrderStatus.OPEN,
    "PENDING_NEW": OrderStatus.OPEN,
    "PENDING_CANCEL": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
    "REJECTED": OrderStatus.REJECTED,
}
"""Binance's word for an order's status to ours."""

_CONDITIONAL: Final = frozenset(
    {"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"}
)
_REJECTED_BY_MATCHING: Final = -2010
# Known, and nothing in them that other events do not bring: counted, no more.
_SILENT: Final = frozenset({"balanceUpdate", "listStatus", "externalLockUpdate"})


class _Report(msgspec.Struct, gc=False):
    """``executionReport``; keys that appear only now and then have defaults."""

    E: int
    s: str
    c: str
    S: str
    o: str
    f: str
    q: Decimal
    p: Decimal
    x: str
    X: str
    i: int
    l: Decimal  # noqa: E741 - Binance's key
    z: Decimal
    L: Decimal
    T: int
    t: int = -1
    C: str = ""
    r: str = "NONE"
    n: Decimal = Decimal(0)
    N: str | None = None
    m: bool = False
    eR: str = ""  # noqa: N815 - Binance's key
    w: bool = False
    d: int = 0


class _Asset(msgspec.Struct):
    a: str
    f: Decimal
    l: Decimal  # noqa: E741 - Binance's key


class _Position(msgspec.Struct):
    E: int
    B: list[_Asset]
    u: int = 0


class _Named(msgspec.Struct):
    e: str


_decode_name = msgspec.json.Decoder(_Named).decode
_decode_report = msgspec.json.Decoder(_Report, strict=False).decode
_decode_position = msgspec.json.Decoder(_Position, strict=False).decode


class UserDecoder:
    """Unknown types and values are counted in ``unknown``, bad payloads in ``broken``."""

    def __init__(self) -> None:
        self.broken = 0
        self.unknown: Counter[str] = Counter()
        self.silent: Counter[str] = Counter()

    def decode(self, payload: bytes | msgspec.Raw, recv_ns: int) -> tuple[str, Sequence[Event]]:
        """Binance's type name ('' if broken) and what it means to us, in order."""
        try:
            name = _decode_name(payload).e
            if name == "executionReport":
                return name, self._report(_decode_report(payload), recv_ns)
            if name == "outboundAccountPosition":
                return name, (_balances(_decode_position(payload), recv_ns),)
        except (msgspec.MsgspecError, ValueError):
            self.broken += 1
            return "", ()
        (self.silent if name in _SILENT else self.unknown)[name] += 1
        return name, ()

    def _report(self, wire: _Report, recv_ns: int) -> Sequence[Event]:
        conditional = wire.o in _CONDITIONAL
        match wire.x:
            case "TRADE":
                return (_filled(wire, recv_ns),)
            case "NEW":
                set_off = conditional and wire.w
                return ((_triggered if set_off else _accepted)(wire, recv_ns),)
            case "REJECTED":
                # A stop that had been taken, and was refused when its price came.
                was_open = conditional and wire.i >= 0
                return ((_expired if was_open else _rejected)(wire, recv_ns),)
            case "CANCELED":
                return (_canceled(wire, recv_ns),)
            case "REPLACED":
                return (_amended(wire, recv_ns),)
            case _:
                return self._other(wire, recv_ns)

    def _other(self, wire: _Report, recv_ns: int) -> Sequence[Event]:
        if wire.x == "EXPIRED" or wire.X in {"EXPIRED", "EXPIRED_IN_MATCH"}:
            return (_expired(wire, recv_ns),)
        if wire.x != "TRADE_PREVENTION":
            self.unknown[f"executionReport x={wire.x}"] += 1
        if wire.X not in STATUSES:
            self.unknown[f"executionReport X={wire.X}"] += 1
            return ()
        return (_reported(wire, recv_ns),)


def _owner(wire: _Report) -> str:
    # On a cancel or an amendment `c` is the id of that request, and `C` the order's own.
    return wire.C if wire.C and wire.C != "null" else wire.c


def _details(wire: _Report) -> OrderDetails:
    return OrderDetails(
        symbol=wire.s,
        side=Side(wire.S),
        order_type=spot_type(wire.o, trailing=wire.d > 0),
        time_in_force=wire.f,
        quantity=wire.q,
        price=wire.p or None,
    )


def _accepted(wire: _Report, recv_ns: int) -> OrderAccepted:
    return OrderAccepted(
        client_order_id=wire.c,
        venue_order_id=wire.i,
        ts_ns=wire.T * MS_NS,
        recv_ns=recv_ns,
        details=_details(wire),
    )


def _rejected(wire: _Report, recv_ns: int) -> OrderRejected:
    return OrderRejected(
        client_order_id=wire.c,
        code=_REJECTED_BY_MATCHING,
        reason=wire.r,
        recv_ns=recv_ns,
    )


def _triggered(wire: _Report, recv_ns: int) -> OrderTriggered:
    return OrderTriggered(
        client_order_id=wire.c,
        venue_order_id=wire.i,
        ts_ns=wire.T * MS_NS,
        recv_ns=recv_ns,
        details=_details(wire),
    )


def _amended(wire: _Report, recv_ns: int) -> OrderAmended:
    return OrderAmended(
        client_order_id=_owner(wire),
        venue_order_id=wire.i,
        quantity=wire.q,
        price=wire.p or None,
        ts_ns=wire.T * MS_NS,
        recv_ns=recv_ns,
        details=_details(wire),
    )


def _filled(wire: _Report, recv_ns: int) -> OrderFilled:
    fill = Fill(
        symbol=wire.s,
        trade_id=wire.t,
        client_order_id=wire.c,
        venue_order_id=wire.i,
        side=Side(wire.S),
        price=wire.L,
        quantity=wire.l,
        commission=wire.n,
        commission_asset=wire.N or "",
        maker=wire.m,
        ts_ns=wire.T * MS_NS,
        recv_ns=recv_ns,
    )
    return OrderFilled(fill=fill, recv_ns=recv_ns, details=_details(wire))


def _canceled(wire: _Report, recv_ns: int) -> OrderCanceled:
    return OrderCanceled(
        client_order_id=_owner(wire),
        venue_order_id=wire.i,
        ts_ns=wire.T * MS_NS,
        recv_ns=recv_ns,
        executed=wire.z,
        reason="" if wire.r == "NONE" else wire.r,
        details=_details(wire),
    )


def _expired(wire: _Report, recv_ns: int) -> OrderExpired:
    return OrderExpired(
        client_order_id=_owner(wire),
        venue_order_id=wire.i,
        ts_ns=wire.T * MS_NS,
        recv_ns=recv_ns,
        executed=wire.z,
        reason=next((text for text in (wire.eR, wire.r) if text not in {"", "NONE"}), wire.X),
        details=_details(wire),
    )


def _reported(wire: _Report, recv_ns: int) -> OrderReported:
    return OrderReported(
        client_order_id=_owner(wire),
        venue_order_id=wire.i,
        status=STATUSES[wire.X],
        executed=wire.z,
        ts_ns=wire.T * MS_NS,
        recv_ns=recv_ns,
        source="stream",
        details=_details(wire),
    )


def _balances(wire: _Position, recv_ns: int) -> BalancesReported:
    return BalancesReported(
        balances=tuple(Balance(asset.a, asset.f, asset.l) for asset in wire.B),
        complete=False,
        ts_ns=(wire.u or wire.E) * MS_NS,
        recv_ns=recv_ns,
    )
