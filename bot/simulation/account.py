"""Who trades, and what they own: exact balances with locked funds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bot.simulation.amendments import Amendment
from bot.simulation.commission import Commission, Rates
from bot.simulation.fixedpoint import parse, text
from bot.simulation.orders import party_of
from bot.simulation.prevention import PreventedMatch

__all__ = ["DEFAULT_BALANCES", "ONE_PARTY", "Account", "AccountSpec", "Balance", "OwnTrade"]

DEFAULT_BALANCES: Final[Mapping[str, Decimal]] = {
    "USDT": Decimal(1_000_000),
    "BTC": Decimal(10),
    "ETH": Decimal(200),
    "BNB": Decimal(1000),
}


ONE_PARTY: Final = "ONE_PARTY_TRADE_REPORT"
"""The match type of a fill that the order router made."""


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account as it stands at the start. ``key`` is its API key and its name in the core."""

    key: str
    secret: str = field(default="", repr=False)
    """For the wire only: an HMAC secret, or a public key in PEM."""
    balances: Mapping[str, Decimal] = field(default_factory=lambda: dict(DEFAULT_BALANCES))
    maker_rate: Decimal = Decimal("0.001")
    taker_rate: Decimal = Decimal("0.001")
    bnb_discount: bool = False
    """Pay commission in BNB, at three quarters, while there is enough of it."""
    trade_group: int = -1
    """Accounts of one group are one in self-trade prevention; -1: the account is in none."""
    asset_limits: Mapping[str, Decimal] = field(default_factory=dict)
    """MAX_ASSET: how much of an asset a single order may be about."""
    can_trade: bool = True
    symbols: frozenset[str] | None = None
    """What it may trade; None: everything."""


class Balance:
    """One asset of one account, in units of 1e-8."""

    __slots__ = ("free", "locked")

    def __init__(self, free: int = 0, locked: int = 0) -> None:
        self.free = free
        self.locked = locked


@dataclass(slots=True)
class OwnTrade:
    """One fill of one of the account's orders; amounts in units of 1e-8."""

    symbol: str
    trade_id: int
    order_id: int
    price_e8: int
    quantity_e8: int
    quote_e8: int
    commission_e8: int
    commission_asset: str
    time_ms: int
    is_buyer: bool
    is_maker: bool
    list_id: int = -1
    allocation_id: int = -1
    """Of a fill that the order router made elsewhere; it is no trade of the account then."""

    def body(self) -> dict[str, Any]:
        """As ``GET /api/v3/myTrades`` gives it."""
        return {
            "symbol": self.symbol,
            "id": self.trade_id,
            "orderId": self.order_id,
            "orderListId": self.list_id,
            "price": text(self.price_e8),
            "qty": text(self.quantity_e8),
            "quoteQty": text(self.quote_e8),
            "commission": text(self.commission_e8),
            "commissionAsset": self.commission_asset,
            "time": self.time_ms,
            "isBuyer": self.is_buyer,
            "isMaker": self.is_maker,
            "isBestMatch": True,
        }

    def allocation(self) -> dict[str, Any]:
        """As ``GET /api/v3/myAllocations`` gives it."""
        return {
            "symbol": self.symbol,
            "allocationId": self.allocation_id,
            "allocationType": "SOR",
            "orderId": self.order_id,
            "orderListId": self.list_id,
            "price": text(self.price_e8),
            "qty": text(self.quantity_e8),
            "quoteQty": text(self.quote_e8),
            "commission": text(self.commission_e8),
            "commissionAsset": self.commission_asset,
            "time": self.time_ms,
            "isBuyer": self.is_buyer,
            "isMaker": self.is_maker,
            "isAllocator": False,
        }

    def fill(self) -> dict[str, Any]:
        """As ``fills`` of a FULL answer gives it."""
        body: dict[str, Any] = {
            "price": text(self.price_e8),
            "qty": text(self.quantity_e8),
            "commission": text(self.commission_e8),
            "commissionAsset": self.commission_asset,
            "tradeId": self.trade_id,
        }
        if self.allocation_id < 0:
            return body
        return {"matchType": ONE_PARTY, **body, "allocId": self.allocation_id}


class Account:
    """One account: its money, its rates and its trades."""

    def __init__(
        self, key: str, uid: int, commission: Commission, *, trade_group: int = -1
    ) -> None:
        self.key = key
        self.trade_group = trade_group
        self.party = party_of(key, trade_group)
        # MAX_ASSET: asset -> the most that one order may be about.
        self.asset_limits: dict[str, int] = {}
        self.can_trade = True
        # What it may trade; None: everything.
        self.symbols: frozenset[str] | None = None
        self.uid = uid
        self.commission = commission
        self.update_ms = 0
        self.balances: dict[str, Balance] = {}
        self.trades: dict[str, list[OwnTrade]] = {}
        self.allocations: dict[str, list[OwnTrade]] = {}
        self.amendments: dict[str, list[Amendment]] = {}
        self.prevented: dict[str, list[PreventedMatch]] = {}

    @classmethod
    def opened(cls, spec: AccountSpec, uid: int) -> "Account":
        rates = Rates(maker=parse(spec.maker_rate), taker=parse(spec.taker_rate))
        commission = Commission(standard=rates, in_bnb=spec.bnb_discount)
        account = cls(spec.key, uid, commission, trade_group=spec.trade_group)
        account.asset_limits = {a: parse(most) for a, most in spec.asset_limits.items()}
        account.can_trade, account.symbols = spec.can_trade, spec.symbols
        for asset, amount in spec.balances.items():
            account.balance(asset).free = parse(amount)
        return account

    def keep(self, trade: OwnTrade) -> None:
        """Add it to its trades, or to its allocations."""
        kind = self.trades if trade.allocation_id < 0 else self.allocations
        kind.setdefault(trade.symbol, []).append(trade)

    def balance(self, asset: str) -> Balance:
        """The balance of the asset; none yet is zero."""
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance()
        return found

    def lock(self, asset: str, amount_e8: int) -> bool:
        """Set free funds aside; False, and nothing done, if there is not enough."""
        balance = self.balance(asset)
        if balance.free < amount_e8:
            return False
        balance.free -= amount_e8
        balance.locked += amount_e8
        return True

    def unlock(self, asset: str, amount_e8: int) -> None:
        balance = self.balance(asset)
        balance.free += amount_e8
        balance.locked -= amount_e8

    def funds(self) -> dict[str, dict[str, str]]:
        """All balances: ``{asset: {"free", "locked"}}``."""
        return {
            asset: {"free": text(b.free), "locked": text(b.locked)}
            for asset, b in self.balances.items()
        }
