"""Rows of the public tickers of futures."""

from typing import Any, Final

from bot.simulation.fixedpoint import decimal, text
from bot.simulation.futures.amounts import money
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.marks import Mark
from bot.simulation.publicdata import quote

__all__ = ["book_ticker", "day_ticker", "premium", "price_ticker"]

_DAY_MS: Final = 86_400_000


def day_ticker(listing: FuturesListing, now: int) -> dict[str, Any]:
    """The last 24 hours."""
    contract = listing.contract
    opened, high, low = listing.day.prices(now) or (0, 0, 0)
    first_id, last_id = listing.day.ids()
    change = listing.last_price_e8 - opened if opened else 0
    price = contract.price_text
    body: dict[str, Any] = {"symbol": contract.symbol}
    if contract.is_inverse:
        body["pair"] = contract.pair
    body |= {
        "priceChange": price(change),
        "priceChangePercent": f"{change / opened * 100 if opened else 0:.3f}",
        "weightedAvgPrice": price(listing.weighted_e8),
        "lastPrice": price(listing.last_price_e8),
        "lastQty": contract.quantity_text(listing.last.quantity_e8 if listing.last else 0),
        "openPrice": price(opened),
        "highPrice": price(high),
        "lowPrice": price(low),
        "volume": contract.quantity_text(listing.day.base),
        "baseVolume" if contract.is_inverse else "quoteVolume": text(listing.day.quote),
        "openTime": now - _DAY_MS,
        "closeTime": now,
        "firstId": first_id,
        "lastId": last_id,
        "count": listing.day.count,
    }
    return body


def premium(mark: Mark) -> dict[str, Any]:
    """Mark price, index and funding rate."""
    listing = mark.listing
    body: dict[str, Any] = {"symbol": listing.rules.symbol}
    if listing.contract.is_inverse:
        body["pair"] = listing.contract.pair
    settled = mark.fundings and not mark.is_recorded
    last = mark.fundings[-1].rate if settled else decimal(mark.rate_e8)
    return {
        **body,
        "markPrice": text(mark.mark_e8),
        "indexPrice": text(mark.index_e8),
        "estimatedSettlePrice": text(mark.settle_e8),
        "lastFundingRate": money(last),
        "interestRate": "0.00010000",
        "nextFundingTime": mark.next_funding_ms,
        "time": mark.time_ms,
    }


def price_ticker(listing: FuturesListing, now: int) -> dict[str, Any]:
    """The last price."""
    contract = listing.contract
    body: dict[str, Any] = {"symbol": contract.symbol}
    if contract.is_inverse:
        body["ps"] = contract.pair
    time_ms = listing.last.time_ms if listing.last else now
    return {**body, "price": contract.price_text(listing.last_price_e8), "time": time_ms}


def book_ticker(listing: FuturesListing, now: int) -> dict[str, Any]:
    """The best prices."""
    contract = listing.contract
    bid, bid_quantity, ask, ask_quantity = quote(listing)
    body: dict[str, Any] = {"symbol": contract.symbol}
    if contract.is_inverse:
        body["pair"] = contract.pair
    body["lastUpdateId"] = listing.quoted_id or listing.ids.update
    return {
        **body,
        "bidPrice": contract.price_text(bid),
        "bidQty": contract.quantity_text(bid_quantity),
        "askPrice": contract.price_text(ask),
        "askQty": contract.quantity_text(ask_quantity),
        "time": now,
    }
