"""What the futures exchange must remember over a restart: one JSON line for each change."""

from dataclasses import asdict, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bot.simulation.futures.account import FuturesAccount, Income, MarginChange, Trade
from bot.simulation.futures.algos import AlgoOrder
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.journal import Journal

if TYPE_CHECKING:
    from bot.simulation.futures.floor import FuturesFloor
    from bot.simulation.futures.marks import Funding

__all__ = ["ChangeLog", "account_record"]

_LIVE = frozenset({"resting", "contract"})
_ORDER_FIELDS = tuple(f.name for f in fields(FuturesOrder) if f.name not in _LIVE)
_ALGO_FIELDS = tuple(f.name for f in fields(AlgoOrder) if f.name not in _LIVE)


class ChangeLog:
    """Collects what one action changes, and writes it down when the action is over."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._orders: dict[tuple[str, int], FuturesOrder] = {}
        self._algos: dict[int, AlgoOrder] = {}
        self._rows: dict[str, list[dict[str, Any]]] = {
            "trades": [],
            "incomes": [],
            "margin_changes": [],
            "fundings": [],
            "countdowns": [],
        }
        self._accounts: dict[str, None] = {}

    def order(self, order: FuturesOrder) -> None:
        if self._journal is not None:
            self._orders[order.symbol, order.order_id] = order

    def trade(self, account: str, trade: Trade) -> None:
        self._row("trades", account, asdict(trade))

    def income(self, account: str, income: Income) -> None:
        self._row("incomes", account, asdict(income))

    def margin_change(self, account: str, change: MarginChange) -> None:
        self._row("margin_changes", account, asdict(change))

    def funding(self, symbol: str, funding: "Funding") -> None:
        """It took place."""
        if self._journal is not None:
            self._rows["fundings"].append({"symbol": symbol, **asdict(funding)})

    def countdown(self, account: str, symbol: str, deadline_ms: int) -> None:
        """It runs until then; 0: no more."""
        if self._journal is not None:
            row = {"account": account, "symbol": symbol, "deadline": deadline_ms}
            self._rows["countdowns"].append(row)

    def algo(self, algo: AlgoOrder) -> None:
        if self._journal is not None:
            self._algos[algo.algo_id] = algo

    def account(self, account: str) -> None:
        """Settings, wallets or positions changed."""
        if self._journal is not None:
            self._accounts[account] = None

    def commit(self, floor: "FuturesFloor", listing: FuturesListing, now_ms: int) -> None:
        """Write the action down, if it changed anything that must survive."""
        journal = self._journal
        if journal is None:
            return
        marks = listing.ids.reserve()
        if marks is not None:
            journal.write({"symbol": listing.rules.symbol, "ids": marks})
        if not (self._orders or self._algos or self._accounts or any(self._rows.values())):
            return
        journal.write(
            {
                "time": now_ms,
                "symbol": listing.rules.symbol,
                "price": listing.last_price_e8,
                "orders": [_record(order, _ORDER_FIELDS) for order in self._orders.values()],
                "algos": [_record(algo, _ALGO_FIELDS) for algo in self._algos.values()],
                **{name: _texts(rows) for name, rows in self._rows.items()},
                "accounts": {key: account_record(floor.accounts[key]) for key in self._accounts},
                "house": _texts(floor.ledger.house),
                "insurance": _texts(floor.fund.balances),
                "next_number": floor.ledger.next_number,
            }
        )
        self._orders = {}
        self._algos = {}
        self._rows = {name: [] for name in self._rows}
        self._accounts = {}

    def _row(self, name: str, account: str, row: dict[str, Any]) -> None:
        if self._journal is not None:
            self._rows[name].append({"account": account, **row})
            self._accounts[account] = None


def account_record(account: FuturesAccount) -> dict[str, Any]:
    """Everything of an account but its trades and incomes."""
    return {
        "wallets": _texts(account.wallets),
        "update_ms": account.update_ms,
        "leverage": account.leverage,
        "isolated": sorted(account.isolated),
        "hedged": account.is_hedged,
        "multi_asset": account.is_multi_asset,
        "burns_bnb": account.burns_bnb,
        "positions": [
            {
                "symbol": symbol,
                "side": side,
                **_texts(
                    {
                        name: getattr(p, name)
                        for name in (
                            "amount",
                            "cost",
                            "toll",
                            "realised",
                            "isolated_wallet",
                            "update_ms",
                        )
                    }
                ),
            }
            for (symbol, side), p in account.positions.items()
        ],
    }


def _record(order: FuturesOrder | AlgoOrder, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _texts(getattr(order, name)) for name in names}


def _texts(value: Any) -> Any:
    """Decimals as texts, all the way down."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return value
