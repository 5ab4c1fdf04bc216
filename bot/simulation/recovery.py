"""Building the exchange again from its journal."""

from collections.abc import Iterable
from typing import Any

from bot.domain.errors import DataError
from bot.simulation.account import OwnTrade
from bot.simulation.amendments import Amendment
from bot.simulation.execution import rest
from bot.simulation.floor import Floor
from bot.simulation.lists import OrderList
from bot.simulation.orders import Order
from bot.simulation.prevention import PreventedMatch

__all__ = ["opening_record", "replay"]


def opening_record(floor: Floor, now_ms: int) -> dict[str, Any]:
    """The first line of every session: what every account owns."""
    return {
        "time": now_ms,
        "balances": {
            key: {asset: [b.free, b.locked] for asset, b in account.balances.items()}
            for key, account in floor.ledger.accounts.items()
        },
    }


def replay(floor: Floor, records: Iterable[dict[str, Any]]) -> None:
    """Bring the floor to where the records end. Its books are empty before.

    Raises:
        DataError: the records are of other symbols or accounts, or of another version.
    """
    orders: dict[tuple[str, int], dict[str, Any]] = {}
    lists: dict[int, dict[str, Any]] = {}
    try:
        for record in records:
            _apply(floor, record, orders)
            lists |= {fields["list_id"]: fields for fields in record.get("lists", ())}
        places = [fields.pop("resting", (0, 0)) for fields in orders.values()]
        restored = [Order(**fields) for fields in orders.values()]
        for order in restored:
            _restore_order(floor, order)
        queues = sorted(zip(places, restored, strict=True), key=lambda one: one[0][0])
        for (place, visible_e8), order in queues:
            _restore_place(floor, order, place, visible_e8)
        for list_id in sorted(lists):
            _restore_list(floor, lists[list_id])
    except (KeyError, TypeError, ValueError) as e:
        raise DataError(
            f"the exchange's journal does not fit its accounts and symbols ({e!r}): start it "
            "with those it was written with, or with a new journal"
        ) from e


def _apply(
    floor: Floor, record: dict[str, Any], orders: dict[tuple[str, int], dict[str, Any]]
) -> None:
    ledger = floor.ledger
    if "ids" in record:
        floor.listings[record["symbol"]].ids.restore(record["ids"])
    if record.get("price"):
        floor.listings[record["symbol"]].last_price_e8 = record["price"]
    for order in record.get("orders", ()):
        orders[order["symbol"], order["order_id"]] = order
    for trade in record.get("trades", ()):
        account = ledger.accounts[trade.pop("account")]
        account.keep(OwnTrade(**trade))
    for amendment in record.get("amendments", ()):
        account = ledger.accounts[amendment.pop("account")]
        account.amendments.setdefault(amendment["symbol"], []).append(Amendment(**amendment))
    for prevented in record.get("prevented", ()):
        account = ledger.accounts[prevented.pop("account")]
        account.prevented.setdefault(prevented["symbol"], []).append(PreventedMatch(**prevented))
    for key, assets in record.get("balances", {}).items():
        account = ledger.accounts[key]
        account.update_ms = record["time"]
        for asset, (free, locked) in assets.items():
            balance = account.balance(asset)
            balance.free, balance.locked = free, locked
    ledger.house.update(record.get("house", {}))
    ledger.fees.update(record.get("fees", {}))


def _restore_order(floor: Floor, order: Order) -> None:
    floor.orders.add(order)
    listing = floor.listings[order.symbol]
    if order.waits_for_price:
        listing.stops.add(order)


def _restore_place(floor: Floor, order: Order, place: int, visible_e8: int) -> None:
    if order.waits_for_price or not order.is_open or order.is_pending:
        return
    book = floor.listings[order.symbol].book
    rest(floor.listings[order.symbol], order, visible_e8=visible_e8)
    book.places = max(book.places, place)
    if order.resting is not None and place:
        order.resting.place = place


def _restore_list(floor: Floor, fields: dict[str, Any]) -> None:
    account, symbol = fields["account"], fields["symbol"]
    found = [floor.orders.by_id(account, symbol, n) for n in fields.pop("order_ids")]
    orders = [order for order in found if order is not None]
    floor.lists.add(OrderList(**fields, orders=orders))
