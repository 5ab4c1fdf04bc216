"""What Binance counts about everybody's futures trading: ``/futures/data``.

Volumes and prices are those of the market's own bars. How a crowd is positioned nobody knows
here: the ratios are drawn from symbol and time, so that the same question has the same answer.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from bot.simulation.bars import Bar
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.amounts import ZERO, fixed, money
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.publicdata import PublicData
from bot.simulation.parameters import Params, integer, limit, required

__all__ = ["STATISTICS", "Statistics"]

Row = dict[str, Any]

PERIODS: Final = ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
_CONTRACTS: Final = frozenset(
    {"ALL", "PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "CURRENT_MONTH", "NEXT_MONTH"}
)
_SERVED: Final = frozenset({"ALL", "PERPETUAL"})
_MOST_ROWS: Final = 500
_SUPPLY: Final = {"BTC": "19950000", "ETH": "120700000", "BNB": "137700000"}
"""Coins in circulation, about; of others a round number."""
_OTHER_SUPPLY: Final = "1000000000"
_WAVES: Final = ((41.0, 0.04), (13.7, 0.02), (3.1, 0.008))
"""(hours of a swing, how far the long share swings)."""
_HOUR_MS: Final = 3_600_000

STATISTICS: Final = {
    "usdm": {
        "openInterestHist": "open_interest",
        "topLongShortAccountRatio": "ratio",
        "topLongShortPositionRatio": "ratio",
        "globalLongShortAccountRatio": "ratio",
        "takerlongshortRatio": "takers",
        "basis": "basis",
        "delivery-price": "deliveries",
    },
    "coinm": {
        "openInterestHist": "open_interest",
        "topLongShortAccountRatio": "ratio",
        "topLongShortPositionRatio": "ratio",
        "globalLongShortAccountRatio": "ratio",
        "takerBuySellVol": "takers",
        "basis": "basis",
        "delivery-price": "deliveries",
    },
}
"""The last part of each path, and what answers it."""


class Statistics:
    """Rows of closed bars: their ``timestamp`` is the moment at which the period ended."""

    def __init__(self, public: PublicData, *, is_inverse: bool) -> None:
        self._public = public
        self._is_inverse = is_inverse

    def answer(self, name: str, params: Params) -> list[Row]:
        """``GET /futures/data/<name>``."""
        kind = "coinm" if self._is_inverse else "usdm"
        answer: Callable[[str, Params], list[Row]] = getattr(self, "_" + STATISTICS[kind][name])
        return answer(name, params)

    def _open_interest(self, _: str, params: Params) -> list[Row]:
        listing = self._listing(params)
        contract = listing.contract
        held = Decimal(self._public.open_interest({"symbol": contract.symbol})["openInterest"])
        rows = []
        for bar in self._bars(listing, params):
            # What is open now is certain; before, it went up and down a little.
            share = Decimal(f"{1 + (_wave(contract.pair, bar.end_ms) - 0.5):.6f}")
            amount = held * share
            value = contract.value(amount, decimal(bar.close))
            row = self._subject(listing)
            if self._is_inverse:
                row |= {"contractType": params.get("contractType", "ALL")}
                row |= {"sumOpenInterest": fixed(amount, 0), "sumOpenInterestValue": money(value)}
            else:
                supply = _SUPPLY.get(contract.base, _OTHER_SUPPLY)
                row |= {"sumOpenInterest": money(amount), "sumOpenInterestValue": money(value)}
                row |= {"CMCCirculatingSupply": money(Decimal(supply))}
            rows.append(row | {"timestamp": bar.end_ms})
        return rows

    def _ratio(self, name: str, params: Params) -> list[Row]:
        listing = self._listing(params, of_contract=False)
        of_positions = self._is_inverse and name == "topLongShortPositionRatio"
        longs, shorts = (
            ("longPosition", "shortPosition") if of_positions else ("longAccount", "shortAccount")
        )
        rows = []
        for bar in self._bars(listing, params):
            share = Decimal(f"{_wave(f'{name}/{listing.contract.pair}', bar.end_ms):.4f}")
            rows.append(
                self._subject(listing)
                | {
                    "longShortRatio": fixed(share / (1 - share), 4),
                    longs: str(share),
                    shorts: str(1 - share),
                    "timestamp": bar.end_ms,
                }
            )
        return rows

    def _takers(self, _: str, params: Params) -> list[Row]:
        listing = self._listing(params)
        rows = []
        for bar in self._bars(listing, params):
            bought, sold = decimal(bar.taker_base), decimal(bar.base - bar.taker_base)
            if self._is_inverse:
                spent, got = decimal(bar.taker_quote), decimal(bar.quote - bar.taker_quote)
                row = self._subject(listing)
                row |= {"contractType": params.get("contractType", "ALL")}
                row |= {"takerBuyVol": fixed(bought, 0), "takerSellVol": fixed(sold, 0)}
                row |= {"takerBuyVolValue": fixed(spent, 4), "takerSellVolValue": fixed(got, 4)}
            else:
                ratio = bought / sold if sold else ZERO
                row = {
                    "buySellRatio": fixed(ratio, 4),
                    "buyVol": fixed(bought, 4),
                    "sellVol": fixed(sold, 4),
                }
            rows.append(row | {"timestamp": bar.end_ms})
        return rows

    def _basis(self, _: str, params: Params) -> list[Row]:
        listing = self._public.of_pair(params)
        kind = _contract_type(params)
        if kind not in _SERVED:
            return []
        index = {bar.end_ms: bar for bar in self._public.index_bars(listing, _period(params))}
        rows = []
        for bar in self._bars(listing, params):
            if bar.end_ms not in index:
                continue
            worth, price = decimal(index[bar.end_ms].close), decimal(bar.close)
            rows.append(
                {
                    "indexPrice": money(worth),
                    "contractType": kind,
                    "basisRate": fixed((price - worth) / worth, 4),
                    "futuresPrice": listing.contract.price_text(bar.close),
                    # A perpetual has no day on which the difference would be gone.
                    "annualizedBasisRate": "",
                    "basis": money(price - worth),
                    "pair": listing.contract.pair,
                    "timestamp": bar.end_ms,
                }
            )
        return rows

    def _deliveries(self, _: str, params: Params) -> list[Row]:
        """Perpetuals are never delivered."""
        self._public.of_pair(params)
        return []

    # --- inside ------------------------------------------------------------------------------

    def _listing(self, params: Params, *, of_contract: bool = True) -> FuturesListing:
        """COIN-M counts by pair, and some of it by kind of contract."""
        if not self._is_inverse:
            return self._public.listing(params)
        if of_contract:
            _contract_type(params)
        return self._public.of_pair(params)

    def _subject(self, listing: FuturesListing) -> Row:
        if self._is_inverse:
            return {"pair": listing.contract.pair}
        return {"symbol": listing.contract.symbol}

    def _bars(self, listing: FuturesListing, params: Params) -> Sequence[Bar]:
        """The closed bars that are asked for, oldest first."""
        start, end = integer(params, "startTime"), integer(params, "endTime")
        most = limit(params, default=30, maximum=_MOST_ROWS)
        if self._is_inverse and params.get("contractType", "ALL") not in _SERVED:
            return []
        bars = [first for first, _ in pairwise(self._public.bars(listing, _period(params)))]
        chosen = [
            bar
            for bar in bars
            if (start is None or bar.end_ms >= start) and (end is None or bar.end_ms <= end)
        ]
        return chosen[-most:] if start is None or end is not None else chosen[:most]


def _period(params: Params) -> str:
    period = required(params, "period")
    if period not in PERIODS:
        raise ApiError.invalid("period")
    return period


def _contract_type(params: Params) -> str:
    kind = required(params, "contractType")
    if kind not in _CONTRACTS:
        raise ApiError.invalid("contractType")
    return kind


def _wave(name: str, time_ms: int) -> float:
    """A share around a half that moves slowly, in a way of its own for each name."""
    phase = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) / 2**32
    hours = time_ms / _HOUR_MS
    return 0.5 + sum(
        size * math.sin(2 * math.pi * (hours / length + phase * number))
        for number, (length, size) in enumerate(_WAVES, 1)
    )
