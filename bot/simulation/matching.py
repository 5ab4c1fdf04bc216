"""How a taker walks the book: trades, and matches with one's own that must not become trades."""

from typing import TYPE_CHECKING

from bot.simulation.book import Resting
from bot.simulation.listing import Listing
from bot.simulation.orders import Order
from bot.simulation.prevention import PreventedMatch, prevents, shares

if TYPE_CHECKING:
    from bot.simulation.floor import Floor

__all__ = ["match"]


def match(
    floor: "Floor",
    listing: Listing,
    *,
    is_buy: bool,
    limit_e8: int | None,
    quantity_e8: int,
    taker: Order | None,
    taker_id: int,
    now_ms: int,
    bounds: tuple[int, int] | None = None,
) -> int:
    """Let a taker walk the book, within the bounds of price; how much it got."""
    book = listing.book
    left = quantity_e8
    done = 0
    while left:
        maker = book.first(is_buy=is_buy, limit_e8=limit_e8)
        if maker is None or (bounds and not bounds[0] <= maker.price_e8 <= bounds[1]):
            break
        if taker is not None and maker.client is not None and prevents(taker, maker.client):
            _prevent(floor, listing, taker, maker, now_ms)
            left = taker.remaining_e8
            continue
        part = min(left, maker.remaining_e8)
        left -= part
        done += part
        book.reduce(maker, part)
        _trade(floor, listing, maker, part, taker, taker_id, now_ms)
    return done


def _trade(
    floor: "Floor",
    listing: Listing,
    maker: Resting,
    quantity_e8: int,
    taker: Order | None,
    taker_id: int,
    now_ms: int,
) -> None:
    trade_id = floor.publish(listing, maker, quantity_e8, taker_id, now_ms)
    for order, is_maker in ((taker, False), (maker.client, True)):
        listing.ids.execution += 1
        if order is not None:
            floor.fill(
                listing,
                order,
                price_e8=maker.price_e8,
                quantity_e8=quantity_e8,
                trade_id=trade_id,
                now_ms=now_ms,
                is_maker=is_maker,
            )


def _prevent(floor: "Floor", listing: Listing, taker: Order, maker: Resting, now_ms: int) -> None:
    mine = maker.client
    if mine is None:
        return
    taker_e8, maker_e8 = shares(
        taker.stp_mode, taker.remaining_e8, mine.remaining_e8, maker.remaining_e8
    )
    listing.ids.prevented += 1
    prevented = PreventedMatch(
        symbol=taker.symbol,
        match_id=listing.ids.prevented,
        taker_order_id=taker.order_id,
        maker_order_id=mine.order_id,
        stp_mode=taker.stp_mode,
        price_e8=maker.price_e8,
        taker_e8=taker_e8,
        maker_e8=maker_e8,
        time_ms=now_ms,
    )
    floor.ledger.accounts[taker.account].prevented.setdefault(taker.symbol, []).append(prevented)
    floor.log.prevented(taker.account, prevented)
    if maker_e8:
        floor.prevent(listing, mine, maker_e8, prevented, now_ms)
    if taker_e8:
        floor.prevent(listing, taker, taker_e8, prevented, now_ms)
