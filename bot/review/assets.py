"""The two assets of a symbol, as far as its name and its commissions tell them."""

from collections.abc import Collection
from typing import Final

__all__ = ["base_of", "quote_of"]

_QUOTES: Final = (
    *("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "BIDR", "IDRT", "BVND", "USD1"),
    *("DAI", "PAX", "UAH", "NGN", "ZAR", "PLN", "RON", "ARS", "CZK", "MXN", "COP", "JPY"),
    *("EUR", "GBP", "AUD", "TRY", "BRL", "RUB", "USD", "BTC", "ETH", "BNB", "TRX", "XRP", "DOGE"),
    "SOL",
)
"""Quote assets of Binance's symbols; where one ends another, the longer stands first."""


def quote_of(symbol: str, commission_assets: Collection[str] = ()) -> str:
    """The asset that prices, PnL and fees of the symbol are in; '' if the name does not tell.

    An asset that a commission was taken in and that ends the name is certain.
    """
    name = symbol.partition("_")[0]
    for quote in (*sorted(commission_assets, key=len, reverse=True), *_QUOTES):
        if name.endswith(quote) and name != quote:
            return quote
    return ""


def base_of(symbol: str, commission_assets: Collection[str] = ()) -> str:
    """The asset that quantities of the symbol are in; '' if the name does not tell."""
    quote = quote_of(symbol, commission_assets)
    return symbol.partition("_")[0].removesuffix(quote) if quote else ""
