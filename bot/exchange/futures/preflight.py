"""Whether a futures account is set up as the run expects; said before anything is traded.

Source: Binance USDⓈ-M documentation, "Get Current Position Mode", "Change Initial Leverage",
"Change Margin Type".
"""

from collections.abc import Sequence

import msgspec

from bot.domain.amendments import SymbolNotConfigured
from bot.domain.commands import ConfigureSymbol
from bot.domain.errors import VenueError, VenueSetupError
from bot.domain.values import Market
from bot.exchange.futures.venue import FuturesVenue
from bot.exchange.session import Session

__all__ = ["AccountWishes", "check_account"]


class AccountWishes(msgspec.Struct, frozen=True, kw_only=True):
    """How the account is to be."""

    hedge_mode: bool = False
    """LONG and SHORT positions of a contract apart; one setting of the account for all markets,
    so it is looked at and never changed here."""
    leverage: int = 0
    """Of every contract that is traded; 0 leaves it as it is."""
    margin_type: str = ""
    """ISOLATED, CROSSED, or '' to leave it as it is."""


async def check_account(
    session: Session,
    venue: FuturesVenue,
    market: Market,
    symbols: Sequence[str],
    wishes: AccountWishes,
) -> None:
    """Look at the position mode; set leverage and margin type where they are wished.

    Raises:
        VenueSetupError: one line that says what does not fit and what to do.
    """
    try:
        mode = await session.futures(market, "get", "positionSide/dual", {})
        is_hedged = bool(mode["dualSidePosition"])
    except (VenueError, KeyError, TypeError) as failure:
        raise VenueSetupError(
            f"the position mode of the {market} account cannot be had: {failure}; "
            "may the API key use futures?"
        ) from None
    if is_hedged != wishes.hedge_mode:
        here, there = ("hedge", "one-way") if is_hedged else ("one-way", "hedge")
        value = "true" if is_hedged else "false"
        raise VenueSetupError(
            f"the {market} account is in {here} mode and the settings say {there}: set "
            f"BOT_FUTURES__HEDGE_MODE={value}, or change the account's position mode"
        )
    if not wishes.leverage and not wishes.margin_type:
        return
    for symbol in symbols:
        wish = ConfigureSymbol(
            symbol=symbol, leverage=wishes.leverage or None, margin_type=wishes.margin_type
        )
        for answer in await venue.configure(wish):
            if isinstance(answer, SymbolNotConfigured):
                raise VenueSetupError(
                    f"leverage and margin type of {symbol} cannot be set: {answer.reason}; "
                    "see BOT_FUTURES__LEVERAGE and BOT_FUTURES__MARGIN_TYPE"
                )
