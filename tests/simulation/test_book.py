"""Price first, then time; and the totals are always the sums."""

from bot.simulation.book import Book, Resting


def book(*orders):
    made = Book()
    for ident, (is_buy, price, quantity) in enumerate(orders, 1):
        made.add(Resting(ident, price, quantity, is_buy=is_buy))
    return made


def taken(book, quantity, *, is_buy, limit=None):
    """What a taker gets: (order id, quantity) of each match."""
    matches = []
    while quantity and (maker := book.first(is_buy=is_buy, limit_e8=limit)):
        part = min(quantity, maker.remaining_e8)
        book.reduce(maker, part)
        quantity -= part
        matches.append((maker.order_id, part))
    return matches


def test_better_prices_then_earlier_orders_are_taken_first():
    asks = book((False, 102, 5), (False, 101, 1), (False, 101, 2))
    assert taken(asks, 4, is_buy=True) == [(2, 1), (3, 2), (1, 1)]
    assert asks.top(is_buy=False, n=9) == [(102, 4)]
    bids = book((True, 98, 1), (True, 99, 1))
    assert taken(bids, 5, is_buy=False, limit=99) == [(2, 1)]


def test_what_a_taker_would_get_is_known_before():
    asks = book((False, 10**8, 3), (False, 2 * 10**8, 3))
    assert asks.available(is_buy=True, limit_e8=10**8, quantity_e8=9) == 3
    assert asks.cost(is_buy=True, quantity_e8=5) == (5, 3 + 4)
    assert asks.cost(is_buy=True, quantity_e8=7) == (6, 9)
    assert asks.affordable(is_buy=True, quote_e8=6, step_e8=1) == (4, True)
    assert asks.affordable(is_buy=True, quote_e8=8, step_e8=2) == (4, True)
    assert asks.affordable(is_buy=True, quote_e8=100, step_e8=1) == (6, False)
    assert asks.affordable(is_buy=True, quote_e8=9, step_e8=1) == (6, True)


def test_an_order_leaves_from_the_middle_of_its_queue():
    bids = book((True, 99, 1), (True, 99, 2), (True, 99, 3))
    bids.remove(bids.queue(is_buy=True, price_e8=99)[1])
    assert [r.order_id for r in bids.queue(is_buy=True, price_e8=99)] == [1, 3]
    assert bids.quantity(is_buy=True, price_e8=99) == 4
    assert bids.crosses(is_buy=False, price_e8=99)
    assert not bids.crosses(is_buy=False, price_e8=100)


def test_an_empty_level_is_gone_and_the_change_is_remembered():
    asks = book((False, 101, 1), (False, 103, 1), (False, 102, 1))
    asks.forget_changes()
    asks.remove(asks.queue(is_buy=False, price_e8=102)[0])
    assert asks.best(is_buy=False) == 101
    assert asks.top(is_buy=False, n=2) == [(101, 1), (103, 1)]
    assert (list(asks.changed[False]), list(asks.changed[True])) == ([102], [])
    assert asks.quantity(is_buy=False, price_e8=102) == 0


def test_an_iceberg_shows_its_next_part_at_the_end_of_the_queue():
    asks = book((False, 101, 4))
    asks.add(Resting(2, 101, 5, is_buy=False, shown_e8=2))
    asks.add(Resting(3, 101, 3, is_buy=False))
    assert asks.quantity(is_buy=False, price_e8=101) == 4 + 2 + 3
    assert asks.cost(is_buy=True, quantity_e8=100)[0] == 4 + 5 + 3
    assert taken(asks, 11, is_buy=True) == [(1, 4), (2, 2), (3, 3), (2, 2)]
    assert asks.quantity(is_buy=False, price_e8=101) == 1
    asks.remove(asks.queue(is_buy=False, price_e8=101)[0])
    assert asks.top(is_buy=False, n=1) == []


def test_a_hidden_part_shrinks_first():
    asks = book()
    asks.add(Resting(1, 101, 5, is_buy=False, shown_e8=2))
    asks.shrink(asks.queue(is_buy=False, price_e8=101)[0], 2)
    assert asks.quantity(is_buy=False, price_e8=101) == 2
    assert taken(asks, 9, is_buy=True) == [(1, 2), (1, 1)]
