"""All orders of the exchange, by the keys under which clients ask for them."""

from typing import Generic, Protocol, TypeVar

__all__ = ["OrderStore"]


class _Stored(Protocol):
    """What an order of spot and one of futures have in common."""

    account: str
    symbol: str
    order_id: int
    client_order_id: str

    @property
    def is_open(self) -> bool: ...


OrderT = TypeVar("OrderT", bound=_Stored)


class OrderStore(Generic[OrderT]):
    """Every order of every account, by the keys under which clients ask for them."""

    def __init__(self) -> None:
        self._by_id: dict[tuple[str, str, int], OrderT] = {}
        self._by_client_id: dict[tuple[str, str, str], OrderT] = {}
        # Client ids must be unique among the open orders of an account only.
        self._open_ids: dict[tuple[str, str], OrderT] = {}
        self._of: dict[tuple[str, str], list[OrderT]] = {}
        self._open: dict[tuple[str, str], dict[int, OrderT]] = {}

    def add(self, order: OrderT) -> None:
        """Keep it. Orders of a symbol arrive in the order of their ids."""
        account, symbol = order.account, order.symbol
        self._by_id[account, symbol, order.order_id] = order
        self._by_client_id[account, symbol, order.client_order_id] = order
        self._of.setdefault((account, symbol), []).append(order)
        if order.is_open:
            self._open_ids[account, order.client_order_id] = order
            self._open.setdefault((account, symbol), {})[order.order_id] = order

    def close(self, order: OrderT) -> None:
        """It is open no more; its client id is free again."""
        self._open_ids.pop((order.account, order.client_order_id), None)
        self._open.get((order.account, order.symbol), {}).pop(order.order_id, None)

    def rename(self, order: OrderT, client_order_id: str) -> None:
        """An open order gets another client id; it is still found by the former one."""
        self._open_ids.pop((order.account, order.client_order_id), None)
        order.client_order_id = client_order_id
        self._by_client_id[order.account, order.symbol, client_order_id] = order
        self._open_ids[order.account, client_order_id] = order

    def by_id(self, account: str, symbol: str, order_id: int) -> OrderT | None:
        return self._by_id.get((account, symbol, order_id))

    def by_client_id(self, account: str, symbol: str, client_order_id: str) -> OrderT | None:
        """The open order of that id, else the newest that had it."""
        return self._by_client_id.get((account, symbol, client_order_id))

    def is_taken(self, account: str, client_order_id: str) -> bool:
        """Whether an open order of the account has that client id."""
        return (account, client_order_id) in self._open_ids

    def open(self, account: str, symbol: str) -> list[OrderT]:
        """Its open orders of a symbol, oldest first."""
        return list(self._open.get((account, symbol), {}).values())

    def open_count(self, account: str, symbol: str) -> int:
        return len(self._open.get((account, symbol), ()))

    def all(self, account: str, symbol: str) -> list[OrderT]:
        """All its orders of a symbol, oldest first. Do not change the list."""
        return self._of.get((account, symbol), [])

    def everything(self) -> list[OrderT]:
        """Every order of all accounts, in the order of arrival."""
        return list(self._by_id.values())
