"""Money of the futures exchange: exact decimals, and how Binance writes them."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

__all__ = ["ZERO", "fixed", "money", "plain", "rounded"]

ZERO: Final = Decimal(0)
_E8: Final = Decimal("0.00000001")


def rounded(value: Decimal) -> Decimal:
    """To the eight places in which wallets are kept."""
    return value.quantize(_E8, ROUND_HALF_EVEN)


def money(value: Decimal) -> str:
    """``"23.72469206"``: always eight places."""
    # Adding zero turns -0 into 0.
    return format(rounded(value) + ZERO, "f")


def fixed(value: Decimal, places: int) -> str:
    """``"84146.50"``: always that many places."""
    return format(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN) + ZERO, "f")


def plain(value: Decimal) -> str:
    """``"84146.5"``: at most eight places, without trailing zeros."""
    text = money(value).rstrip("0")
    return text.removesuffix(".")
