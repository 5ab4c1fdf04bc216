"""What a fill costs (commission_faq.md of Binance's documentation)."""

from dataclasses import dataclass, field
from typing import Any

from bot.simulation.fixedpoint import ONE, text

__all__ = ["Charge", "Commission", "Rates", "charge"]


@dataclass(frozen=True, slots=True)
class Rates:
    """One kind of commission, in units of 1e-8 of the received amount."""

    maker: int = 0
    taker: int = 0
    buyer: int = 0
    seller: int = 0

    def of(self, *, is_buyer: bool, is_maker: bool) -> int:
        """A fill pays for its role and for its side."""
        role = self.maker if is_maker else self.taker
        return role + (self.buyer if is_buyer else self.seller)

    def body(self) -> dict[str, str]:
        return {
            "maker": text(self.maker),
            "taker": text(self.taker),
            "buyer": text(self.buyer),
            "seller": text(self.seller),
        }

    def for_order(self, *, is_buyer: bool) -> dict[str, str]:
        """As a test order with ``computeCommissionRates`` shows it: the side already added."""
        return {
            "maker": text(self.of(is_buyer=is_buyer, is_maker=True)),
            "taker": text(self.of(is_buyer=is_buyer, is_maker=False)),
        }


@dataclass(frozen=True, slots=True)
class Commission:
    """The rates of an account, and whether it pays in BNB."""

    standard: Rates
    special: Rates = field(default_factory=Rates)
    tax: Rates = field(default_factory=Rates)
    in_bnb: bool = False
    discount_e8: int = ONE * 3 // 4
    """What is left of the standard part when it is paid in BNB."""

    def discount(self) -> dict[str, Any]:
        return {
            "enabledForAccount": self.in_bnb,
            "enabledForSymbol": True,
            "discountAsset": "BNB",
            "discount": text(self.discount_e8),
        }


@dataclass(frozen=True, slots=True)
class Charge:
    """The three parts, in units of 1e-8 of the received asset."""

    standard: int
    special: int
    tax: int

    @property
    def total(self) -> int:
        return self.standard + self.special + self.tax


def charge(
    rates: Commission, received_e8: int, *, is_buyer: bool, is_maker: bool, discounted: bool = False
) -> Charge:
    """The commission on a received amount, each part rounded to eight places."""
    standard = rates.standard.of(is_buyer=is_buyer, is_maker=is_maker)
    if discounted:
        standard = _share(standard, rates.discount_e8)
    return Charge(
        _share(received_e8, standard),
        _share(received_e8, rates.special.of(is_buyer=is_buyer, is_maker=is_maker)),
        _share(received_e8, rates.tax.of(is_buyer=is_buyer, is_maker=is_maker)),
    )


def _share(amount_e8: int, rate_e8: int) -> int:
    # Half up: the documentation's example rounds 0.040229875 to 0.04022988.
    return (amount_e8 * rate_e8 + ONE // 2) // ONE
