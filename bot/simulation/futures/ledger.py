"""Whose money is where: wallets and positions of clients, and what the rest of the market has."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.simulation.account import AccountSpec
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.account import FuturesAccount, Income, Trade
from bot.simulation.futures.amounts import ZERO, rounded
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.journal import ChangeLog
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.futures.positions import Position

__all__ = ["Ledger"]


class Ledger:
    """A wallet is what was deposited plus the sum of its incomes, always."""

    def __init__(
        self, specs: Sequence[AccountSpec], contracts: Mapping[str, Contract], log: ChangeLog
    ) -> None:
        self.accounts = {spec.key: FuturesAccount(spec, contracts) for spec in specs}
        # The anonymous rest of the market has the other side of every client's position.
        self.house: dict[str, Decimal] = dict.fromkeys(contracts, ZERO)
        # Of incomes and amendments.
        self.next_number = 1
        self._log = log

    def settle(
        self,
        order: FuturesOrder,
        *,
        price: Decimal,
        quantity_e8: int,
        trade_id: int,
        now_ms: int,
        is_maker: bool,
    ) -> Trade:
        """Book one fill of a client's order: position, wallet, trade. Counts it into the order."""
        account = self.accounts[order.account]
        quantity = decimal(quantity_e8)
        value = order.contract.value(quantity, price)
        rate = account.maker_rate if is_maker else account.taker_rate
        if order.order_type == "LIQUIDATION":
            # It pays the insurance fund instead.
            rate = ZERO
        fee = rounded(value * rate)
        position = account.position(order.symbol, order.position_side)
        gain = self._move(account, position, quantity if order.is_buy else -quantity, price, fee)
        position.update_ms = order.update_ms = now_ms
        order.executed_e8 += quantity_e8
        order.value += value
        for kind, amount in (("REALIZED_PNL", gain), ("COMMISSION", -fee)):
            self.pay(account, kind, amount, now_ms, contract=order.contract, trade_id=trade_id)
        trade = Trade(
            symbol=order.symbol,
            trade_id=trade_id,
            order_id=order.order_id,
            side=order.side,
            position_side=order.position_side,
            price=price,
            quantity=quantity,
            value=value,
            realised=gain,
            commission=fee,
            time_ms=now_ms,
            is_maker=is_maker,
        )
        account.trades.setdefault(order.symbol, []).append(trade)
        self._log.trade(order.account, trade)
        return trade

    def pay(
        self,
        account: FuturesAccount,
        kind: str,
        amount: Decimal,
        now_ms: int,
        *,
        contract: Contract,
        trade_id: int | None = None,
    ) -> None:
        """Change a wallet; zero changes nothing and leaves no row."""
        if not amount:
            return
        income = Income(
            kind,
            contract.margin_asset,
            amount,
            now_ms,
            self.number(),
            symbol=contract.symbol,
            trade_id=trade_id,
        )
        account.credit(income)
        self._log.income(account.key, income)

    def number(self) -> int:
        """The next number."""
        self.next_number += 1
        return self.next_number - 1

    def _move(
        self,
        account: FuturesAccount,
        position: Position,
        signed: Decimal,
        price: Decimal,
        fee: Decimal,
    ) -> Decimal:
        """Let the position follow the fill, and the margin behind it; the profit realised."""
        contract, before = position.contract, position.amount
        gain = position.trade(signed, price)
        opened = _opened(before, signed)
        if position.amount:
            # Of a fill that turned the position round, only the new part has a break-even.
            turned = before * position.amount < 0
            position.toll += fee * opened / abs(signed) if turned else fee
        if opened and contract.symbol in account.isolated:
            leverage = account.leverage_of(contract.symbol)
            position.isolated_wallet += rounded(contract.value(opened, price) / leverage)
        self.house[contract.symbol] -= signed
        return gain


def _opened(before: Decimal, signed: Decimal) -> Decimal:
    """How much of a fill opened or enlarged a position, without sign."""
    if not before or (before > 0) == (signed > 0):
        return abs(signed)
    return max(ZERO, abs(signed) - abs(before))
