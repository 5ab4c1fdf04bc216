"""What the exchange must remember over a restart: one JSON line for each change.

A line holds everything that one action changed, so that a process killed between two lines
leaves nothing half done; a last line without its end is ignored.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol

from bot.domain.errors import DataError
from bot.simulation.account import OwnTrade
from bot.simulation.amendments import Amendment
from bot.simulation.ledger import Ledger
from bot.simulation.listing import Listing
from bot.simulation.lists import OrderList
from bot.simulation.orders import Order
from bot.simulation.prevention import PreventedMatch

__all__ = ["ChangeLog", "FileJournal", "Journal", "read_lines"]

_ORDER_FIELDS = tuple(f.name for f in fields(Order) if f.name != "resting")


class Journal(Protocol):
    def write(self, record: dict[str, Any]) -> None:
        """Append the record; it is safe from the death of this process when this returns."""
        ...


class FileJournal:
    """A journal in a file. ``lines`` is what it held when it was opened, for a restore."""

    def __init__(self, path: Path) -> None:
        """Open or create it.

        Raises:
            DataError: the file cannot be read or written.
        """
        try:
            self.lines = path.read_text().splitlines(keepends=True) if path.exists() else []
            if self.lines and not self.lines[-1].endswith("\n"):
                # Killed in the middle of a line: nothing was promised for it yet.
                self.lines.pop()
            path.write_text("".join(self.lines))
            self._file = path.open("a")
        except OSError as e:
            raise DataError(f"cannot use {path} as the journal of the exchange: {e}") from e

    def write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class ChangeLog:
    """Collects what one action changes, and writes it down when the action is over."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._orders: dict[tuple[str, int], Order] = {}
        self._trades: list[dict[str, Any]] = []
        self._prevented: list[dict[str, Any]] = []
        self._amendments: list[dict[str, Any]] = []
        self._lists: dict[int, OrderList] = {}

    def order(self, order: Order) -> None:
        if self._journal is not None:
            self._orders[order.symbol, order.order_id] = order

    def trade(self, account: str, trade: OwnTrade) -> None:
        if self._journal is not None:
            self._trades.append({"account": account, **asdict(trade)})

    def prevented(self, account: str, prevented: PreventedMatch) -> None:
        if self._journal is not None:
            self._prevented.append({"account": account, **asdict(prevented)})

    def amendment(self, account: str, amendment: Amendment) -> None:
        if self._journal is not None:
            self._amendments.append({"account": account, **asdict(amendment)})

    def order_list(self, order_list: OrderList) -> None:
        if self._journal is not None:
            self._lists[order_list.list_id] = order_list

    def commit(
        self,
        ledger: Ledger,
        listing: Listing,
        touched: Mapping[str, Iterable[str]],
        now_ms: int,
    ) -> None:
        """Write the action down, if it changed anything that must survive."""
        journal = self._journal
        if journal is None:
            return
        marks = listing.ids.reserve()
        if marks is not None:
            journal.write({"symbol": listing.rules.symbol, "ids": marks})
        if not touched and not self._orders:
            return
        journal.write(
            {
                "time": now_ms,
                "symbol": listing.rules.symbol,
                "price": listing.last_price_e8,
                "orders": [order_record(order) for order in self._orders.values()],
                "trades": self._trades,
                "prevented": self._prevented,
                "amendments": self._amendments,
                "lists": [order_list.record() for order_list in self._lists.values()],
                "balances": balances_record(ledger, touched),
                "house": dict(ledger.house),
                "fees": dict(ledger.fees),
            }
        )
        self._orders = {}
        self._trades = []
        self._prevented = []
        self._amendments = []
        self._lists = {}


def order_record(order: Order) -> dict[str, Any]:
    """The order as a line holds it: where it stands in its queue and what is seen of it, too."""
    record = {name: getattr(order, name) for name in _ORDER_FIELDS}
    if order.resting is not None:
        record["resting"] = [order.resting.place, order.resting.remaining_e8]
    return record


def balances_record(
    ledger: Ledger, touched: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, list[int]]]:
    """The balances that changed: account -> asset -> [free, locked]."""
    return {
        key: {
            asset: [balance.free, balance.locked]
            for asset in assets
            for balance in (ledger.accounts[key].balance(asset),)
        }
        for key, assets in touched.items()
    }


def read_lines(lines: Iterable[str | bytes]) -> Iterator[dict[str, Any]]:
    """The records of a journal. A torn last line is dropped.

    Raises:
        DataError: another line is not JSON.
    """
    torn = 0
    for number, line in enumerate(lines, 1):
        if torn:
            raise DataError(f"line {torn} of the exchange's journal is damaged: start a new one")
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            torn = number
            continue
        yield record
