"""Building the futures exchange again from its journal."""

from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from bot.domain.errors import DataError
from bot.simulation.futures.account import FuturesAccount, Income, MarginChange, Trade
from bot.simulation.futures.algos import AlgoOrder, AlgoStore
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.journal import account_record
from bot.simulation.futures.marks import Funding
from bot.simulation.futures.orders import FuturesOrder, rest

__all__ = ["opening_record", "replay"]

_MONEY: Final = frozenset(
    {"price", "quantity", "value", "realised", "commission", "amount", "average", "callback_rate"}
)
_POSITION: Final = ("amount", "cost", "toll", "realised", "isolated_wallet")


def opening_record(floor: FuturesFloor, now_ms: int) -> dict[str, Any]:
    """The first line of every session: how every account stands."""
    return {
        "time": now_ms,
        "accounts": {key: account_record(account) for key, account in floor.accounts.items()},
    }


def replay(floor: FuturesFloor, algos: AlgoStore, records: Iterable[dict[str, Any]]) -> None:
    """Bring the floor to where the records end. Its books are empty before.

    Raises:
        DataError: the records are of other contracts or accounts, or of another version.
    """
    orders: dict[tuple[str, int], dict[str, Any]] = {}
    waiting: dict[int, dict[str, Any]] = {}
    try:
        for record in records:
            _apply(floor, record)
            for row in record.get("orders", ()):
                orders[row["symbol"], row["order_id"]] = row
            for row in record.get("algos", ()):
                waiting[row["algo_id"]] = row
        for row in orders.values():
            _restore_order(floor, row)
        for row in waiting.values():
            contract = floor.contracts[row["symbol"]]
            algos.add(AlgoOrder(**_exact(row, AlgoOrder), contract=contract))
    except (KeyError, TypeError, ValueError, ArithmeticError) as e:
        raise DataError(
            f"the futures exchange's journal does not fit its accounts and contracts ({e!r}): "
            "start it with those it was written with, or with a new journal"
        ) from e


def _apply(floor: FuturesFloor, record: dict[str, Any]) -> None:
    if "ids" in record:
        floor.books[record["symbol"]].ids.restore(record["ids"])
    if record.get("price"):
        floor.books[record["symbol"]].last_price_e8 = record["price"]
    for row in record.get("trades", ()):
        account = floor.accounts[row["account"]]
        account.trades.setdefault(row["symbol"], []).append(Trade(**_exact(row, Trade)))
    for row in record.get("incomes", ()):
        floor.accounts[row["account"]].incomes.append(Income(**_exact(row, Income)))
    for row in record.get("margin_changes", ()):
        change = MarginChange(**_exact(row, MarginChange))
        floor.accounts[row["account"]].margin_changes.append(change)
    for key, state in record.get("accounts", {}).items():
        _restore_account(floor.accounts[key], state)
    _apply_exchange(floor, record)
    for symbol, amount in record.get("house", {}).items():
        floor.ledger.house[symbol] = Decimal(amount)
    floor.ledger.next_number = record.get("next_number", floor.ledger.next_number)


def _apply_exchange(floor: FuturesFloor, record: dict[str, Any]) -> None:
    """What is not of one account alone."""
    for row in record.get("fundings", ()):
        funding = Funding(row["time_ms"], Decimal(row["rate"]), Decimal(row["mark"]))
        floor.marks[row["symbol"]].fundings.append(funding)
    for row in record.get("countdowns", ()):
        slot = floor.accounts[row["account"]].key, floor.contracts[row["symbol"]].symbol
        if row["deadline"]:
            floor.deadlines[slot] = row["deadline"]
        else:
            floor.deadlines.pop(slot, None)
    for asset, amount in record.get("insurance", {}).items():
        floor.fund.balances[asset] = Decimal(amount)


def _restore_account(account: FuturesAccount, state: dict[str, Any]) -> None:
    account.wallets = {asset: Decimal(amount) for asset, amount in state["wallets"].items()}
    account.update_ms = state["update_ms"]
    account.leverage = state["leverage"]
    account.isolated = set(state["isolated"])
    account.is_hedged = state["hedged"]
    account.is_multi_asset = state["multi_asset"]
    account.burns_bnb = state.get("burns_bnb", False)
    for row in state["positions"]:
        position = account.position(row["symbol"], row["side"])
        for name in _POSITION:
            setattr(position, name, Decimal(row[name]))
        position.update_ms = row["update_ms"]


def _restore_order(floor: FuturesFloor, row: dict[str, Any]) -> None:
    contract = floor.contracts[row["symbol"]]
    order = FuturesOrder(**_exact(row, FuturesOrder), contract=contract)
    floor.orders.add(order)
    if order.is_open:
        floor.books[order.symbol].book.add(rest(order))


def _exact(row: dict[str, Any], kind: type) -> dict[str, Any]:
    """The fields of the row that the class has, amounts as decimals again."""
    names = {f.name for f in fields(kind)} - {"contract"}
    return {
        name: Decimal(value) if name in _MONEY and isinstance(value, str) else value
        for name, value in row.items()
        if name in names and (name != "account" or kind in {FuturesOrder, AlgoOrder})
    }
