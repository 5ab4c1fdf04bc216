"""Order lists: orders of which one acts on the others, and the forms in which they are shown."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.simulation.account import OwnTrade
from bot.simulation.listing import Listing
from bot.simulation.orders import Order

__all__ = ["ListStore", "ListWatch", "OrderList"]


@dataclass(slots=True, kw_only=True, eq=False)
class OrderList:
    """One list of one account. Its orders stand in the order of their ids."""

    account: str
    symbol: str
    list_id: int
    client_id: str
    contingency: str
    """OCO; or OTO, also if the pending orders are a pair."""
    orders: list[Order] = field(default_factory=list, repr=False)
    pays_pending: bool = False
    """OPO: what the first order receives is what the pending ones sell."""
    reserved_e8: int = 0
    """What the first order of an OPO list has received so far."""
    time_ms: int = 0
    is_done: bool = False
    # Its orders are being cancelled one by one.
    is_ending: bool = False

    @property
    def pair(self) -> list[Order]:
        """The orders of which only one may trade; empty if there is no such pair."""
        pair = self.orders if self.contingency == "OCO" else self.orders[1:]
        return pair if len(pair) > 1 else []

    @property
    def pending(self) -> list[Order]:
        """The orders that wait for the first one to be filled."""
        return [] if self.contingency == "OCO" else self.orders[1:]

    def partner(self, order: Order) -> Order | None:
        """The other one of the pair."""
        pair = self.pair
        return next((o for o in pair if o is not order), None) if order in pair else None

    def body(self) -> dict[str, Any]:
        """As a query gives it."""
        done = self.is_done
        return {
            "orderListId": self.list_id,
            "contingencyType": self.contingency,
            "listStatusType": "ALL_DONE" if done else "EXEC_STARTED",
            "listOrderStatus": "ALL_DONE" if done else "EXECUTING",
            "listClientOrderId": self.client_id,
            "transactionTime": self.time_ms,
            "symbol": self.symbol,
            "orders": self._members(),
        }

    def status(self) -> dict[str, Any]:
        """As ``listStatus`` of an amendment gives it."""
        hidden = {"listStatusType", "transactionTime"}
        return {key: value for key, value in self.body().items() if key not in hidden}

    def event(self, now_ms: int, kind: str = "") -> dict[str, Any]:
        """The ``listStatus`` of the user data stream."""
        done = self.is_done
        return {
            "e": "listStatus",
            "E": now_ms,
            "s": self.symbol,
            "g": self.list_id,
            "c": self.contingency,
            "l": kind or ("ALL_DONE" if done else "EXEC_STARTED"),
            "L": "ALL_DONE" if done else "EXECUTING",
            "r": "NONE",
            "C": self.client_id,
            "T": now_ms,
            "O": [{"s": o.symbol, "i": o.order_id, "c": o.client_order_id} for o in self.orders],
        }

    def record(self) -> dict[str, Any]:
        """As the journal holds it."""
        return {
            "account": self.account,
            "symbol": self.symbol,
            "list_id": self.list_id,
            "client_id": self.client_id,
            "contingency": self.contingency,
            "pays_pending": self.pays_pending,
            "reserved_e8": self.reserved_e8,
            "time_ms": self.time_ms,
            "is_done": self.is_done,
            "order_ids": [o.order_id for o in self.orders],
        }

    def _members(self) -> list[dict[str, Any]]:
        return [
            {"symbol": o.symbol, "orderId": o.order_id, "clientOrderId": o.client_order_id}
            for o in self.orders
        ]


class ListWatch(Protocol):
    """Who must know what happens to the orders of order lists."""

    def engaging(self, order: Order, listing: Listing, now_ms: int) -> None:
        """It is about to trade, or was triggered."""
        ...

    def filled(self, order: Order, listing: Listing, trade: OwnTrade, now_ms: int) -> None:
        """A fill was booked and reported."""
        ...

    def closed(self, order: Order, listing: Listing, now_ms: int) -> None:
        """It is over, other than by being filled."""
        ...


class ListStore:
    """Every list of every account. List ids count for the whole exchange."""

    def __init__(self) -> None:
        self.last_id = 0
        self._by_id: dict[int, OrderList] = {}
        self._by_client_id: dict[tuple[str, str], OrderList] = {}
        self._open: dict[int, OrderList] = {}

    def add(self, order_list: OrderList) -> None:
        self.last_id = max(self.last_id, order_list.list_id)
        self._by_id[order_list.list_id] = order_list
        self._by_client_id[order_list.account, order_list.client_id] = order_list
        if not order_list.is_done:
            self._open[order_list.list_id] = order_list

    def close(self, order_list: OrderList) -> None:
        self._open.pop(order_list.list_id, None)

    def of(self, order: Order) -> OrderList | None:
        """The list that the order belongs to."""
        return self._by_id.get(order.list_id)

    def by_id(self, account: str, list_id: int) -> OrderList | None:
        found = self._by_id.get(list_id)
        return found if found is not None and found.account == account else None

    def by_client_id(self, account: str, client_id: str) -> OrderList | None:
        """The newest list that has, or had, that id."""
        return self._by_client_id.get((account, client_id))

    def open(self, account: str) -> list[OrderList]:
        """Its open lists, oldest first."""
        return [x for x in self._open.values() if x.account == account]

    def all(self, account: str) -> list[OrderList]:
        """All its lists, oldest first."""
        return [x for x in self._by_id.values() if x.account == account]
