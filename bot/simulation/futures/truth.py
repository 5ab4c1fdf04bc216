"""What is so on the futures exchange, whatever any client was told."""

from typing import Any

from bot.simulation.futures.algos import AlgoStore
from bot.simulation.futures.amounts import money, plain
from bot.simulation.futures.floor import FuturesFloor

__all__ = ["truth"]


def truth(floor: FuturesFloor, algos: AlgoStore) -> dict[str, Any]:
    """Orders, trades, conditional orders and incomes in REST form, with ``account`` added."""
    accounts = floor.accounts
    funds = {
        key: {asset: money(amount) for asset, amount in account.wallets.items()}
        for key, account in accounts.items()
    }
    return {
        "orders": [
            {**order.queried(), "account": order.account} for order in floor.orders.everything()
        ],
        "trades": [
            {**trade.body(floor.contracts[trade.symbol]), "account": key}
            for key, account in accounts.items()
            for trades in account.trades.values()
            for trade in trades
        ],
        "algos": [{**algo.queried(), "account": algo.account} for algo in algos.everything()],
        "positions": [
            {
                "symbol": position.contract.symbol,
                "positionSide": position.side,
                "positionAmt": plain(position.amount),
                "entryPrice": plain(position.entry),
                "account": key,
            }
            for key, account in accounts.items()
            for position in account.held()
        ],
        "income": [
            {**income.body(), "account": key}
            for key, account in accounts.items()
            for income in account.incomes
        ],
        "balances": next(iter(funds.values()), {}),
        "accounts": funds,
    }
