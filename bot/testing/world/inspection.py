"""What must hold once the world is quiet: the database against the exchange, row by row."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from bot.domain.events import FeedChanged, FeedKind
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.records import (
    FillSaved,
    IncidentClosed,
    IncidentOpened,
    OrderEventSaved,
    OrderSaved,
    Record,
)
from bot.domain.terms import Contingency, ListRole
from bot.domain.values import EXTERNAL, OrderStatus
from bot.engine.engine import Engine
from bot.engine.identity import is_ours
from bot.exchange.user_decode import STATUSES

__all__ = ["Book", "discontinuities", "held", "inspect"]

_NEVER_WORKED: Final = frozenset(
    {OrderStatus.REFUSED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED}
)

Fail = Callable[[str, str], None]


class Book:
    """The rows of the database, by what they are about."""

    def __init__(self, records: list[Record]) -> None:
        self.orders: dict[str, Order] = {}
        self.events: dict[str, list[OrderEventSaved]] = {}
        self.fills: list[FillSaved] = []
        self.open_incidents: dict[str, IncidentOpened] = {}
        self.spans: dict[str, tuple[IncidentOpened, int | None]] = {}
        self.incidents: Counter[str] = Counter()
        self.unprotected: set[str] = set()
        self.given_up: set[str] = set()
        for record in records:
            match record:
                case OrderSaved(order):
                    self.orders[order.client_order_id] = order
                case OrderEventSaved():
                    self.events.setdefault(record.client_order_id, []).append(record)
                case FillSaved():
                    self.fills.append(record)
                case IncidentOpened():
                    self.incidents[record.kind] += 1
                    if record.kind == "protection_failed":
                        self.unprotected.add(record.subject)
                    if record.kind == "exit_failed":
                        self.given_up.add(record.subject)
                    self.spans[record.incident_id] = record, record.to_ns
                    if record.to_ns is None:
                        self.open_incidents[record.incident_id] = record
                case IncidentClosed():
                    self.open_incidents.pop(record.incident_id, None)
                    opened, _ = self.spans[record.incident_id]
                    self.spans[record.incident_id] = opened, record.to_ns
                case _:
                    pass


def discontinuities(book: Book, downs: list[FeedChanged], fail: Fail) -> None:
    """I11: each loss of a feed lies within an incident of its kind."""
    for down in downs:
        kind = "user_blind" if down.feed is FeedKind.USER else "feed_gap"
        if not any(
            opened.kind == kind
            and opened.from_ns <= down.recv_ns
            and (to_ns is None or to_ns >= down.recv_ns)
            for opened, to_ns in book.spans.values()
        ):
            fail("I11", f"{down.name} was down ({down.cause}), and no {kind} tells of it")


def inspect(book: Book, truth: dict[str, Any], engine: Engine, fail: Fail) -> None:
    """Compare; ``truth`` is :meth:`SimulatedExchange.state`."""
    _orders(book, truth, fail)
    _fills(book, truth, fail)
    _folds(book, fail)
    _positions(book, engine, fail)
    _answers(book, engine, fail)
    _lists(book, truth, engine, fail)
    for incident in book.open_incidents.values():
        fail("I11", f"{incident.kind} {incident.subject} never ended: {incident.cause}")


def _orders(book: Book, truth: dict[str, Any], fail: Fail) -> None:
    """I1, and that each row says what the exchange says."""
    there = {row["clientOrderId"]: row for row in truth["orders"]}
    for name, row in there.items():
        if not is_ours(name):
            continue
        order = book.orders.get(name)
        if order is None:
            fail("I1", f"the exchange has {name} and there is no row of it")
            continue
        theirs = STATUSES[row["status"]]
        # Refused when its price came: over, if we had heard of it before.
        refused = theirs is OrderStatus.REJECTED and order.status is OrderStatus.EXPIRED
        if order.status is not theirs and not refused:
            fail("I1", f"{name} is {theirs.value} there and {order.status.value} here")
        if order.filled != Decimal(row["executedQty"]):
            fail("I2", f"{name} has {row['executedQty']} filled there and {order.filled} here")
        # The exchange sizes the second half of a list when the first is filled.
        about = Decimal(row.get("origQty", "0"))
        if order.status.is_working and about and order.quantity != about:
            fail("I1", f"{name} is about {about} there and {order.quantity} here")
    for name, order in book.orders.items():
        if order.strategy_id != EXTERNAL and name not in there and order.status.is_working:
            fail("I1", f"{name} is {order.status.value} here and unknown there")


def _fills(book: Book, truth: dict[str, Any], fail: Fail) -> None:
    """I2: as many rows as trades, each once."""
    names = {(row["symbol"], row["orderId"]): row["clientOrderId"] for row in truth["orders"]}
    stored = Counter(_key(row.fill) for row in book.fills)
    for key, times in stored.items():
        if times > 1:
            fail("I2", f"trade {key} is stored {times} times")
    there = {
        (row["symbol"], row["id"], "BUY" if row["isBuyer"] else "SELL"): row
        for row in truth["trades"]
    }
    for key, row in there.items():
        name = names[row["symbol"], row["orderId"]]
        if is_ours(name) and key not in stored:
            fail("I2", f"trade {key} of {name} is not stored")
    for saved in book.fills:
        row = there.get(_key(saved.fill))
        if row is None:
            fail("I2", f"trade {_key(saved.fill)} is stored and does not exist")
        elif (
            Decimal(row["qty"]) != saved.fill.quantity or Decimal(row["price"]) != saved.fill.price
        ):
            fail("I2", f"trade {_key(saved.fill)} is stored with other numbers")
        elif names[row["symbol"], row["orderId"]] != saved.fill.client_order_id:
            fail("I2", f"trade {_key(saved.fill)} is stored for {saved.fill.client_order_id}")


def _key(fill: Fill) -> tuple[str, int, str]:
    return fill.symbol, fill.trade_id, fill.side.value


def _folds(book: Book, fail: Fail) -> None:
    """I4: each order is what its events make of it, without holes."""
    for name, rows in book.events.items():
        numbers = [row.number for row in rows]
        if numbers != list(range(1, len(rows) + 1)):
            fail("I9", f"the events of {name} are numbered {numbers}")
            continue
        order = Order.opened(rows[0].event)  # type: ignore[arg-type]
        for row in rows[1:]:
            order.apply(row.event)
        if order != book.orders[name]:
            fail("I4", f"the events of {name} make {order.status.value} of it")


def _positions(book: Book, engine: Engine, fail: Fail) -> None:
    """I5."""
    positions: dict[tuple[str, str], Position] = {}
    for saved in book.fills:
        key = saved.strategy_id, saved.fill.symbol
        position = positions.setdefault(key, Position(strategy_id=key[0], symbol=key[1]))
        instrument = engine.cache.instruments.get(key[1])
        base = instrument.base if instrument else ""
        position.apply(saved.fill, base=base, fee_quote=saved.fee_quote)
    for key in positions.keys() | engine.blotter.positions.keys():
        held = engine.blotter.position(*key)
        summed = positions.get(key, Position(strategy_id=key[0], symbol=key[1]))
        if (held.quantity, held.realised) != (summed.quantity, summed.realised):
            fail("I5", f"{key}: {held.quantity} held, the fills make {summed.quantity}")


def held(positions: dict[tuple[str, str], Decimal], engine: Engine, fail: Fail) -> None:
    """I5 once more: what the exchange's own reports make of each strategy."""
    for (tag, symbol), quantity in positions.items():
        ours = engine.blotter.position(tag, symbol).quantity
        if ours != quantity:
            fail("I5", f"{tag} holds {quantity} {symbol} there and {ours} here")


def _answers(book: Book, engine: Engine, fail: Fail) -> None:
    """I6: nothing waits for an answer, in the database or in the engine."""
    waiting = {OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN}
    for name, order in book.orders.items():
        if order.status in waiting:
            fail("I6", f"{name} is still {order.status.value}")
        elif order.cancel_requested and order.status.is_working:
            fail("I6", f"{name} rests, and its cancel was wanted")
    here = {order.client_order_id for order in engine.blotter.open_orders()}
    there = {name for name, order in book.orders.items() if not order.status.is_terminal}
    if here != there:
        fail("I8", f"counted as open: {sorted(here)}, are: {sorted(there)}")
    if len(engine.inquiry.resolver):
        fail("I6", f"{len(engine.inquiry.resolver)} questions are still asked")
    if engine.is_blind:
        fail("I7", "the bot is still blind")
    if engine.sight.is_sweeping:
        fail("I6", "a sweep was never answered")


def _lists(book: Book, truth: dict[str, Any], engine: Engine, fail: Fail) -> None:
    """A filled entry is protected, and of a pair that is over nothing rests."""
    resting = {
        row["clientOrderId"]
        for row in truth["orders"]
        if row["status"] in {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
    }
    lists: dict[str, dict[ListRole, Order]] = {}
    for order in book.orders.values():
        role = order.terms.list_role
        if order.terms.list_id and role is not None:
            lists.setdefault(order.terms.list_id, {})[role] = order
    for list_id, orders in lists.items():
        profit, stop = orders.get(ListRole.TAKE_PROFIT), orders.get(ListRole.STOP_LOSS)
        for one, other in ((profit, stop), (stop, profit)):
            if one is None or other is None or other.client_order_id not in resting:
                continue
            if one.status.is_terminal and not _may_rest(one, other):
                text = f"{one.client_order_id} is {one.status.value}, its other half rests"
                fail("lists", f"{list_id}: {text}")
        entry = orders.get(ListRole.WORKING)
        if entry is not None and entry.terms.contingency is Contingency.OTOCO:
            _protection(book, engine, entry, stop, fail)
            if profit is not None and stop is not None:
                _late_refusal(book, entry, profit, stop, fail)
    for list_id in book.unprotected - book.given_up:
        _closing(book, engine, list_id, fail)


def _may_rest(ended: Order, other: Order) -> bool:
    """What is left of the half that trades; or the stop, if its profit was never taken."""
    if other.filled or other.triggered:
        return True
    return other.terms.list_role is ListRole.STOP_LOSS and ended.status in _NEVER_WORKED


def _protection(book: Book, engine: Engine, entry: Order, stop: Order | None, fail: Fail) -> None:
    # The exchange's own lists wait for the whole entry.
    instrument = engine.cache.instruments[entry.symbol]
    is_kept_here = entry.price is None or Contingency.OTOCO not in instrument.lists
    in_part = is_kept_here and entry.status.is_terminal and entry.filled
    if entry.status is not OrderStatus.FILLED and not in_part:
        return
    if stop is None:
        if engine.lists.is_kept(entry.terms.list_id):
            return  # the gate is closed: the next start places it
        fail("lists", f"{entry.terms.list_id}: the entry is filled and nothing protects it")
    elif stop.status in _NEVER_WORKED and entry.terms.list_id not in book.unprotected:
        fail("lists", f"{entry.terms.list_id}: its stop is {stop.status.value}, unnoticed")


def _late_refusal(book: Book, entry: Order, profit: Order, stop: Order, fail: Fail) -> None:
    """The exchange filled the entry of its own list and took none of the exits."""
    over = {OrderStatus.REJECTED, OrderStatus.EXPIRED}
    gone = all(one.status in over and not one.filled for one in (profit, stop))
    list_id = entry.terms.list_id
    if entry.status is OrderStatus.FILLED and gone and list_id not in book.unprotected:
        fail("lists", f"{list_id}: both exits are over without a trade, unnoticed")


def _closing(book: Book, engine: Engine, list_id: str, fail: Fail) -> None:
    """What closes it was taken, or is still to be placed."""
    closing = [
        book.orders[name]
        for name, rows in book.events.items()
        if rows[0].cause.startswith(f"list {list_id}:")
    ]
    failed = closing and all(order.status in _NEVER_WORKED for order in closing)
    if not failed or engine.lists.is_kept(list_id):
        return
    last = closing[-1]
    held = engine.blotter.position(last.strategy_id, last.symbol).quantity
    # Dust cannot be closed; what something else has closed meanwhile need not be.
    if held * last.side.sign < 0 and "NOTIONAL" not in last.reason:
        fail("lists", f"{list_id}: {closing[-1].client_order_id} is {closing[-1].status.value}")
