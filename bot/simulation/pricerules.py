"""What the public may ask about execution rules and reference prices."""

from collections.abc import Callable
from typing import Any

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import text
from bot.simulation.listing import Listing
from bot.simulation.parameters import Params, check_known, optional
from bot.simulation.pricerange import reference_price
from bot.simulation.publicdata import PublicData

__all__ = ["PriceRules"]


class PriceRules:
    """``now`` is the time of market data."""

    def __init__(self, public: PublicData, now: Callable[[], int]) -> None:
        self._public = public
        self._now = now

    def execution_rules(self, params: Params) -> dict[str, Any]:
        """``GET /api/v3/executionRules``: the symbols that have any."""
        check_known(params, frozenset({"symbol", "symbols", "symbolStatus"}))
        one = optional(params, "symbol") is not None
        listings = [self._public.listing(params)] if one else self._public.chosen(params)
        return {
            "symbolRules": [
                {"symbol": x.rules.symbol, "rules": [dict(x.rules.execution_rule)]}
                for x in listings
                if x.rules.execution_rule is not None
            ]
        }

    def reference_price(self, params: Params) -> dict[str, Any]:
        """``GET /api/v3/referencePrice``; -2043 for a symbol that never has one."""
        listing = self._referred(params)
        reference = reference_price(listing)
        return {
            "symbol": listing.rules.symbol,
            "referencePrice": text(reference) if reference else None,
            "timestamp": self._now(),
        }

    def calculation(self, params: Params) -> dict[str, Any]:
        """``GET /api/v3/referencePrice/calculation``."""
        listing = self._referred(params)
        return {
            "symbol": listing.rules.symbol,
            "calculationType": "ARITHMETIC_MEAN",
            "bucketCount": listing.rules.reference_seconds,
            "bucketWidthMs": 1000,
        }

    def _referred(self, params: Params) -> Listing:
        check_known(params, frozenset({"symbol", "symbolStatus"}))
        listing = self._public.listing(params)
        if not listing.rules.reference_seconds:
            msg = "This symbol doesn't have a reference price."
            raise ApiError.bad_request(-2043, msg)
        return listing
