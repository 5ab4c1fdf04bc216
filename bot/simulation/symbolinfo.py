"""What exchangeInfo is asked for: which symbols, and how much of each.

Source: Binance spot documentation, "Exchange information".
"""

import json
from typing import Any, Final

from bot.simulation.errors import BAD_COMBINATION, ApiError
from bot.simulation.listing import Listing
from bot.simulation.parameters import Params, check_known, optional
from bot.simulation.publicdata import PublicData

__all__ = ["info_listings", "info_row"]

_SELECTORS: Final = ("symbol", "symbols", "permissions")
_KNOWN: Final = frozenset({*_SELECTORS, "symbolStatus", "showPermissionSets"})
_PERMISSIONS: Final = frozenset({"SPOT", "MARGIN", "LEVERAGED"})


def info_listings(public: PublicData, params: Params) -> list[Listing]:
    """The listings that are asked for: by name, by permission, by status, or all.

    Raises:
        ApiError: -1128 for selections that exclude each other, or what is wrong with one.
    """
    check_known(params, _KNOWN)
    chosen = [name for name in _SELECTORS if name in params]
    if len(chosen) > 1 or (params.keys() & {"symbol", "symbols"} and "symbolStatus" in params):
        msg = "Combination of optional parameters invalid."
        raise ApiError.bad_request(BAD_COMBINATION, msg)
    if "symbol" in params:
        return [public.listing(params)]
    permissions = optional(params, "permissions")
    if permissions is not None and "SPOT" not in _permissions(permissions):
        return []
    return public.chosen(params)


def info_row(params: Params, listing: Listing) -> dict[str, Any]:
    """The entry of ``symbols``, as it is now."""
    row = {**listing.rules.exchange_info(), "status": listing.status}
    if params.get("showPermissionSets", "").lower() == "false":
        del row["permissionSets"]
    return row


def _permissions(text: str) -> list[str]:
    """One name, or a JSON list of them."""
    try:
        names = json.loads(text) if text.startswith("[") else [text]
    except ValueError:
        names = [None]
    if not all(isinstance(name, str) for name in names):
        raise ApiError.invalid("permissions")
    if not all(name in _PERMISSIONS or name.startswith("TRD_GRP_") for name in names):
        raise ApiError.invalid("permissions")
    return names
