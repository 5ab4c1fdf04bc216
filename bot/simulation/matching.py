"""How a taker walks the book: trades, and matches with one's own that must not become trades."""

from typing import TYPE_CHECKING

from bot.simulation.book import Resting
from bot.simulation.listing import Listing
from bot.simulation.orders import Order
from bot.simulation.prevention import PreventedMatch, effective_mode, prevents, shares

if TYPE_CHECKING:
    from bot.simulation.floor import Floor

__all__ = ["match", "prevent"]


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
            prevent(floor, listing, taker, maker, now_ms)
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


def prevent(floor: "Floor", listing: Listing, taker: Order, maker: Resting, now_ms: int) -> None:
    """Note the match with one's own, and take from both orders what their mode takes.

    ``listing`` is where the maker rests: of a routed taker it need not be its own.
    """
    mine = maker.client
    if mine is None:
        return
    mode = effective_mode(taker, mine)
    taker_e8, maker_e8 = shares(mode, taker.remaining_e8, mine.remaining_e8, maker.remaining_e8)
    home = floor.listings[taker.symbol]
    home.ids.prevented += 1
    prevented = PreventedMatch(
        symbol=taker.symbol,
        match_id=home.ids.prevented,
        taker_order_id=taker.order_id,
        maker_order_id=mine.order_id,
        stp_mode=mode,
        price_e8=maker.price_e8,
        taker_e8=taker_e8,
        maker_e8=maker_e8,
        time_ms=now_ms,
        maker_symbol="" if mine.symbol == taker.symbol else mine.symbol,
        trade_group=taker.trade_group,
    )
    for account in dict.fromkeys((taker.account, mine.account)):
        known = floor.ledger.accounts[account].prevented
        known.setdefault(taker.symbol, []).append(prevented)
        floor.log.prevented(account, prevented)
    if mode == "TRANSFER" and mine.account != taker.account:
        floor.transfer(listing, taker, mine, taker_e8, maker.price_e8, now_ms)
    if maker_e8:
        floor.prevent(listing, mine, maker_e8, prevented, now_ms)
    if taker_e8:
        floor.prevent(home, taker, taker_e8, prevented, now_ms)
