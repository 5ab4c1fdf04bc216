"""Initial and maintenance margin, what is available, and where a position is liquidated.

Formulas: Binance's support pages on initial margin, maintenance margin and liquidation price.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.amounts import ZERO
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.marks import Mark
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.futures.positions import Position
from bot.simulation.orderstore import OrderStore

__all__ = ["Margins", "SlotMargin", "liquidation_price"]


@dataclass(frozen=True, slots=True)
class SlotMargin:
    """What one position slot, with its open orders, binds. In the margin asset."""

    position: Decimal
    orders: Decimal
    maintenance: Decimal
    bids: Decimal
    asks: Decimal

    @property
    def initial(self) -> Decimal:
        return self.position + self.orders


class Margins:
    """Margin of any account at the current mark prices."""

    def __init__(self, orders: OrderStore[FuturesOrder], marks: Mapping[str, Mark]) -> None:
        self._orders = orders
        self._marks = marks

    def slot(
        self,
        account: FuturesAccount,
        position: Position,
        *,
        extra: tuple[bool, Decimal] | None = None,
    ) -> SlotMargin:
        """The margin of a slot. ``extra``: (is it a buy, value) of an order that wants in."""
        symbol = position.contract.symbol
        leverage = account.leverage_of(symbol)
        bids, asks = self._open_values(account.key, symbol, position.side)
        if extra is not None:
            bids, asks = (bids + extra[1], asks) if extra[0] else (bids, asks + extra[1])
        present = position.notional(self._marks[symbol].price)
        held = abs(present)
        if position.side == "LONG":
            total = held + bids
        elif position.side == "SHORT":
            total = held + asks
        else:
            # Buys and sells cannot both be filled to the wrong side: the larger one counts.
            total = max(abs(present + bids), abs(present - asks))
        brackets = position.contract.brackets
        return SlotMargin(
            held / leverage, (total - held) / leverage, brackets.maintenance(held), bids, asks
        )

    def profit(self, position: Position) -> Decimal:
        """Unrealised, at the mark price."""
        return position.profit(self._marks[position.contract.symbol].price)

    def cross_profit(self, account: FuturesAccount, asset: str) -> Decimal:
        return sum((self.profit(p) for p in account.crossed(asset)), ZERO)

    def cross_maintenance(self, account: FuturesAccount, asset: str) -> Decimal:
        return sum((self.slot(account, p).maintenance for p in account.crossed(asset)), ZERO)

    def available(self, account: FuturesAccount, asset: str) -> Decimal:
        """What may still be bound; an isolated position is paid for already."""
        free = account.cross_wallet(asset) + self.cross_profit(account, asset)
        for position in self._slots(account, asset):
            margin = self.slot(account, position)
            free -= margin.orders
            if position.contract.symbol not in account.isolated:
                free -= margin.position
        return max(free, ZERO)

    def is_affordable(
        self, account: FuturesAccount, position: Position, *, is_buy: bool, value: Decimal
    ) -> bool:
        """Whether the account can bind what an order of that value needs in addition."""
        asset = position.contract.margin_asset
        before = self.slot(account, position)
        after = self.slot(account, position, extra=(is_buy, value))
        more = after.initial - before.initial
        return more <= 0 or more <= self.available(account, asset)

    def liquidation(self, account: FuturesAccount, position: Position) -> Decimal:
        """The mark price at which the position is liquidated; 0: never, or flat."""
        contract = position.contract
        if not position.amount:
            return ZERO
        if contract.symbol in account.isolated:
            wallet = position.isolated_wallet
        else:
            asset = contract.margin_asset
            others = [p for p in account.crossed(asset) if p is not position]
            wallet = account.cross_wallet(asset)
            wallet += sum(
                (self.profit(p) - self.slot(account, p).maintenance for p in others), ZERO
            )
        step = contract.brackets.of(abs(position.notional(self._marks[contract.symbol].price)))
        return liquidation_price(position, wallet=wallet, ratio=step.ratio, cum=step.cum)

    def _slots(self, account: FuturesAccount, asset: str) -> Iterable[Position]:
        for symbol, contract in account.contracts.items():
            if contract.margin_asset == asset:
                yield from account.slots(symbol)

    def _open_values(self, key: str, symbol: str, side: str) -> tuple[Decimal, Decimal]:
        """What open orders that may enlarge the slot are worth: (buys, sells)."""
        bids = asks = ZERO
        for order in self._orders.open(key, symbol):
            if order.position_side != side or order.reduces:
                continue
            if order.is_buy:
                bids += open_value(order)
            else:
                asks += open_value(order)
        return bids, asks


def open_value(order: FuturesOrder) -> Decimal:
    """What the unfilled rest is worth at its price."""
    return order.contract.value(decimal(order.remaining_e8), decimal(order.price_e8))


def liquidation_price(
    position: Position, *, wallet: Decimal, ratio: Decimal, cum: Decimal
) -> Decimal:
    """The price at which ``wallet`` plus profit equals the maintenance margin; 0: none."""
    contract: Contract = position.contract
    size = abs(position.amount)
    sign = 1 if position.amount > 0 else -1
    if contract.size is not None:
        worth = size * contract.size
        below = wallet + cum + sign * abs(position.cost)
        price = worth * (ratio + sign) / below if below else ZERO
    else:
        price = (wallet + cum - sign * abs(position.cost)) / (size * ratio - sign * size)
    return max(price, ZERO)
