"""Who trades futures, what they own, and how they chose to trade."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from bot.simulation.account import AccountSpec
from bot.simulation.futures.amounts import ZERO, fixed, money, plain
from bot.simulation.futures.contracts import Contract, Kind
from bot.simulation.futures.positions import Position

__all__ = [
    "DEFAULT_BALANCES",
    "DEFAULT_LEVERAGE",
    "FuturesAccount",
    "Income",
    "MarginChange",
    "Trade",
    "opened",
]

DEFAULT_BALANCES: Final[Mapping[Kind, Mapping[str, Decimal]]] = {
    "usdm": {"USDT": Decimal(100_000)},
    "coinm": {"BTC": Decimal(10), "ETH": Decimal(100)},
}
DEFAULT_LEVERAGE: Final = 20
MAKER_RATE: Final = Decimal("0.0002")
TAKER_RATE: Final = Decimal("0.0005")


def opened(key: str, secret: str, kind: Kind, balances: Mapping[str, Decimal]) -> AccountSpec:
    """An account of the futures exchange; without balances it gets the default ones."""
    return AccountSpec(
        key,
        secret,
        balances=dict(balances or DEFAULT_BALANCES[kind]),
        maker_rate=MAKER_RATE,
        taker_rate=TAKER_RATE,
    )


@dataclass(slots=True)
class Trade:
    """One fill of one of the account's orders."""

    symbol: str
    trade_id: int
    order_id: int
    side: str
    position_side: str
    price: Decimal
    quantity: Decimal
    value: Decimal
    """In the margin asset."""
    realised: Decimal
    commission: Decimal
    time_ms: int
    is_maker: bool

    def body(self, contract: Contract) -> dict[str, Any]:
        """As ``GET userTrades`` gives it."""
        asset = contract.margin_asset
        body: dict[str, Any] = {"symbol": self.symbol}
        if contract.is_inverse:
            body["pair"] = contract.pair
        body |= {
            "id": self.trade_id,
            "orderId": self.order_id,
            "side": self.side,
            "price": fixed(self.price, contract.price_places),
            "qty": fixed(self.quantity, contract.quantity_places),
            "realizedPnl": money(self.realised),
            "marginAsset": asset,
            "quoteQty": plain(self.value),
            "commission": money(self.commission),
            "commissionAsset": asset,
            "time": self.time_ms,
            "positionSide": self.position_side,
            "buyer": self.side == "BUY",
            "maker": self.is_maker,
        }
        if contract.size is not None:
            body["baseQty"] = money(self.value)
            body["quoteQty"] = plain(self.quantity * contract.size)
        return body


@dataclass(slots=True)
class Income:
    """One change of the wallet and its reason."""

    kind: str
    asset: str
    amount: Decimal
    time_ms: int
    number: int
    symbol: str = ""
    info: str = ""
    trade_id: int | None = None

    def body(self) -> dict[str, Any]:
        """As ``GET income`` gives it."""
        return {
            "symbol": self.symbol,
            "incomeType": self.kind,
            "income": money(self.amount),
            "asset": self.asset,
            "info": self.info or self.kind,
            "time": self.time_ms,
            "tranId": str(self.number),
            "tradeId": "" if self.trade_id is None else str(self.trade_id),
        }


@dataclass(slots=True)
class MarginChange:
    """Money that was moved to or from an isolated position."""

    symbol: str
    position_side: str
    direction: int
    """1: to the position, 2: from it."""
    amount: Decimal
    time_ms: int

    def body(self, contract: Contract) -> dict[str, Any]:
        """As ``GET positionMargin/history`` gives it."""
        body: dict[str, Any] = {"symbol": self.symbol, "type": self.direction}
        if not contract.is_inverse:
            body["deltaType"] = "USER_ADJUST"
        return body | {
            "amount": plain(self.amount),
            "asset": contract.margin_asset,
            "time": self.time_ms,
            "positionSide": self.position_side,
        }


class FuturesAccount:
    """One account: wallets, positions, settings, trades and incomes."""

    def __init__(self, spec: AccountSpec, contracts: Mapping[str, Contract]) -> None:
        self.key = spec.key
        self.maker_rate = spec.maker_rate
        self.taker_rate = spec.taker_rate
        self.can_trade = spec.can_trade
        self.contracts = contracts
        assets = dict.fromkeys(c.margin_asset for c in contracts.values())
        self.wallets: dict[str, Decimal] = dict.fromkeys(assets, ZERO)
        for asset, amount in spec.balances.items():
            self.wallets[asset] = Decimal(amount)
        self.update_ms = dict.fromkeys(self.wallets, 0)
        # All slots from the start: their order must not depend on who asks first.
        self.positions = {
            (symbol, side): Position(contract, side)
            for symbol, contract in contracts.items()
            for side in ("BOTH", "LONG", "SHORT")
        }
        self.leverage: dict[str, int] = {}
        self.isolated: set[str] = set()
        self.is_hedged = False
        self.is_multi_asset = False
        # Whether commission is paid in BNB; no wallet here holds any.
        self.burns_bnb = False
        self.margin_changes: list[MarginChange] = []
        self.trades: dict[str, list[Trade]] = {}
        self.incomes: list[Income] = []
        # Symbols whose last margin call has been sent and still holds.
        self.called: set[str] = set()

    def position(self, symbol: str, side: str) -> Position:
        """The slot of that side: BOTH, LONG or SHORT."""
        return self.positions[symbol, side]

    def sides(self) -> tuple[str, ...]:
        """The slots of a symbol in the account's position mode."""
        return ("LONG", "SHORT") if self.is_hedged else ("BOTH",)

    def slots(self, symbol: str) -> list[Position]:
        """The positions of a symbol, flat ones included."""
        return [self.position(symbol, side) for side in self.sides()]

    def held(self) -> list[Position]:
        """The positions that are not flat."""
        return [p for p in self.positions.values() if p.amount]

    def leverage_of(self, symbol: str) -> int:
        return self.leverage.get(symbol, DEFAULT_LEVERAGE)

    def margin_type(self, symbol: str) -> str:
        return "isolated" if symbol in self.isolated else "cross"

    def cross_wallet(self, asset: str) -> Decimal:
        """The wallet without what stands behind isolated positions."""
        return self.wallets.get(asset, ZERO) - sum(
            (p.isolated_wallet for p in self._of(asset)), ZERO
        )

    def crossed(self, asset: str) -> list[Position]:
        """The open cross positions whose margin is that asset."""
        return [p for p in self._of(asset) if p.contract.symbol not in self.isolated]

    def credit(self, income: Income) -> None:
        """Change the wallet, and write down why."""
        self.wallets[income.asset] += income.amount
        self.update_ms[income.asset] = income.time_ms
        self.incomes.append(income)

    def _of(self, asset: str) -> Iterable[Position]:
        return (p for p in self.held() if p.contract.margin_asset == asset)
