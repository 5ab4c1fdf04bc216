"""What stands behind prices: the markets an index is made of, and what margin assets are worth."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.amounts import money
from bot.simulation.futures.composites import components, index_weights
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.marks import Mark
from bot.simulation.parameters import Params, optional, required

__all__ = ["Indices"]

Row = dict[str, Any]

_DOLLARS: Final = frozenset({"USDT", "USDC", "USD"})
_LITTLE, _MUCH = Decimal("0.0001"), Decimal("0.05")
_AUTO: Final = Decimal("0.5")
"""Part of the buffer at which assets are exchanged by themselves."""
_SOURCES: Final = (
    # exchange, how it spells a pair, weight, how far its price is from the index
    ("binance", "{base}{quote}", "0.51282051", "0.00001"),
    ("coinbase", "{base}-{quote}", "0.15384615", "-0.00003"),
    ("gateio", "{base}_{quote}", "0.02564103", "0.00004"),
    ("kucoin", "{base}-{quote}", "0.07692308", "-0.00002"),
    ("mxc", "{base}{quote}", "0.07692308", "0.00002"),
    ("bitget", "{base}{quote}", "0.07692308", "0"),
    ("bybit", "{base}{quote}", "0.07692307", "-0.00001"),
)


class Indices:
    """Binance's endpoints about indices, as of the last mark prices."""

    def __init__(
        self,
        listings: Mapping[str, FuturesListing],
        marks: Mapping[str, Mark],
        now: Callable[[], int],
    ) -> None:
        self._listings = listings
        self._marks = marks
        self._now = now

    def constituents(self, params: Params) -> Row:
        """``GET constituents``; COIN-M asks for a pair, and says nothing of prices."""
        wanted = required(params, "symbol")
        for listing in self._listings.values():
            contract = listing.contract
            if contract.is_inverse and wanted in {contract.pair, contract.symbol}:
                return self._constituents(listing, contract.pair, priced=False)
            if contract.symbol == wanted and not contract.is_inverse:
                return self._constituents(listing, wanted, priced=True)
        raise ApiError.invalid_symbol()

    def index_info(self, params: Params) -> Row | list[Row]:
        """``GET indexInfo``: contracts on an index of several assets."""
        wanted = optional(params, "symbol")
        rows = [
            {
                "symbol": symbol,
                "time": self._now(),
                "component": "baseAsset",
                "baseAssetList": index_weights(symbol),
            }
            for symbol in self._listings
            if components(symbol) and wanted in {None, symbol}
        ]
        if wanted is not None and not rows:
            raise ApiError.invalid_symbol()
        return rows if wanted is None else rows[0]

    def asset_index(self, params: Params) -> Row | list[Row]:
        """``GET assetIndex``: what an asset counts for where several are margin."""
        wanted = optional(params, "symbol")
        rows = [row for row in self.assets() if wanted in {None, row["symbol"]}]
        if wanted is not None and not rows:
            raise ApiError.invalid_symbol()
        return rows if wanted is None else rows[0]

    def assets(self) -> list[Row]:
        """Every asset, in dollars."""
        values: dict[str, Decimal] = {}
        for symbol, listing in self._listings.items():
            contract = listing.contract
            if contract.quote in _DOLLARS and not contract.is_inverse:
                values.setdefault(contract.quote, Decimal(1))
            if not components(symbol):
                values.setdefault(contract.base, decimal(self._marks[symbol].index_e8))
        return [self._asset(asset, value) for asset, value in sorted(values.items())]

    def _asset(self, asset: str, value: Decimal) -> Row:
        buffer = _LITTLE if asset in _DOLLARS else _MUCH
        automatic = buffer if asset in _DOLLARS else buffer * _AUTO
        return {
            "symbol": f"{asset}USD",
            "time": self._now(),
            "index": money(value),
            "bidBuffer": money(buffer),
            "askBuffer": money(buffer),
            "bidRate": money(value * (1 - buffer)),
            "askRate": money(value * (1 + buffer)),
            "autoExchangeBidBuffer": money(automatic),
            "autoExchangeAskBuffer": money(automatic),
            "autoExchangeBidRate": money(value * (1 - automatic)),
            "autoExchangeAskRate": money(value * (1 + automatic)),
        }

    def _constituents(self, listing: FuturesListing, name: str, *, priced: bool) -> Row:
        contract = listing.contract
        index = decimal(self._marks[contract.symbol].index_e8)
        rows = []
        for exchange, form, weight, distance in _SOURCES:
            row: Row = {
                "exchange": exchange,
                "symbol": form.format(base=contract.base, quote=contract.quote),
            }
            if priced:
                row |= {"price": money(index * (1 + Decimal(distance))), "weight": weight}
            rows.append(row)
        return {"symbol": name, "time": self._now(), "constituents": rows}
