"""Binance's own dead man's switch for futures orders. Spot has none.

Source: Binance USDⓈ-M documentation, "Auto-Cancel All Open Orders"; COIN-M has the same.
"""

from collections.abc import Sequence

from bot.domain.values import Market
from bot.exchange.session import Session

__all__ = ["CountdownSwitch"]


class CountdownSwitch:
    """``POST countdownCancelAll`` for each symbol: weight 10 each."""

    def __init__(self, session: Session, market: Market, symbols: Sequence[str]) -> None:
        self._session = session
        self._market = market
        self._symbols = tuple(symbols)

    async def arm(self, seconds: float) -> None:
        """All open orders of the symbols are cancelled in so long, unless this is called again.

        Raises:
            VenueError: it could not be set for a symbol.
        """
        await self._set(round(seconds * 1000))

    async def disarm(self) -> None:
        """Orders stay until somebody cancels them.

        Raises:
            VenueError: it could not be taken back for a symbol.
        """
        await self._set(0)

    async def _set(self, countdown_ms: int) -> None:
        for symbol in self._symbols:
            params = {"symbol": symbol, "countdownTime": str(countdown_ms)}
            await self._session.futures(self._market, "post", "countdownCancelAll", params)
