"""Numbers with eight decimal places, as integers: how the exchange itself counts.

Every price, quantity, rate and balance on Binance spot has at most eight places, so integers
of 1e-8 are exact, and fast. Names end in ``_e8``.
"""

from decimal import Decimal
from typing import Final

__all__ = ["ONE", "decimal", "notional", "parse", "text", "units"]

ONE: Final = 10**8
_PLACES: Final = 8


def parse(value: str | Decimal) -> int:
    """Units of 1e-8 of a plain decimal. Further places must be zeros.

    Raises:
        ValueError: not a finite number, or more than eight places.
    """
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value} is not a finite number")
    scaled = number.scaleb(_PLACES)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{value} has more than {_PLACES} decimal places")
    return whole


def units(plain: str) -> int:
    """As :func:`parse`, for digits with at most one point, and fast. Sign and exponent fail.

    Raises:
        ValueError: anything else, or more than eight places that are not zeros.
    """
    whole, _, fraction = plain.partition(".")
    if len(fraction) > _PLACES:
        fraction = fraction.rstrip("0")
    digits = whole + fraction
    if len(fraction) > _PLACES or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{plain} is not a plain decimal with at most {_PLACES} places")
    return int(whole + fraction.ljust(_PLACES, "0"))


def text(value_e8: int) -> str:
    """``6183763000000`` gives ``"61837.63000000"``."""
    if value_e8 < 0:
        return "-" + text(-value_e8)
    return f"{value_e8 // ONE}.{value_e8 % ONE:08d}"


def decimal(value_e8: int) -> Decimal:
    """The number with exactly eight places."""
    return Decimal(value_e8).scaleb(-_PLACES)


def notional(price_e8: int, quantity_e8: int) -> int:
    """Price times quantity, cut to eight places as the exchange does."""
    return price_e8 * quantity_e8 // ONE
