"""An order goes to work: what it must hold, and what becomes of it at the book."""

from typing import TYPE_CHECKING

from bot.simulation.book import Resting
from bot.simulation.fixedpoint import notional
from bot.simulation.listing import Listing
from bot.simulation.matching import match
from bot.simulation.orders import Order, is_priceless
from bot.simulation.pegs import pegged_price
from bot.simulation.prevention import skipped_party
from bot.simulation.pricerange import price_bounds
from bot.simulation.routing import route

if TYPE_CHECKING:
    from bot.simulation.floor import Floor

__all__ = ["enter", "execute", "funds_needed", "rest"]


def funds_needed(floor: "Floor", listing: Listing, order: Order) -> tuple[str, int]:
    """(asset, amount) that the order must hold.

    An order without price that waits is estimated at its stop price or the last price; when it
    goes to work it is reckoned again, from the book.
    """
    quantity = order.remaining_e8
    if not order.is_buy:
        return listing.rules.base, quantity
    quote = listing.rules.quote
    if order.limit_e8:
        return quote, notional(order.limit_e8, quantity)
    if order.is_working:
        skipped = skipped_party(order.party, order.stp_mode)
        if order.used_sor:
            return quote, floor.router.cost(
                listing, is_buy=True, quantity_e8=quantity, without=skipped
            )
        return quote, listing.book.cost(is_buy=True, quantity_e8=quantity, without=skipped)[1]
    return quote, notional(max(order.stop_e8, listing.last_price_e8), quantity)


def enter(
    floor: "Floor", listing: Listing, order: Order, now_ms: int, *, keeps_excess: bool = False
) -> None:
    """An order that waited for a price, or for another order, goes to work or is rejected.

    ``keeps_excess``: what it holds is also for another order.
    """
    order.is_pending = False
    order.working_ms = now_ms
    order.update_ms = now_ms
    if order.peg_type:
        order.pegged_e8 = pegged_price(
            listing, order.peg_type, order.peg_offset, is_buy=order.is_buy
        )
    maker_only = order.order_type == "LIMIT_MAKER"
    if maker_only and listing.book.crosses(order.is_buy, order.limit_e8):
        floor.reject(listing, order, "WOULD_MATCH_IMMEDIATELY", now_ms)
        return
    asset, needed = funds_needed(floor, listing, order)
    account = floor.ledger.accounts[order.account]
    if needed > order.locked_e8 and not account.lock(asset, needed - order.locked_e8):
        floor.reject(listing, order, "INSUFFICIENT_BALANCES", now_ms)
        return
    if needed < order.locked_e8 and not keeps_excess:
        account.unlock(asset, order.locked_e8 - needed)
        order.locked_e8 = needed
    order.locked_e8 = max(order.locked_e8, needed)
    floor.report_new(listing, order, now_ms)
    execute(floor, listing, order, now_ms)


def execute(
    floor: "Floor", listing: Listing, order: Order, now_ms: int, *, had_it: bool = True
) -> None:
    """Match, then rest or expire what is left.

    ``had_it``: whether the book held all that a quote amount asked for.
    """
    limit = None if is_priceless(order.order_type) else order.limit_e8
    if limit is not None and order.time_in_force == "FOK":
        without = None if order.stp_mode == "NONE" else order.party
        wanted = order.remaining_e8
        offered = floor.router.available if order.used_sor else _in_its_book
        if wanted > offered(
            listing, is_buy=order.is_buy, limit_e8=limit, quantity_e8=wanted, without=without
        ):
            floor.expire(listing, order, "UNFILLED_FOK_ORDER_EXPIRED", now_ms)
            return
    bounds = price_bounds(listing, is_buy=order.is_buy)
    _walk(floor, listing, order, limit, bounds, now_ms)
    if order.closed_as:
        return
    met = listing.book.first(is_buy=order.is_buy, limit_e8=limit)
    if order.is_open and bounds is not None and met is not None:
        floor.expire(listing, order, "EXECUTION_RULE_PRICE_RANGE_EXCEEDED", now_ms)
        return
    if limit is None:
        if order.is_open or not had_it:
            floor.expire(listing, order, "INSUFFICIENT_LIQUIDITY", now_ms)
    elif order.is_open and order.time_in_force == "IOC":
        floor.expire(listing, order, "UNFILLED_IOC_QUANTITY_EXPIRED", now_ms)
    elif order.is_open:
        rest(listing, order)


def _walk(
    floor: "Floor",
    listing: Listing,
    order: Order,
    limit_e8: int | None,
    bounds: tuple[int, int] | None,
    now_ms: int,
) -> None:
    """Through its own book, or with the router through all that are as good."""
    if order.used_sor and len(floor.router.books(listing)) > 1:
        route(floor, listing, order, limit_e8=limit_e8, now_ms=now_ms, bounds=bounds)
        return
    match(
        floor,
        listing,
        is_buy=order.is_buy,
        limit_e8=limit_e8,
        quantity_e8=order.remaining_e8,
        taker=order,
        taker_id=order.order_id,
        now_ms=now_ms,
        bounds=bounds,
    )


def _in_its_book(
    listing: Listing, *, is_buy: bool, limit_e8: int, quantity_e8: int, without: str | None
) -> int:
    return listing.book.available(
        is_buy=is_buy, limit_e8=limit_e8, quantity_e8=quantity_e8, without=without
    )


def rest(listing: Listing, order: Order, *, visible_e8: int = 0) -> None:
    """Put what is left of the order into the book.

    ``visible_e8``: how much of an iceberg's part is left to be seen; 0: a whole part.
    """
    order.resting = Resting(
        order.order_id,
        order.limit_e8,
        order.remaining_e8,
        is_buy=order.is_buy,
        client=order,
        shown_e8=order.iceberg_e8,
    )
    if visible_e8:
        order.resting.show(visible_e8)
    listing.book.add(order.resting)
