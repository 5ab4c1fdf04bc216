"""What the longs and shorts of a perpetual contract pay each other every few hours."""

from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.values import SECOND_NS

__all__ = ["FundingPaid"]

_SAME_NS: Final = 60 * SECOND_NS


class FundingPaid(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A funding fee was taken from the account, or given to it.

    The stream tells of it once and without an id, the exchange's list of incomes for ever and
    with one: the same payment may be told twice, and :attr:`occasion` is the same both times.
    Source: Binance USDⓈ-M documentation, "Balance and Position Update", "Get Income History".
    """

    symbol: str
    asset: str
    """In which it is paid: the contract's margin asset."""
    amount: Decimal
    """Above 0: received; below 0: paid."""
    ts_ns: int
    recv_ns: int
    transaction_id: int = -1
    """Of the list of incomes; -1 where the stream told of it."""
    source: str = "stream"

    @property
    def occasion(self) -> str:
        """Names the payment: contracts are funded every hour at most, on the minute."""
        minute = (self.ts_ns + _SAME_NS // 2) // _SAME_NS
        return f"{self.symbol} {self.asset} {minute}"
