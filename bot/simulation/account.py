"""Who trades, and what they own: exact balances with locked funds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

__all__ = ["DEFAULT_BALANCES", "AccountSpec"]

DEFAULT_BALANCES: Final[Mapping[str, Decimal]] = {
    "USDT": Decimal(1_000_000),
    "BTC": Decimal(10),
    "ETH": Decimal(200),
    "BNB": Decimal(1000),
}


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
