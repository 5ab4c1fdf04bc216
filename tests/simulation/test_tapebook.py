"""The book of a tape, from partial books and quotes."""

import json
from decimal import Decimal

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import BookChanged
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.tape import TapeMarket

D = Decimal
START_MS = 1_700_000_000_000
RECORDED_MS = 1_600_000_000_000


def frame(at_ms, stream, **data):
    return (RECORDED_MS + at_ms) * 1_000_000, stream, json.dumps(data).encode()


def trade(at_ms, price, quantity, *, trade_id=1):
    at = RECORDED_MS + at_ms
    return frame(at_ms, "btcusdt@trade", t=trade_id, p=price, q=quantity, T=at, m=True)


def quote(at_ms, bid, bid_quantity, ask, ask_quantity, update_id):
    levels = {"b": bid, "B": bid_quantity, "a": ask, "A": ask_quantity}
    return frame(at_ms, "btcusdt@bookTicker", u=update_id, **levels)


class Player:
    def __init__(self, *frames):
        market = TapeMarket(frames)
        self.exchange = SimulatedExchange(
            symbols=market.rules(),
            accounts=[AccountSpec("alice")],
            market=market,
            start_ms=START_MS,
        )

    def at(self, ms):
        self.exchange.advance(START_MS + ms)
        return self.exchange.take()

    def place(self, at_ms, **params):
        params |= {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        return self.exchange.place_order("alice", params, START_MS + at_ms)

    def order(self):
        return self.exchange.state()["orders"][0]


def partial(at_ms, update_id, bids, asks):
    return frame(
        at_ms, "btcusdt@depth20@100ms", lastUpdateId=update_id, bids=list(bids), asks=list(asks)
    )


def test_partial_books_are_the_book_and_their_changes_are_told_once():
    player = Player(
        partial(0, 10, [["100.00", "1"], ["99.00", "2"]], [["101.00", "1"]]),
        partial(100, 12, [["99.00", "2"], ["98.00", "3"]], [["101.00", "4"]]),
        partial(200, 11, [["1.00", "1"]], [["2.00", "1"]]),
    )
    first, second = (e for e in player.at(300) if isinstance(e, BookChanged))
    assert first.bids == ((D(100), D(1)), (D(99), D(2)))
    assert second.bids == ((D(100), D(0)), (D(98), D(3)))
    assert second.asks == ((D(101), D(4)),)
    assert (first.last_update_id, second.last_update_id) == (10, 12)
    assert player.exchange.top("BTCUSDT", 5)[0] == [
        ["99.00000000", "2.00000000"],
        ["98.00000000", "3.00000000"],
    ]


def test_a_partial_book_keeps_clients_behind_what_was_there_before_them():
    levels = ([["100.00", "1"]], [["101.00", "1"]])
    player = Player(
        partial(0, 10, *levels),
        partial(200, 12, *levels),
        trade(300, "100.00", "1"),
        trade(400, "100.00", "1", trade_id=2),
    )
    player.at(1)
    player.place(100, price="100", quantity="1")
    player.at(350)
    assert player.order()["status"] == "NEW"
    player.at(450)
    assert player.order()["status"] == "FILLED"


def test_a_book_of_quotes_alone_is_told_with_its_removals():
    player = Player(quote(0, "100", "1", "101", "2", 5), quote(50, "100.5", "1", "101", "2", 6))
    player.at(10)
    (change,) = (e for e in player.at(60) if isinstance(e, BookChanged))
    assert change.bids == ((D("100.5"), D(1)), (D(100), D(0)))
    assert change.asks == ()
