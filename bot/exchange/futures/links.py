"""Which order of the matching engine came of which conditional order.

A conditional order waits in the algo service under our name and an algo id. When it is set off,
the matching engine makes an order of it, with an id and perhaps a name of its own; fills know
only these. ``ALGO_UPDATE`` (``ai``) and the algo service's answers (``actualOrderId``) tell.
"""

from collections import OrderedDict
from typing import Final

__all__ = ["Links"]

_KEPT: Final = 10_000


class Links:
    """Shared by the account's stream and by the questions to REST: what one learns both know."""

    def __init__(self) -> None:
        self._owners: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._orders: dict[tuple[str, str], int] = {}

    def learn(self, symbol: str, order_id: int, client_order_id: str) -> bool:
        """The order with that id is what became of the conditional order of that name.

        True if that is news.
        """
        if self._owners.get((symbol, order_id)) == client_order_id:
            return False
        self._owners[symbol, order_id] = client_order_id
        self._orders[symbol, client_order_id] = order_id
        while len(self._owners) > _KEPT:
            (old_symbol, _), old_name = self._owners.popitem(last=False)
            self._orders.pop((old_symbol, old_name), None)
        return True

    def owner(self, symbol: str, order_id: int) -> str | None:
        """Our name of the order, if it is known to have been conditional."""
        return self._owners.get((symbol, order_id))

    def order_id(self, symbol: str, client_order_id: str) -> int | None:
        """The matching engine's id of what became of the conditional order, if that is known."""
        return self._orders.get((symbol, client_order_id))
