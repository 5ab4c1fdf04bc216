"""A tape plays as recorded; clients trade against its book and do not disturb it."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import DataError
from bot.simulation.account import AccountSpec
from bot.simulation.emissions import AggTradeMade, BookChanged, RawFrame, TradeMade, UserEvent
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.tape import TapeMarket

D = Decimal
START_MS = 1_700_000_000_000
RECORDED_NS = 1_600_000_000_000 * 1_000_000
CAPTURE = Path(__file__).parents[3] / "shared/data/ws/captures/hftbacktest/spot_btcusdt_20240808.gz"


def frame(at_ms, stream, **data):
    return RECORDED_NS + at_ms * 1_000_000, stream, json.dumps(data).encode()


def snapshot(at_ms, bids, asks, update_id=100):
    return frame(
        at_ms,
        "/api/v3/depth?symbol=BTCUSDT&limit=1000",
        lastUpdateId=update_id,
        bids=bids,
        asks=asks,
    )


def diff(at_ms, first, last, bids=(), asks=()):
    return frame(
        at_ms,
        "btcusdt@depth@100ms",
        e="depthUpdate",
        E=1_600_000_000_000 + at_ms,
        s="BTCUSDT",
        U=first,
        u=last,
        b=bids,
        a=asks,
    )


def trade(at_ms, price, quantity, *, buyer_is_maker, trade_id=1):
    return frame(
        at_ms,
        "btcusdt@trade",
        e="trade",
        E=1_600_000_000_000 + at_ms,
        s="BTCUSDT",
        t=trade_id,
        p=price,
        q=quantity,
        T=1_600_000_000_000 + at_ms,
        m=buyer_is_maker,
        M=True,
    )


def quote(at_ms, bid, bid_quantity, ask, ask_quantity, update_id):
    return frame(
        at_ms,
        "btcusdt@bookTicker",
        u=update_id,
        s="BTCUSDT",
        b=bid,
        B=bid_quantity,
        a=ask,
        A=ask_quantity,
    )


BOOK = snapshot(0, [["100.00", "1"], ["99.00", "5"]], [["101.00", "1"], ["102.00", "5"]])


class Player:
    def __init__(self, *frames, speed=1.0):
        self.market = TapeMarket(frames, speed=speed)
        self.exchange = SimulatedExchange(
            symbols=self.market.rules(),
            accounts=[AccountSpec("alice")],
            market=self.market,
            start_ms=START_MS,
        )

    def at(self, ms):
        self.exchange.advance(START_MS + ms)
        return self.exchange.take()

    def place(self, at_ms, side="BUY", **params):
        params = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", **params}
        if params["type"] == "LIMIT":
            params["timeInForce"] = "GTC"
        return self.exchange.place_order("alice", params, START_MS + at_ms)

    def call(self, name, at_ms, **params):
        return getattr(self.exchange, name)("alice", params, START_MS + at_ms)

    def order(self):
        return self.exchange.state()["orders"][0]


def test_frames_go_out_as_recorded_at_the_speed_asked_for():
    frames = [BOOK, *(trade(n * 1000, "100", "1", buyer_is_maker=True) for n in range(1, 5))]
    player = Player(*frames, speed=10)
    assert player.at(99) == []
    out = player.at(100)
    assert [e for e in out if isinstance(e, RawFrame)] == [RawFrame("btcusdt@trade", frames[1][2])]
    assert player.exchange.next_due_ms() == START_MS + 200
    assert len([e for e in player.at(400) if isinstance(e, RawFrame)]) == 3
    assert player.exchange.next_due_ms() is None
    assert player.market.ended
    assert player.exchange.recorded_streams == {"btcusdt@trade"}


def test_missing_streams_are_derived_on_the_tapes_own_time():
    player = Player(
        BOOK,
        trade(10, "100", "1", buyer_is_maker=True, trade_id=7),
        trade(10, "100", "2", buyer_is_maker=True, trade_id=8),
        trade(20, "101", "1", buyer_is_maker=False, trade_id=9),
        diff(30, 101, 103, [["100.00", "0"]], [["100.50", "2"]]),
    )
    out = player.at(50)
    made = [e for e in out if isinstance(e, TradeMade)]
    assert [(t.trade_id, t.time_ms - 1_600_000_000_000) for t in made] == [
        (7, 10),
        (8, 10),
        (9, 20),
    ]
    (aggregate,) = [e for e in out if isinstance(e, AggTradeMade)]
    assert (aggregate.first_trade_id, aggregate.last_trade_id, aggregate.quantity) == (7, 8, D(3))
    (change,) = [e for e in out if isinstance(e, BookChanged)]
    assert (change.first_update_id, change.last_update_id) == (101, 103)
    depth = player.exchange.depth({"symbol": "BTCUSDT"})
    assert (depth["lastUpdateId"], depth["bids"][0][0], depth["asks"][0][0]) == (
        103,
        "99.00000000",
        "100.50000000",
    )
    bar = player.exchange.kline("BTCUSDT", "1m")
    assert (bar[0] // 60_000, bar[8]) == (1_600_000_000_010 // 60_000, 3)
    assert player.exchange.market_ms == 1_600_000_000_050


def test_takers_fill_against_the_recorded_book_and_leave_it_as_it_was():
    player = Player(BOOK, diff(500, 101, 101, asks=[["101.00", "4"]]))
    player.at(0)
    before = player.exchange.depth({"symbol": "BTCUSDT"})
    body = player.place(1, type="MARKET", quantity="3")
    assert [(D(f["price"]), D(f["qty"])) for f in body["fills"]] == [(D(101), D(1)), (D(102), D(2))]
    assert player.exchange.depth({"symbol": "BTCUSDT"}) == before
    assert all(isinstance(e, UserEvent) for e in player.exchange.take())
    again = player.place(2, type="MARKET", quantity="1")
    assert D(again["fills"][0]["price"]) == 102, "what was taken is gone until recorded anew"
    fresh = player.place(600, type="MARKET", quantity="1")
    assert D(fresh["fills"][0]["price"]) == 101


def test_a_resting_order_waits_for_the_quantity_before_it():
    player = Player(
        BOOK,
        trade(10, "100.00", "0.6", buyer_is_maker=True),
        diff(15, 101, 101, [["100.00", "0.4"]]),
        trade(20, "100.00", "0.5", buyer_is_maker=True),
        trade(30, "100.00", "9", buyer_is_maker=True),
    )
    player.at(0)
    player.place(1, quantity="1", price="100.00")
    player.at(18)
    assert player.order()["executedQty"] == "0.00000000"
    player.at(25)
    assert player.order()["executedQty"] == "0.10000000"
    player.at(30)
    order = player.order()
    assert (order["status"], order["cummulativeQuoteQty"]) == ("FILLED", "100.00000000")
    assert order["updateTime"] == START_MS + 30


def test_trades_and_quotes_through_the_price_fill_at_the_orders_price():
    player = Player(
        BOOK,
        trade(10, "99.00", "0.3", buyer_is_maker=True),
        quote(20, "99.00", "5", "99.50", "0.2", update_id=105),
        diff(30, 101, 110, [["100.00", "0"]], [["99.80", "7"]]),
    )
    player.at(0)
    player.place(1, quantity="1", price="100.50")
    player.exchange.take()
    events = [e.payload for e in player.at(10) if isinstance(e, UserEvent)]
    assert [e["e"] for e in events] == ["executionReport", "outboundAccountPosition"]
    assert (events[0]["l"], events[0]["L"], events[0]["m"]) == ("0.30000000", "100.50000000", True)
    player.at(20)
    assert player.order()["executedQty"] == "0.50000000"
    player.at(30)
    assert player.order()["status"] == "FILLED"


def test_a_gap_is_bridged_and_a_snapshot_mends_the_book():
    player = Player(
        BOOK,
        diff(10, 150, 151, [["98.00", "3"]]),
        snapshot(20, [["97.00", "1"]], [["98.50", "1"]], update_id=150),
        diff(30, 152, 152, asks=[["98.50", "0"], ["98.70", "2"]]),
    )
    player.at(30)
    depth = player.exchange.depth({"symbol": "BTCUSDT"})
    assert [level[0] for level in depth["bids"]] == ["98.00000000", "97.00000000"]
    assert [level[0] for level in depth["asks"]] == ["98.70000000"]


def test_a_tape_of_quotes_only_has_a_book_of_one_level():
    player = Player(quote(0, "100", "1", "101", "2", 5), quote(10, "100.5", "3", "101", "2", 9))
    out = player.at(10)
    changes = [e for e in out if isinstance(e, BookChanged)]
    assert [(c.first_update_id, c.last_update_id) for c in changes] == [(1, 5), (6, 9)]
    assert player.exchange.best("BTCUSDT") == ((D("100.5"), D(3)), (D(101), D(2)))
    assert player.place(11, type="MARKET", quantity="1")["status"] == "FILLED"


def test_a_tape_of_trades_only_gets_a_book_round_them():
    player = Player(*(trade(n, f"{100 + n}.00", "1", buyer_is_maker=False) for n in range(3)))
    player.at(5)
    (bid, _), (ask, _) = player.exchange.best("BTCUSDT")
    assert (bid, ask) == (D("101.99"), D("102.00"))
    assert len(player.exchange.depth({"symbol": "BTCUSDT"})["asks"]) == 20


def test_rules_fit_what_is_on_the_tape():
    frames = [
        frame(
            0, "zilusdt@trade", t=1, p="0.02517", q="1200.1", T=1, m=True, s="ZILUSDT", e="trade"
        ),
        BOOK,
    ]
    unknown, known = TapeMarket(frames).rules()
    assert (unknown.symbol, unknown.base, unknown.quote) == ("ZILUSDT", "ZIL", "USDT")
    assert (unknown.tick_e8, unknown.step_e8) == (1000, 10_000_000)
    assert known.filter("PRICE_FILTER")["tickSize"] == "0.01000000"


def test_what_is_no_tape_is_refused():
    with pytest.raises(DataError, match="holds no trades"):
        TapeMarket([frame(0, "", result=None, id=1)])


def test_frames_that_cannot_be_read_still_go_out():
    player = Player(BOOK, (RECORDED_NS, "btcusdt@trade", b'{"p": 1}'))
    assert player.at(0) == [RawFrame("btcusdt@trade", b'{"p": 1}')]


def test_a_recorded_session_ends_with_the_book_that_was_recorded():
    if not CAPTURE.exists():
        pytest.skip(f"no shared data at {CAPTURE}")
    market = TapeMarket(recorded(), speed=1000)
    exchange = SimulatedExchange(
        symbols=market.rules(), accounts=[AccountSpec("alice")], market=market, start_ms=START_MS
    )
    raw = trades = checked = 0
    while (due := exchange.next_due_ms()) is not None:
        exchange.advance(due)
        for emission in exchange.take():
            raw += isinstance(emission, RawFrame)
            trades += isinstance(emission, TradeMade)
        listing = exchange._floor.listings["BTCUSDT"]
        bid, ask = listing.book.bids.best(), listing.book.asks.best()
        if bid and ask:
            assert bid < ask
            checked += 1
    assert (raw, trades) == (41_248, 9_757)
    assert checked > 300
    (bid, _), (ask, _) = exchange.best("BTCUSDT")
    assert (bid, ask) == (D("61685.99"), D("61686.00"))
    depth = exchange.depth({"symbol": "BTCUSDT"})
    assert (D(depth["bids"][0][0]), D(depth["asks"][0][0])) == (bid, ask)


def recorded():
    with gzip.open(CAPTURE) as lines:
        for line in lines:
            stamp, _, raw = line.strip().partition(b" ")
            if raw.startswith(b'{"stream"'):
                name = raw[11 : raw.index(b'"', 11)].decode()
                yield int(stamp), name, raw[raw.index(b'"data":') + 7 : -1]
            else:
                yield int(stamp), "/api/v3/depth?symbol=BTCUSDT&limit=1000", raw


def test_a_hole_in_the_recording_is_leapt_over():
    hour = 3_600_000
    player = Player(
        BOOK,
        trade(1000, "100", "1", buyer_is_maker=True),
        trade(1000 + 48 * hour, "100", "1", buyer_is_maker=True, trade_id=2),
    )
    player.at(1000)
    assert player.exchange.next_due_ms() == START_MS + 2000
    assert len([e for e in player.at(2000) if isinstance(e, TradeMade)]) == 1
    assert player.exchange.market_ms == 1_600_000_000_000 + 1000 + 48 * hour


def test_what_has_no_time_does_not_shift_the_tape():
    unread = (0, "", b"nonsense")
    player = Player(unread, BOOK, trade(500, "100", "1", buyer_is_maker=True))
    assert len(player.at(500)) == 2
    assert player.exchange.market_ms == 1_600_000_000_500


def test_recorded_trades_trigger_stop_orders():
    player = Player(
        BOOK,
        trade(10, "100.50", "1", buyer_is_maker=True, trade_id=7),
        trade(20, "99.50", "1", buyer_is_maker=True, trade_id=8),
    )
    stop = {"type": "STOP_LOSS", "quantity": "0.5", "stopPrice": "99.50"}
    player.place(15, "SELL", **stop)
    assert player.order()["isWorking"] is False
    player.at(20)
    assert (player.order()["status"], player.order()["cummulativeQuoteQty"]) == (
        "FILLED",
        "50.00000000",
    )


def test_recorded_trades_move_a_trailing_stop_in_the_exchanges_time():
    player = Player(
        BOOK,
        trade(10, "100.00", "1", buyer_is_maker=True, trade_id=7),
        trade(20, "101.00", "1", buyer_is_maker=False, trade_id=8),
        trade(30, "100.50", "1", buyer_is_maker=True, trade_id=9),
        trade(40, "99.98", "1", buyer_is_maker=True, trade_id=10),
    )
    player.place(5, "SELL", type="STOP_LOSS", quantity="0.5", trailingDelta="100")
    player.at(10)
    assert player.order()["trailingTime"] == START_MS + 10
    player.at(30)
    assert player.order()["isWorking"] is False
    player.at(40)
    assert player.order()["status"] == "FILLED"


def test_a_quote_that_reaches_one_order_of_a_pair_ends_the_other():
    player = Player(
        BOOK,
        quote(20, "100.50", "1", "101.00", "1", 150),
        quote(30, "103.00", "1", "104.00", "1", 160),
    )
    body = player.call(
        "place_oco",
        10,
        symbol="BTCUSDT",
        side="SELL",
        quantity="0.5",
        aboveType="LIMIT_MAKER",
        abovePrice="102.50",
        belowType="STOP_LOSS",
        belowStopPrice="90.00",
    )
    player.at(40)
    orders = {o["orderId"]: o["status"] for o in player.exchange.state()["orders"]}
    assert [orders[o["orderId"]] for o in body["orders"]] == ["EXPIRED", "FILLED"]
    assert player.call("all_order_lists", 41)[0]["listOrderStatus"] == "ALL_DONE"
