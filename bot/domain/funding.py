"""What the longs and shorts of a perpetual contract pay each other every few hours."""

from decimal import Decimal

import msgspec

__all__ = ["FundingPaid"]


class FundingPaid(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A funding fee was taken from the account, or given to it.

    Always from the exchange's list of incomes: the stream says that there was a payment, and
    neither its id nor, in hedge mode, which of two positions it was for. The list may show one
    twice over; :attr:`occasion` is the same both times. Source: Binance USDⓈ-M documentation,
    "Get Income History": an id is unique within a kind of income.
    """

    symbol: str
    asset: str
    """In which it is paid: the contract's margin asset."""
    amount: Decimal
    """Above 0: received; below 0: paid."""
    ts_ns: int
    recv_ns: int
    transaction_id: int
    source: str = "sweep"

    @property
    def occasion(self) -> str:
        """Names the payment within the account."""
        return f"{self.symbol} {self.transaction_id}"
