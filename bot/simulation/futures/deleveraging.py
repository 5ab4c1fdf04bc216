"""Auto-deleveraging: whose profitable position pays when the insurance fund cannot.

Source: Binance's page on the insurance fund and auto-deleveraging: traders are ranked by profit
and effective leverage; a deleveraged position is closed at the bankrupt one's price.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from bot.simulation.fixedpoint import parse
from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.amounts import ZERO
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.futures.positions import Position

__all__ = ["CLIENT_ID", "Deleveraging"]

CLIENT_ID: Final = "adl_autoclose-"
_QUANTILES: Final = (ZERO, Decimal("0.25"), Decimal("0.5"), Decimal(1))
"""Return on margin above which a position stands in the next quantile."""


class Deleveraging:
    def __init__(self, floor: FuturesFloor) -> None:
        self._floor = floor

    def quantile(self, account: FuturesAccount, position: Position) -> int:
        """How near a position is to being closed for others: 0 (far) to 4 (next)."""
        rate = self._return(account, position)
        return sum(1 for bound in _QUANTILES if rate > bound)

    def close(self, bankrupt: FuturesOrder, price_e8: int, now_ms: int) -> None:
        """Fill the forced order at that price against the positions that won most by its loss.

        What no client's position takes, the rest of the market does.
        """
        floor = self._floor
        listing = floor.books[bankrupt.symbol]
        for account, position in self._ranked(bankrupt):
            if not bankrupt.is_open:
                break
            amount = min(bankrupt.remaining_e8, parse(abs(position.amount)))
            listing.ids.trade += 1
            trade_id = listing.ids.trade
            order = self._order(account, position, price_e8, amount, now_ms)
            floor.opened(order, now_ms)
            for one in (bankrupt, order):
                floor.fill(
                    one,
                    price_e8=price_e8,
                    quantity_e8=amount,
                    trade_id=trade_id,
                    now_ms=now_ms,
                    is_maker=False,
                )
            floor.trim(order, now_ms)
        if bankrupt.is_open:
            listing.ids.trade += 1
            floor.fill(
                bankrupt,
                price_e8=price_e8,
                quantity_e8=bankrupt.remaining_e8,
                trade_id=listing.ids.trade,
                now_ms=now_ms,
                is_maker=False,
            )
        floor.trim(bankrupt, now_ms)

    def _ranked(self, bankrupt: FuturesOrder) -> Iterator[tuple[FuturesAccount, Position]]:
        """Positions of the other side, those who won most with most leverage first."""
        found = [
            (account, position)
            for account in self._floor.accounts.values()
            for position in account.slots(bankrupt.symbol)
            # A forced purchase closes a short: its other side is long.
            if account.key != bankrupt.account
            and position.amount
            and (position.amount > 0) == bankrupt.is_buy
        ]
        found.sort(key=lambda one: -self._score(*one))
        yield from found

    def _score(self, account: FuturesAccount, position: Position) -> Decimal:
        share = self._floor.margins.profit(position) / abs(position.cost)
        leverage = Decimal(account.leverage_of(position.contract.symbol))
        return share * leverage if share > 0 else share / leverage

    def _return(self, account: FuturesAccount, position: Position) -> Decimal:
        if not position.cost:
            return ZERO
        share = self._floor.margins.profit(position) / abs(position.cost)
        return share * account.leverage_of(position.contract.symbol)

    def _order(
        self,
        account: FuturesAccount,
        position: Position,
        price_e8: int,
        quantity_e8: int,
        now_ms: int,
    ) -> FuturesOrder:
        contract = position.contract
        listing = self._floor.books[contract.symbol]
        listing.ids.order += 1
        return FuturesOrder(
            account=account.key,
            symbol=contract.symbol,
            contract=contract,
            order_id=listing.ids.order,
            client_order_id=f"{CLIENT_ID}{now_ms}{listing.ids.order:06d}",
            is_buy=position.amount < 0,
            order_type="LIQUIDATION",
            time_in_force="IOC",
            price_e8=price_e8,
            quantity_e8=quantity_e8,
            position_side=position.side,
            time_ms=now_ms,
            update_ms=now_ms,
        )
