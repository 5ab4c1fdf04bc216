"""A book that says it is in step is the exchange's book, whatever is lost, cut or late.

A small exchange changes one level at a time. Two connections cut the changes into diffs of their
own; diffs are lost, repeated and delivered by either connection; snapshots are taken and come
later. The seed decides everything.
"""

import random
from collections import deque

import pytest

from bot.domain.book import Step
from bot.domain.market import DepthUpdate
from bot.domain.synced_book import SyncedBook

STEPS = 400


class Exchange:
    """The truth after each update id. Futures skip ids, which belong to other symbols."""

    def __init__(self, draw: random.Random, *, futures: bool) -> None:
        self._draw = draw
        self.futures = futures
        self.ids = [100]
        self.changes: dict[int, tuple[int, float, float]] = {}
        self.states: dict[int, tuple[dict[float, float], dict[float, float]]] = {
            100: ({90.0: 1.0}, {110.0: 1.0})
        }

    def change(self) -> None:
        number = self.ids[-1] + (self._draw.randrange(1, 4) if self.futures else 1)
        side = self._draw.randrange(2)
        price = float((80, 101)[side] + self._draw.randrange(20))
        size = self._draw.choice((0.0, 1.0, 2.0, 3.0))
        state = tuple(dict(levels) for levels in self.states[self.ids[-1]])
        if size:
            state[side][price] = size
        else:
            state[side].pop(price, None)
        self.ids.append(number)
        self.changes[number] = (side, price, size)
        self.states[number] = state


class Connection:
    """Cuts what has happened since its last diff into the next one."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._at = len(exchange.ids)

    def diff(self) -> DepthUpdate | None:
        ids = self._exchange.ids[self._at :]
        if not ids:
            return None
        sides: tuple[dict[float, float], dict[float, float]] = ({}, {})
        for number in ids:
            side, price, size = self._exchange.changes[number]
            sides[side][price] = size
        previous = self._exchange.ids[self._at - 1] if self._exchange.futures else -1
        self._at = len(self._exchange.ids)
        bids, asks = (tuple(levels.items()) for levels in sides)
        return DepthUpdate("X", ids[0], ids[-1], previous, bids, asks, 0, 0)


def _checked(book: SyncedBook, exchange: Exchange) -> bool:
    if not book.in_step:
        return False
    bids, asks = exchange.states[book.book.update_id]
    assert dict(book.book.bids(99)) == bids
    assert dict(book.book.asks(99)) == asks
    assert book.book.bids(99) == sorted(bids.items(), reverse=True)
    return True


@pytest.mark.parametrize("futures", [False, True], ids=["spot", "futures"])
@pytest.mark.parametrize("seed", range(60))
def test_a_book_in_step_is_the_truth(seed, futures):
    draw = random.Random(seed)
    exchange = Exchange(draw, futures=futures)
    connections = [Connection(exchange), Connection(exchange)]
    book = SyncedBook("X", may_overlap=True)
    snapshots: deque[tuple[int, int]] = deque()
    chosen, readable, losses = 0, 0, 0
    for step in range(STEPS):
        for _ in range(draw.randrange(4)):
            exchange.change()
        if draw.random() < 0.05:
            chosen = 1 - chosen
        for number, connection in enumerate(connections):
            diff = connection.diff() if draw.random() < 0.7 else None
            heard = number == chosen or draw.random() < 0.1
            lost = draw.random() < 0.02
            losses += lost
            if diff is None or not heard or lost:
                continue
            for _ in range(1 + (draw.random() < 0.05)):
                assert book.update(diff) is not Step.CROSSED
                readable += _checked(book, exchange)
        if draw.random() < 0.01:
            book.renew()
        if (not book.in_step or book.renewing) and not snapshots:
            snapshots.append((step + draw.randrange(12), exchange.ids[-1]))
        while snapshots and snapshots[0][0] <= step:
            _, taken = snapshots.popleft()
            bids, asks = exchange.states[taken]
            book.snapshot(taken, bids.items(), asks.items())
            _checked(book, exchange)
    assert losses
    assert readable > STEPS / 10, "it was hardly ever in step"
