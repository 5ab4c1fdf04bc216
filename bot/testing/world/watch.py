"""What must hold at each instant: I1, I3, I4, I7, I8 and I11, seen from outside of the engine."""

from collections.abc import Mapping
from typing import Final

from bot.domain.events import (
    Event,
    FeedChanged,
    FeedKind,
    FeedState,
    HaltRequested,
    ResumeRequested,
    StopRequested,
    SweepCompleted,
)
from bot.domain.records import IncidentOpened, OrderSaved, Record
from bot.domain.terms import ListRole
from bot.domain.values import OrderStatus
from bot.engine.risk import RiskLimits
from bot.testing.world.disk import Disk
from bot.testing.world.process import Process

__all__ = ["Broken", "Watch", "names_placed"]

_OUR_FAULTS: Final = frozenset(
    {
        "illegal_transition",
        "internal_fault",
        "order_vanished",
        "unexplained_order",
        "unexplained_event",
        "strategy_fault",
        "strategy_quarantined",
    }
)
"""Incidents that stand for a bug of ours, whatever the network did."""

_PROTECTIVE: Final = frozenset({ListRole.TAKE_PROFIT, ListRole.STOP_LOSS})


class Broken(Exception):
    """An invariant does not hold."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.name = name
        self.text = text

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def names_placed(path: str, params: Mapping[str, str]) -> list[str]:
    """The client order ids that a request places."""
    if path.endswith("/amend/keepPriority"):
        return []
    return [
        value
        for name, value in params.items()
        if name == "newClientOrderId" or (name.endswith("lientOrderId") and _is_leg(name))
    ]


def _is_leg(name: str) -> bool:
    return name.startswith(("working", "pending", "above", "below"))


class Watch:
    """``broken`` keeps the first thing that did not hold."""

    def __init__(self, disk: Disk, limits: RiskLimits) -> None:
        self.broken: Broken | None = None
        self._disk = disk
        self._limits = limits
        self._sent: set[str] = set()
        self.reached: dict[str, int] = {}
        """How often each order of ours reached the exchange."""
        self._user_up_ns: dict[Process, int | None] = {}
        self._seen_ns: dict[Process, int] = {}
        self._is_closed: dict[Process, str] = {}
        self._read = 0
        self._on_disk: dict[str, OrderStatus] = {}

    def fail(self, name: str, text: str) -> None:
        if self.broken is None:
            self.broken = Broken(name, text)

    # --- what the bot is told -------------------------------------------------------------

    def saw(self, process: Process, event: Event) -> None:
        """The engine has handled the event."""
        match event:
            case FeedChanged(feed=FeedKind.USER, state=FeedState.UP):
                self._user_up_ns[process] = event.recv_ns
            case FeedChanged(feed=FeedKind.USER):
                self._user_up_ns[process] = None
            case SweepCompleted():
                self._seen_ns[process] = max(event.asked_ns, self._seen_ns.get(process, -1))
            case HaltRequested():
                self._is_closed[process] = "halted"
            case ResumeRequested():
                self._is_closed.pop(process, None)
            case StopRequested():
                self._is_closed[process] = "stopping"

    # --- what it sends ----------------------------------------------------------------------

    def sent(self, process: Process, method: str, path: str, params: Mapping[str, str]) -> None:
        """A request leaves."""
        if method != "POST":
            return
        self._read_disk()
        for name in names_placed(path, params):
            if name not in self._on_disk:
                self.fail("I1", f"{name} is sent and no row of it is durable")
            elif self._on_disk[name] is OrderStatus.REFUSED:
                self.fail("I7", f"{name} was refused by risk and is sent")
            if name in self._sent:
                self.fail("I3", f"{name} is sent a second time")
            self._sent.add(name)
        self._check_sight(process, params)
        self._check_limits(process)

    def executed(self, method: str, path: str, params: Mapping[str, str]) -> None:
        """A request has reached the exchange."""
        if method != "POST":
            return
        self._read_disk()
        for name in names_placed(path, params):
            self.reached[name] = self.reached.get(name, 0) + 1
            if self._on_disk.get(name) is OrderStatus.NOT_PLACED:
                self.fail("I6", f"{name} was declared never placed, and reaches the exchange")
            if self.reached[name] > 1:
                self.fail("I3", f"{name} reached the exchange {self.reached[name]} times")

    def _check_sight(self, process: Process, params: Mapping[str, str]) -> None:
        up_ns, seen_ns = self._user_up_ns.get(process), self._seen_ns.get(process, -1)
        name = params.get("newClientOrderId", params.get("listClientOrderId", ""))
        if up_ns is None:
            self.fail("I7", f"{name} is sent while the user stream is down")
        elif seen_ns < up_ns:
            self.fail("I7", f"{name} is sent before the account was reconciled")
        closed = self._is_closed.get(process)
        if closed:
            self.fail("I7", f"{name} is sent though {closed}")

    def _check_limits(self, process: Process) -> None:
        if process.engine is None:
            return
        bound = self._limits.max_open_orders
        for strategy_id in process.engine.host.plugins:
            # What protects a position is refused by no bound of ours.
            count = sum(
                order.terms.list_role not in _PROTECTIVE
                for order in process.engine.blotter.open_orders(strategy_id)
            )
            # A list is judged by its first order: the others may come on top.
            if count > bound + 2:
                self.fail("I8", f"{strategy_id} has {count} open orders, the bound is {bound}")

    # --- what it writes -----------------------------------------------------------------------

    def wrote(self, record: Record) -> None:
        """A row was given to the store."""
        if isinstance(record, IncidentOpened) and record.kind in _OUR_FAULTS:
            name = "I4" if record.kind == "illegal_transition" else "faults"
            self.fail(name, f"{record.kind} {record.subject}: {record.cause}")

    def _read_disk(self) -> None:
        records = self._disk.records
        for record in records[self._read :]:
            if isinstance(record, OrderSaved):
                self._on_disk[record.order.client_order_id] = record.order.status
        self._read = len(records)
