"""What happens to an account whose margin no longer suffices."""

from decimal import Decimal
from typing import Final

from bot.simulation.fixedpoint import decimal, parse
from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.amounts import ZERO, rounded
from bot.simulation.futures.deleveraging import Deleveraging
from bot.simulation.futures.emissions import Liquidation
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.margins import liquidation_price
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.futures.positions import Position
from bot.simulation.futures.reports import account_update, force_order, margin_call

__all__ = ["LiquidationDesk"]

_CALL_ABOVE: Final = Decimal("0.8")
"""Maintenance margin / margin balance from which on the account is warned."""
_CALM_BELOW: Final = Decimal("0.7")
_WALKED: Final = 1000
_FORCED: Final = 5
"""``er`` of orders that a liquidation cancels."""


class LiquidationDesk:
    """Warns, cancels, closes; the insurance fund takes the fee and pays what is missing."""

    def __init__(self, floor: FuturesFloor) -> None:
        self._floor = floor
        self._deleveraging = Deleveraging(floor)

    def watch(self, now_ms: int) -> None:
        """Look at every position at the current mark prices."""
        for account in self._floor.accounts.values():
            for position in account.held():
                if position.contract.symbol in account.isolated:
                    self._watch_isolated(account, position, now_ms)
            for asset in account.wallets:
                if account.crossed(asset):
                    self._watch_cross(account, asset, now_ms)

    def _watch_isolated(self, account: FuturesAccount, position: Position, now_ms: int) -> None:
        margins = self._floor.margins
        balance = position.isolated_wallet + margins.profit(position)
        needed = margins.slot(account, position).maintenance
        if balance <= needed:
            self._cancel(account, {position.contract.symbol}, now_ms)
            self._close(account, position, now_ms)
        else:
            name = f"{position.contract.symbol}/{position.side}"
            self._warn(account, name, [position], needed / balance, now_ms)

    def _watch_cross(self, account: FuturesAccount, asset: str, now_ms: int) -> None:
        if self._is_safe(account, asset):
            balance = self._balance(account, asset)
            needed = self._floor.margins.cross_maintenance(account, asset)
            self._warn(account, asset, account.crossed(asset), needed / balance, now_ms)
            return
        symbols = {p.contract.symbol for p in account.crossed(asset)}
        self._cancel(account, symbols, now_ms)
        # The worst first, and no more than it takes.
        for position in sorted(account.crossed(asset), key=self._floor.margins.profit):
            if not self._is_safe(account, asset):
                self._close(account, position, now_ms)

    def _is_safe(self, account: FuturesAccount, asset: str) -> bool:
        needed = self._floor.margins.cross_maintenance(account, asset)
        return not needed or self._balance(account, asset) > needed

    def _balance(self, account: FuturesAccount, asset: str) -> Decimal:
        return account.cross_wallet(asset) + self._floor.margins.cross_profit(account, asset)

    def _warn(
        self,
        account: FuturesAccount,
        name: str,
        positions: list[Position],
        risk: Decimal,
        now_ms: int,
    ) -> None:
        """MARGIN_CALL, once for each time that the margin gets scarce."""
        if risk < _CALM_BELOW:
            account.called.discard(name)
        if risk < _CALL_ABOVE or name in account.called:
            return
        account.called.add(name)
        floor = self._floor
        rows = [
            (
                position,
                floor.marks[position.contract.symbol].price,
                floor.margins.profit(position),
                floor.margins.slot(account, position).maintenance,
            )
            for position in positions
        ]
        asset = positions[0].contract.margin_asset
        floor.tell(account.key, margin_call(account, asset, now_ms, rows))

    def _cancel(self, account: FuturesAccount, symbols: set[str], now_ms: int) -> None:
        for symbol in sorted(symbols):
            for order in self._floor.orders.open(account.key, symbol):
                self._floor.close(order, "EXPIRED", now_ms, reason=_FORCED)
            self._floor.settle(self._floor.books[symbol], now_ms)

    def _close(self, account: FuturesAccount, position: Position, now_ms: int) -> None:
        """Sell or buy the position off, whatever the book gives."""
        floor, symbol = self._floor, position.contract.symbol
        listing = floor.books[symbol]
        backing = position.isolated_wallet
        worth = abs(position.notional(floor.marks[symbol].price))
        order = self._forced(account, position, now_ms)
        floor.opened(order, now_ms)
        if not self._is_borne(account, position, order):
            # Somebody who won by this loss gives up what the fund cannot pay.
            self._deleveraging.close(order, self._bankruptcy_e8(account, position), now_ms)
        floor.match(
            listing,
            is_buy=order.is_buy,
            limit_e8=None,
            quantity_e8=order.quantity_e8,
            taker=order,
            taker_id=order.order_id,
            now_ms=now_ms,
        )
        if order.is_open:
            # Nobody is left in the book: the insurance fund takes it over at the mark price.
            listing.ids.trade += 1
            floor.fill(
                order,
                price_e8=floor.marks[symbol].mark_e8,
                quantity_e8=order.remaining_e8,
                trade_id=listing.ids.trade,
                now_ms=now_ms,
                is_maker=False,
            )
            floor.trim(order, now_ms)
        self._clear(account, position, order, worth, backing, now_ms)
        trade = account.trades[symbol][-1]
        floor.out.append(Liquidation(symbol, force_order(order, trade, now_ms), now_ms))
        floor.settle(listing, now_ms)

    def _forced(self, account: FuturesAccount, position: Position, now_ms: int) -> FuturesOrder:
        contract = position.contract
        listing = self._floor.books[contract.symbol]
        listing.ids.order += 1
        is_buy = position.amount < 0
        return FuturesOrder(
            account=account.key,
            symbol=contract.symbol,
            contract=contract,
            order_id=listing.ids.order,
            client_order_id=f"autoclose-{now_ms}{listing.ids.order:06d}",
            is_buy=is_buy,
            order_type="LIQUIDATION",
            time_in_force="IOC",
            price_e8=self._trigger_e8(account, position),
            quantity_e8=parse(abs(position.amount)),
            position_side=position.side,
            stp_mode="EXPIRE_MAKER",
            time_ms=now_ms,
            update_ms=now_ms,
        )

    def _is_borne(self, account: FuturesAccount, position: Position, order: FuturesOrder) -> bool:
        """Whether the fund can pay what closing in the book would leave unpaid."""
        contract, asset = position.contract, position.contract.margin_asset
        worth, left = ZERO, order.quantity_e8
        for price, total in self._floor.books[contract.symbol].book.top(not order.is_buy, _WALKED):
            taken = min(left, total)
            worth += contract.value(decimal(taken), decimal(price))
            left -= taken
            if not left:
                break
        mark = self._floor.marks[contract.symbol].price
        worth += contract.value(decimal(left), mark)
        after = self._backing(account, position) + position.gain(worth.copy_sign(position.amount))
        is_last = contract.symbol in account.isolated or len(account.crossed(asset)) == 1
        return not is_last or self._floor.fund.bears(asset, -after)

    def _backing(self, account: FuturesAccount, position: Position) -> Decimal:
        """The money that the position may lose."""
        if position.contract.symbol in account.isolated:
            return position.isolated_wallet
        return account.cross_wallet(position.contract.margin_asset)

    def _bankruptcy_e8(self, account: FuturesAccount, position: Position) -> int:
        """The price at which nothing is left, on the tick at which nothing is owed."""
        wallet = self._backing(account, position)
        exact = liquidation_price(position, wallet=wallet, ratio=ZERO, cum=ZERO)
        tick = parse(position.contract.tick)
        ticks, rest = divmod(parse(rounded(exact)), tick)
        owes = rest and (position.amount > 0)
        return max(tick, (ticks + bool(owes)) * tick)

    def _trigger_e8(self, account: FuturesAccount, position: Position) -> int:
        """The tick at which the position is liquidated: what the order shows as its price."""
        tick = parse(position.contract.tick)
        price = rounded(self._floor.margins.liquidation(account, position))
        return parse(price) // tick * tick or self._floor.marks[position.contract.symbol].mark_e8

    def _clear(
        self,
        account: FuturesAccount,
        position: Position,
        order: FuturesOrder,
        worth: Decimal,
        backing: Decimal,
        now_ms: int,
    ) -> None:
        """The fee, as far as there is money; and no debt remains.

        ``backing`` stood behind an isolated position: it cannot lose more.
        """
        contract = position.contract
        asset = contract.margin_asset
        if contract.symbol in account.isolated:
            trades = [t for t in account.trades[contract.symbol] if t.order_id == order.order_id]
            left = backing + sum((t.realised - t.commission for t in trades), ZERO)
            debt = max(ZERO, -left)
        else:
            left = self._balance(account, asset)
            debt = ZERO if account.crossed(asset) else max(ZERO, -account.cross_wallet(asset))
        fee = min(rounded(worth * contract.liquidation_fee), max(left, ZERO))
        change = debt or -fee
        self._floor.ledger.pay(account, "INSURANCE_CLEAR", change, now_ms, contract=contract)
        self._floor.fund.settle(asset, -change, now_ms)
        if change:
            payload = account_update(account, "INSURANCE_CLEAR", now_ms, assets={asset: change})
            self._floor.tell(account.key, payload)
