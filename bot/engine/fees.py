"""Commissions in the asset that PnL is in: valued at the time, or as soon as there is a price."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.commands import StreamKind, Subscription
from bot.domain.fill import Fill
from bot.domain.records import FeeValued
from bot.domain.values import Market, symbol_key

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Fees"]

_OWN: Final = "_engine"
_MONEY: Final = frozenset({"USDT", "USDC", "FDUSD", "TUSD", "USDP", "BUSD", "EUR", "TRY", "BRL"})
"""Assets that others are priced in, and that stand behind in the names of symbols."""


class Fees:
    """Values commissions, and watches the price of an asset from the first that it lacked.

    Binance takes commission in BNB if the account says so, whatever is traded.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.waiting: list[tuple[str, Fill]] = []
        """(strategy id, fill) of commissions that have no known value yet."""

    def value(self, fill: Fill) -> Decimal | None:
        """The commission in the symbol's PnL asset at this moment, None if no price tells."""
        if not fill.commission:
            return Decimal(0)
        instrument = self._engine.cache.instruments.get(fill.symbol)
        if instrument is None:
            return None
        asset, wanted = fill.commission_asset, instrument.pnl_asset
        if asset == wanted:
            return fill.commission
        if asset == instrument.held_asset:
            return fill.commission * fill.price
        price = self._price(asset, wanted)
        return None if price is None else fill.commission * price

    def await_price(self, strategy_id: str, fill: Fill) -> None:
        """Value the commission as soon as a price is known, and see that one will be."""
        instrument = self._engine.cache.instruments.get(fill.symbol)
        if instrument is None:
            return
        self.waiting.append((strategy_id, fill))
        symbol, _ = self._priced_by(fill.commission_asset, instrument.pnl_asset)
        wish = Subscription(StreamKind.QUOTES, symbol)
        if wish not in self._engine.subscriptions:
            self._engine.subscriptions.want(_OWN, wish)

    def settle(self) -> None:
        """Value what waits, where there is a price now. Called as time passes."""
        if not self.waiting:
            return
        waiting, self.waiting = self.waiting, []
        for strategy_id, fill in waiting:
            fee = self.value(fill)
            if fee is None:
                self.waiting.append((strategy_id, fill))
                continue
            blotter = self._engine.blotter
            blotter.position(strategy_id, fill.symbol, fill.position_side).charge(fee)
            self._engine.record(
                FeeValued(
                    symbol=fill.symbol,
                    trade_id=fill.trade_id,
                    side=fill.side,
                    fee_quote=fee,
                    valued_ns=self._engine.now_ns,
                )
            )

    def _price(self, asset: str, wanted: str) -> Decimal | None:
        cache = self._engine.cache
        price = cache.value_in(asset, wanted)
        if price is not None:
            return price
        symbol, is_upside_down = self._priced_by(asset, wanted)
        # What was seen before a gap is no price of now: the next quote will tell.
        if cache.price_age_ns(symbol, self._engine.now_ns) is None:
            return None
        price = cache.exact_price(symbol)
        if price is None or not is_upside_down:
            return price
        return 1 / price

    def _priced_by(self, asset: str, wanted: str) -> tuple[str, bool]:
        """The spot symbol that prices the asset, and whether it does so the other way round."""
        home = self._engine.config.market
        is_upside_down = asset in _MONEY and wanted not in _MONEY
        name = f"{wanted}{asset}" if is_upside_down else f"{asset}{wanted}"
        return symbol_key(Market.SPOT, name, home), is_upside_down
