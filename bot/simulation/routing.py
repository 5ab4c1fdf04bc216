"""Smart order routing: books of one base asset whose quote assets are worth the same (sor_faq.md).

A routed order takes the best price of all these books and pays in the quote asset of its own
symbol. The router trades for it; what it gets are allocations and no trades of its account.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from bot.simulation.book import Resting
from bot.simulation.fixedpoint import notional
from bot.simulation.listing import Listing
from bot.simulation.matching import prevent
from bot.simulation.orders import Order
from bot.simulation.prevention import prevents

if TYPE_CHECKING:
    from bot.simulation.floor import Floor

__all__ = ["Router", "route"]

_DOLLARS: Final = frozenset({"USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "DAI", "USD"})


class Router:
    """Which books an order may be routed to."""

    def __init__(self, listings: Mapping[str, Listing]) -> None:
        groups: defaultdict[str, list[Listing]] = defaultdict(list)
        for listing in listings.values():
            if listing.rules.quote in _DOLLARS:
                groups[listing.rules.base].append(listing)
        self._groups = {base: group for base, group in groups.items() if len(group) > 1}

    def exchange_info(self) -> dict[str, Any]:
        """``sors`` of exchangeInfo; nothing where nothing can be routed."""
        if not self._groups:
            return {}
        sors = [
            {"baseAsset": base, "symbols": [one.rules.symbol for one in group]}
            for base, group in self._groups.items()
        ]
        return {"sors": sors}

    def books(self, home: Listing) -> list[Listing]:
        """The order's own listing first, then the others."""
        group = self._groups.get(home.rules.base, [])
        return [home, *(one for one in group if one is not home)] if home in group else [home]

    def cost(self, home: Listing, *, is_buy: bool, quantity_e8: int, without: str | None) -> int:
        """The quote amount of a market order of that quantity."""
        left, quote = quantity_e8, 0
        for price, total in self._offers(home, is_buy=is_buy, without=without):
            fill = min(left, total)
            quote += notional(price, fill)
            left -= fill
        return quote

    def available(
        self, home: Listing, *, is_buy: bool, limit_e8: int, quantity_e8: int, without: str | None
    ) -> int:
        """How much of it an order with that limit would get."""
        return sum(
            one.book.available(
                is_buy=is_buy, limit_e8=limit_e8, quantity_e8=quantity_e8, without=without
            )
            for one in self.books(home)
        )

    def _offers(
        self, home: Listing, *, is_buy: bool, without: str | None
    ) -> Iterable[tuple[int, int]]:
        offers = [
            offer
            for one in self.books(home)
            for offer in one.book.offers(is_buy=is_buy, without=without)
        ]
        return sorted(offers, key=lambda offer: offer[0] if is_buy else -offer[0])


def route(
    floor: "Floor",
    home: Listing,
    order: Order,
    *,
    limit_e8: int | None,
    now_ms: int,
    bounds: tuple[int, int] | None,
) -> None:
    """Let the router take for the order what is best in all its books."""
    listings = floor.router.books(home)
    takers = {home.rules.symbol: order.order_id}
    while order.is_open:
        best = _best(listings, is_buy=order.is_buy, limit_e8=limit_e8)
        if best is None:
            return
        listing, maker = best
        if bounds and not bounds[0] <= maker.price_e8 <= bounds[1]:
            return
        symbol = listing.rules.symbol
        if listing is not home:
            floor.routed[symbol] = listing
        if maker.client is not None and prevents(order, maker.client):
            prevent(floor, listing, order, maker, now_ms)
            continue
        if symbol not in takers:
            # The router's own order in that book.
            listing.ids.order += 1
            takers[symbol] = listing.ids.order
        part = min(order.remaining_e8, maker.remaining_e8)
        listing.book.reduce(maker, part)
        _allocate(floor, home, order, maker.price_e8, part, now_ms)
        _trade(floor, listing, maker, part, takers[symbol], now_ms)


def _best(
    listings: list[Listing], *, is_buy: bool, limit_e8: int | None
) -> tuple[Listing, Resting] | None:
    """Whom it meets next; at one price the own book comes first."""
    met = [
        (listing, maker)
        for listing in listings
        for maker in (listing.book.first(is_buy=is_buy, limit_e8=limit_e8),)
        if maker is not None
    ]
    price = min if is_buy else max
    return price(met, key=lambda one: one[1].price_e8) if met else None


def _allocate(
    floor: "Floor", home: Listing, order: Order, price_e8: int, quantity_e8: int, now_ms: int
) -> None:
    home.ids.execution += 1
    home.ids.allocation += 1
    floor.fill(
        home,
        order,
        price_e8=price_e8,
        quantity_e8=quantity_e8,
        trade_id=-1,
        now_ms=now_ms,
        is_maker=False,
        allocation_id=home.ids.allocation,
    )


def _trade(
    floor: "Floor",
    listing: Listing,
    maker: Resting,
    quantity_e8: int,
    taker_id: int,
    now_ms: int,
) -> None:
    trade_id = floor.publish(listing, maker, quantity_e8, taker_id, now_ms)
    listing.ids.execution += 1
    if maker.client is not None:
        floor.fill(
            listing,
            maker.client,
            price_e8=maker.price_e8,
            quantity_e8=quantity_e8,
            trade_id=trade_id,
            now_ms=now_ms,
            is_maker=True,
        )
