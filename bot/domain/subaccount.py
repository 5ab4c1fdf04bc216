"""What one strategy's fills did to the assets of the account they share."""

from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.position import EXACT
from bot.domain.values import Market

__all__ = ["Subaccount"]

_ZERO: Final = Decimal(0)


class Subaccount(msgspec.Struct, kw_only=True):
    """Changes of assets by asset: the second entry of the books, beside positions.

    On spot a fill moves base against quote; on a contract what it realised comes into the
    settlement asset. Commission leaves its own asset, whatever that is worth. What all
    subaccounts have, with the one of *external*, is the change of the account.
    """

    strategy_id: str
    assets: dict[str, Decimal] = msgspec.field(default_factory=dict)

    def apply(self, fill: Fill, instrument: Instrument, realised: Decimal) -> None:
        """Fold one fill in; ``realised`` is what its position made of it."""
        if instrument.market is Market.SPOT:
            self.move(instrument.base, fill.side.sign * fill.quantity)
            self.move(instrument.quote, EXACT.multiply(-fill.side.sign * fill.quantity, fill.price))
        else:
            self.move(instrument.pnl_asset, realised)
        if fill.commission:
            self.move(fill.commission_asset, -fill.commission)

    def move(self, asset: str, amount: Decimal) -> None:
        """So much more (or less) of the asset is this strategy's."""
        self.assets[asset] = EXACT.add(self.assets.get(asset, _ZERO), amount)
