"""Events of a futures account as the exchange words them, to domain events.

Source: Binance USDⓈ-M documentation, "User Data Streams".
"""

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.domain.amendments import OrderAmended, OrderTriggered, SymbolConfigured
from bot.domain.events import (
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderDetails,
    OrderExpired,
    OrderFilled,
    OrderReported,
)
from bot.domain.fill import Fill
from bot.domain.terms import PositionSide
from bot.domain.values import MS_NS, OrderStatus, Side
from bot.engine.identity import is_ours
from bot.exchange.futures import user_wire as wire
from bot.exchange.futures.encode import futures_type
from bot.exchange.futures.holdings import balances, margin_called, positions
from bot.exchange.futures.links import Links
from bot.exchange.futures.user_wire import Algo, Order

__all__ = ["FuturesUserDecoder"]

_CONDITIONAL: Final = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_FUNDING: Final = "FUNDING_FEE"
_SILENT: Final = frozenset(
    # What they say comes by other events as well, or asks nothing of us.
    {"listenKeyExpired", "STRATEGY_UPDATE", "GRID_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT"}
)
_ALGO_QUIET: Final = frozenset({"TRIGGERING"})
_Handler = Callable[[Any, int], Sequence[Event]]


def _decoder(kind: type) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(kind, strict=False).decode


_decode_name = _decoder(wire.Named)


class FuturesUserDecoder:
    """Unknown types and values are counted in ``unknown``, bad payloads in ``broken``.

    What cannot be told for certain from one event is put down in ``doubts``, for a look at the
    whole account: an order that was set off under a name that nobody here gave, a trade that was
    told in brief and not in full, a payment of funding.
    """

    def __init__(self, links: Links) -> None:
        self.broken = 0
        self.unknown: Counter[str] = Counter()
        self.silent: Counter[str] = Counter()
        self.doubts: dict[str, str] = {}
        """By a key that settles it: what is in doubt."""
        self._links = links
        self._handlers: dict[str, tuple[Callable[[bytes], Any], _Handler]] = {
            "ORDER_TRADE_UPDATE": (_decoder(wire.OrderUpdate), self._on_order),
            "ALGO_UPDATE": (_decoder(wire.AlgoUpdate), self._on_algo),
            "TRADE_LITE": (_decoder(wire.TradeLite), self._on_brief),
            "ACCOUNT_UPDATE": (_decoder(wire.AccountUpdate), self._on_account),
            "MARGIN_CALL": (_decoder(wire.MarginCall), margin_called),
            "ACCOUNT_CONFIG_UPDATE": (_decoder(wire.ConfigUpdate), self._on_config),
        }

    def decode(self, payload: bytes, recv_ns: int) -> tuple[str, Sequence[Event]]:
        """Binance's type name ('' if broken) and what it means to us, in order."""
        try:
            name = str(_decode_name(payload).e)
            way = self._handlers.get(name)
            if way is not None:
                decode, handle = way
                return name, handle(decode(payload), recv_ns)
        except (msgspec.MsgspecError, ValueError):
            self.broken += 1
            return "", ()
        (self.silent if name in _SILENT else self.unknown)[name] += 1
        return name, ()

    # --- orders of the matching engine ------------------------------------------------------

    def _on_order(self, message: wire.OrderUpdate, recv_ns: int) -> Sequence[Event]:
        order = message.o
        if order.t > 0 and order.l:
            self.doubts.pop(_trade_key(order.s, order.t, order.S), None)
        known = self._links.owner(order.s, order.i)
        owner = known or self._name(order)
        if not owner:
            return ()
        match order.x:
            case "NEW":
                set_off = order.ot in _CONDITIONAL and known is None
                return (_told(OrderTriggered if set_off else OrderAccepted, order, owner, recv_ns),)
            case "TRADE" | "CALCULATED":
                # CALCULATED is the same of a liquidation.
                return (_filled(order, owner, recv_ns),) if order.l else ()
            case "CANCELED":
                return (_ended(OrderCanceled, order, owner, recv_ns),)
            case "EXPIRED":
                return (_ended(OrderExpired, order, owner, recv_ns),)
            case "AMENDMENT":
                return (_amended(order, owner, recv_ns),)
            case _:
                self.unknown[f"ORDER_TRADE_UPDATE x={order.x}"] += 1
                return ()

    def _name(self, order: Order) -> str:
        """Its own name; '' if that need not be the one of the conditional order it came of."""
        if order.ot not in _CONDITIONAL or is_ours(order.c):
            return order.c
        what = f"whose conditional order became order {order.i}"
        self.doubts.setdefault(_order_key(order.s, order.i), what)
        return ""

    def _on_brief(self, trade: wire.TradeLite, _: int) -> Sequence[Event]:
        what = f"trade {trade.t} of {trade.s} was told in brief only"
        self.doubts[_trade_key(trade.s, trade.t, trade.S)] = what
        return ()

    # --- conditional orders -----------------------------------------------------------------

    def _on_algo(self, message: wire.AlgoUpdate, recv_ns: int) -> Sequence[Event]:
        algo, ts_ns = message.o, message.T * MS_NS
        order_id, news = algo.order_id, False
        if order_id is not None:
            news = self._links.learn(algo.s, order_id, algo.caid)
        match algo.X:
            case "NEW":
                return (_algo_told(OrderAccepted, algo, algo.aid, ts_ns, recv_ns),)
            case "TRIGGERED" | "FINISHED" if order_id is not None:
                told = (_algo_told(OrderTriggered, algo, order_id, ts_ns, recv_ns),)
                return (*(told if news else ()), *_executed(algo, order_id, ts_ns, recv_ns))
            case "CANCELED":
                return (_algo_ended(OrderCanceled, algo, ts_ns, recv_ns),)
            case "EXPIRED" | "REJECTED" | "FINISHED":
                # Taken, and refused when its price came, is over as well.
                return (_algo_ended(OrderExpired, algo, ts_ns, recv_ns),)
            case _:
                if algo.X not in _ALGO_QUIET:
                    self.unknown[f"ALGO_UPDATE X={algo.X}"] += 1
                return ()

    # --- the account ------------------------------------------------------------------------

    def _on_account(self, message: wire.AccountUpdate, recv_ns: int) -> Sequence[Event]:
        account, ts_ns = message.a, message.T * MS_NS
        if account.m == _FUNDING:
            self.doubts[f"funding {message.T}"] = "a payment of funding"
        return (*balances(account, ts_ns, recv_ns), *positions(account, ts_ns, recv_ns))

    def _on_config(self, message: wire.ConfigUpdate, recv_ns: int) -> Sequence[Event]:
        if message.ac is None:
            self.silent["ACCOUNT_CONFIG_UPDATE of the account"] += 1
            return ()
        symbol, leverage = message.ac.s, message.ac.l
        return (
            SymbolConfigured(symbol=symbol, leverage=leverage, margin_type="", recv_ns=recv_ns),
        )


def _trade_key(symbol: str, trade_id: int, side: str) -> str:
    return f"trade {symbol} {trade_id} {side}"


def _order_key(symbol: str, order_id: int) -> str:
    return f"order {symbol} {order_id}"


def _details(order: Order) -> OrderDetails:
    """Of an order that was set off: what it was before."""
    name = order.ot if order.ot in _CONDITIONAL else order.o
    return OrderDetails(
        symbol=order.s,
        side=Side(order.S),
        order_type=futures_type(name, order.f),
        time_in_force=order.f,
        quantity=order.q,
        price=order.p or None,
    )


def _told(
    made: type[OrderAccepted] | type[OrderTriggered], order: Order, owner: str, recv_ns: int
) -> Event:
    return made(
        client_order_id=owner,
        venue_order_id=order.i,
        ts_ns=order.T * MS_NS,
        recv_ns=recv_ns,
        details=_details(order),
    )


def _filled(order: Order, owner: str, recv_ns: int) -> OrderFilled:
    fill = Fill(
        symbol=order.s,
        trade_id=order.t,
        client_order_id=owner,
        venue_order_id=order.i,
        side=Side(order.S),
        price=order.L,
        quantity=order.l,
        commission=order.n or Decimal(0),
        commission_asset=(order.N or "") if order.n else "",
        maker=order.m,
        ts_ns=order.T * MS_NS,
        recv_ns=recv_ns,
        position_side=PositionSide(order.ps),
    )
    return OrderFilled(fill=fill, recv_ns=recv_ns, details=_details(order))


def _ended(
    made: type[OrderCanceled] | type[OrderExpired], order: Order, owner: str, recv_ns: int
) -> Event:
    return made(
        client_order_id=owner,
        venue_order_id=order.i,
        ts_ns=order.T * MS_NS,
        recv_ns=recv_ns,
        executed=order.z,
        reason=order.X if order.X == "EXPIRED_IN_MATCH" else "",
        details=_details(order),
    )


def _amended(order: Order, owner: str, recv_ns: int) -> OrderAmended:
    return OrderAmended(
        client_order_id=owner,
        venue_order_id=order.i,
        quantity=order.q,
        price=order.p or None,
        ts_ns=order.T * MS_NS,
        recv_ns=recv_ns,
        details=_details(order),
    )


def _algo_details(algo: Algo) -> OrderDetails:
    return OrderDetails(
        symbol=algo.s,
        side=Side(algo.S),
        order_type=futures_type(algo.o),
        time_in_force=algo.f,
        quantity=algo.q,
        price=algo.p or None,
    )


def _algo_told(
    made: type[OrderAccepted] | type[OrderTriggered],
    algo: Algo,
    venue_order_id: int,
    ts_ns: int,
    recv_ns: int,
) -> Event:
    return made(
        client_order_id=algo.caid,
        venue_order_id=venue_order_id,
        ts_ns=ts_ns,
        recv_ns=recv_ns,
        details=_algo_details(algo),
    )


def _algo_ended(
    made: type[OrderCanceled] | type[OrderExpired], algo: Algo, ts_ns: int, recv_ns: int
) -> Event:
    return made(
        client_order_id=algo.caid,
        venue_order_id=algo.aid,
        ts_ns=ts_ns,
        recv_ns=recv_ns,
        executed=Decimal(0),
        reason=algo.rm,
        details=_algo_details(algo),
    )


def _executed(algo: Algo, order_id: int, ts_ns: int, recv_ns: int) -> Sequence[Event]:
    """How much of it was executed: fills that were lost are asked for."""
    if not algo.aq:
        return ()
    return (
        OrderReported(
            client_order_id=algo.caid,
            venue_order_id=order_id,
            status=OrderStatus.PARTIALLY_FILLED,
            executed=algo.aq,
            ts_ns=ts_ns,
            recv_ns=recv_ns,
            source="stream",
            details=_algo_details(algo),
        ),
    )
