"""A futures exchange and its contracts, as far as streams print them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from bot.simulation.futures.exchange import FuturesExchange

__all__ = ["COIN_MARGINED", "Board", "Contract"]

COIN_MARGINED: Final = 2
_UNIVERSES: Final = {"usdm": 1, "coinm": COIN_MARGINED}


class Contract(msgspec.Struct, frozen=True):
    symbol: str
    pair: str
    kind: str
    """``PERPETUAL`` and its like."""
    universe: int
    """``st`` of payloads: 1 is USDⓈ-M, 2 is COIN-M."""
    price_places: int
    quantity_places: int

    def price(self, value: Decimal) -> str:
        """As Binance prints the contract's prices."""
        return format(value, f".{self.price_places}f")

    def quantity(self, value: Decimal) -> str:
        """As Binance prints the contract's quantities."""
        return format(value, f".{self.quantity_places}f")


class Board(msgspec.Struct, frozen=True):
    """One market: its exchange and what is traded there."""

    exchange: FuturesExchange
    contracts: Mapping[str, Contract]
    """By symbol."""

    @classmethod
    def of(cls, exchange: FuturesExchange) -> "Board":
        """The market as its exchangeInfo describes it."""
        rows = exchange.exchange_info({})["symbols"]
        universe = _UNIVERSES[exchange.kind]
        contracts = {
            row["symbol"]: Contract(
                symbol=row["symbol"],
                pair=row["pair"],
                kind=row["contractType"],
                universe=universe,
                price_places=row["pricePrecision"],
                quantity_places=row["quantityPrecision"],
            )
            for row in rows
        }
        return cls(exchange, contracts)
