"""A tape of futures plays as recorded: books, marks and fundings; clients trade against it."""

import json
from decimal import Decimal

import pytest

from bot.domain.errors import DataError
from bot.simulation.emissions import AggTradeMade, RawFrame, TradeMade, UserEvent
from bot.simulation.futures.account import opened
from bot.simulation.futures.emissions import BookChanged
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.futures.tape import FuturesTapeMarket

D = Decimal
START_MS = 1_700_000_000_000
RECORDED_MS = 1_600_000_000_000
HOUR_MS = 3_600_000
NEXT_FUNDING_MS = RECORDED_MS + 5000


def frame(at_ms, stream, **data):
    body = data.pop("body", data)
    return (RECORDED_MS + at_ms) * 1_000_000, stream, json.dumps(body).encode()


def snapshot(at_ms, bids, asks, update_id=100, symbol="BTCUSDT"):
    api = "dapi" if "_" in symbol else "fapi"
    at = RECORDED_MS + at_ms
    return frame(
        at_ms,
        f"/{api}/v1/depth?symbol={symbol}&limit=1000",
        lastUpdateId=update_id,
        E=at,
        T=at,
        bids=bids,
        asks=asks,
    )


def diff(at_ms, previous, first, last, bids=(), asks=(), stream="btcusdt@depth@0ms"):
    at = RECORDED_MS + at_ms
    head = {"e": "depthUpdate", "E": at, "T": at, "s": stream.partition("@")[0].upper()}
    return frame(at_ms, stream, **head, U=first, u=last, pu=previous, b=bids, a=asks)


def trade(at_ms, price, quantity, *, buyer_is_maker, trade_id=1, kind="MARKET", symbol="BTCUSDT"):
    at = RECORDED_MS + at_ms
    return frame(
        at_ms,
        f"{symbol.lower()}@trade",
        e="trade",
        E=at,
        T=at,
        s=symbol,
        t=trade_id,
        p=price,
        q=quantity,
        X=kind,
        m=buyer_is_maker,
    )


def quote(at_ms, bid, ask, update_id):
    best = {"b": bid, "B": "1", "a": ask, "A": "1"}
    return frame(at_ms, "btcusdt@bookTicker", e="bookTicker", u=update_id, s="BTCUSDT", **best)


def marked(at_ms, price, rate="0.00020000", next_ms=NEXT_FUNDING_MS, index="60010.50000000"):
    return {
        "e": "markPriceUpdate",
        "E": RECORDED_MS + at_ms,
        "s": "BTCUSDT",
        "p": price,
        "P": "59990.12345678",
        "i": index,
        "r": rate,
        "T": next_ms,
    }


def mark(at_ms, price, **changed):
    return frame(at_ms, "btcusdt@markPrice@1s", **marked(at_ms, price, **changed))


BOOK = snapshot(0, [["60000.00", "1"], ["59990.00", "5"]], [["60010.00", "1"], ["60020.00", "5"]])


class Player:
    def __init__(self, *frames, kind="usdm", speed=1.0, balances=None, **options):
        self.market = FuturesTapeMarket(kind, frames, speed=speed)
        self.exchange = FuturesExchange(
            market=kind,
            symbols=self.market.contracts(),
            accounts=[opened("alice", "s", kind, balances or {})],
            source=self.market,
            start_ms=START_MS,
            **options,
        )
        self.symbol = self.exchange.symbols[0]

    def at(self, ms):
        self.exchange.advance(START_MS + ms)
        return self.exchange.take()

    def place(self, at_ms, side="BUY", **params):
        params = {"symbol": self.symbol, "side": side, "type": "LIMIT", **params}
        if params["type"] == "LIMIT":
            params.setdefault("timeInForce", "GTC")
        params.setdefault("newOrderRespType", "RESULT")
        return self.exchange.place_order("alice", params, START_MS + at_ms)

    def order(self):
        return self.exchange.state()["orders"][0]


def of(kind, emissions):
    return [e for e in emissions if isinstance(e, kind)]


def test_frames_go_out_as_recorded_at_the_speed_asked_for():
    trades = [trade(n * 1000, "60000.00", "1", buyer_is_maker=True) for n in range(1, 5)]
    player = Player(BOOK, *trades, speed=10)
    assert of(RawFrame, player.at(99)) == []
    assert of(RawFrame, player.at(100)) == [RawFrame("btcusdt@trade", trades[0][2])]
    assert player.exchange.next_due_ms() == START_MS + 200
    assert len(of(RawFrame, player.at(400))) == 3
    assert player.market.ended
    assert player.exchange.recorded_streams == {"btcusdt@trade"}


def test_a_book_is_followed_by_the_chain_of_previous_ids():
    player = Player(
        diff(0, 90, 95, 98, [["59000.00", "7"]]),
        diff(1, 98, 99, 104, [["60000.00", "2"]]),
        BOOK,
        diff(10, 104, 120, 130, [["60000.00", "3"]], [["60010.00", "0"]]),
        diff(20, 140, 141, 150, [["59980.00", "1"]]),
        snapshot(30, [["58000.00", "1"]], [["58010.00", "1"]], update_id=160),
        diff(40, 155, 156, 170, [["57990.00", "9"]]),
    )
    first, second, third, *_ = of(BookChanged, player.at(10))
    assert [c.previous_update_id for c in (first, second, third)] == [90, 98, 104]
    depth = player.exchange.depth({"symbol": "BTCUSDT"})
    assert depth["lastUpdateId"] == 130
    assert depth["bids"] == [["60000.00", "3.000"], ["59990.00", "5.000"]]
    assert depth["asks"] == [["60020.00", "5.000"]]
    player.at(40)
    depth = player.exchange.depth({"symbol": "BTCUSDT"})
    assert depth["lastUpdateId"] == 170
    assert depth["bids"] == [["58000.00", "1.000"], ["57990.00", "9.000"]]


def test_a_snapshot_is_not_needed_while_the_chain_holds():
    player = Player(
        BOOK,
        diff(10, 100, 120, 130, [["60000.00", "3"]]),
        diff(20, 130, 150, 160, [["59990.00", "0"]]),
        snapshot(30, [["1.00", "1"]], [["2.00", "1"]], update_id=155),
    )
    player.at(30)
    depth = player.exchange.depth({"symbol": "BTCUSDT"})
    assert (depth["lastUpdateId"], depth["bids"]) == (160, [["60000.00", "3.000"]])


def test_quotes_are_the_best_prices_with_an_id_of_their_own():
    player = Player(BOOK, quote(10, "60001.00", "60009.00", 107))
    player.at(10)
    row = player.exchange.book_ticker({"symbol": "BTCUSDT"})
    assert (row["bidPrice"], row["askPrice"], row["lastUpdateId"]) == ("60001.00", "60009.00", 107)
    assert player.exchange.depth({"symbol": "BTCUSDT"})["lastUpdateId"] == 100
    assert player.exchange.quote_id("BTCUSDT") == 107


def test_takers_fill_at_recorded_prices_and_the_public_does_not_notice():
    player = Player(BOOK, diff(500, 100, 101, 101, asks=[["60010.00", "4"]]))
    player.at(0)
    before = player.exchange.depth({"symbol": "BTCUSDT"})["asks"]
    player.place(1, type="MARKET", quantity="1.5")
    assert D(player.order()["cumQuote"]) == 60010 + D("0.5") * 60020
    assert player.exchange.depth({"symbol": "BTCUSDT"})["asks"] == before
    assert {type(e) for e in player.exchange.take()} == {UserEvent}
    player.place(2, type="MARKET", quantity="0.1")
    player.place(600, type="MARKET", quantity="0.1")
    _, again, fresh = (D(o["avgPrice"]) for o in player.exchange.state()["orders"])
    assert again == 60020, "what was taken is gone until recorded anew"
    assert fresh == 60010


def test_a_resting_order_waits_for_the_quantity_before_it():
    player = Player(
        BOOK,
        trade(10, "60000.00", "0.6", buyer_is_maker=True),
        diff(15, 100, 101, 101, [["60000.00", "0.4"]]),
        trade(20, "60000.00", "0.5", buyer_is_maker=True, trade_id=2),
        trade(30, "60000.00", "9", buyer_is_maker=True, trade_id=3),
    )
    player.at(0)
    player.place(1, quantity="1", price="60000.00")
    player.at(18)
    assert player.order()["executedQty"] == "0.000"
    player.at(25)
    assert player.order()["executedQty"] == "0.100"
    player.at(30)
    assert (player.order()["status"], player.order()["avgPrice"]) == ("FILLED", "60000.00000")
    (row,) = player.exchange.position_risk("alice", {"symbol": "BTCUSDT"}, START_MS + 31)
    assert (row["positionAmt"], row["entryPrice"]) == ("1.000", "60000")


def test_a_quote_through_two_reducing_orders_closes_no_more_than_the_position():
    player = Player(BOOK, quote(20, "60100.00", "60110.00", 150))
    player.at(0)
    player.place(1, type="MARKET", quantity="1")
    for at_ms, price in ((2, "60050.00"), (3, "60060.00")):
        player.place(at_ms, "SELL", quantity="1", price=price, reduceOnly="true")
    player.at(30)
    statuses = {o["price"]: o["status"] for o in player.exchange.state()["orders"][1:]}
    assert statuses == {"60050.00": "FILLED", "60060.00": "EXPIRED"}
    assert player.exchange.state()["positions"] == []


def test_a_trade_through_two_reducing_orders_closes_no_more_than_the_position():
    player = Player(BOOK, trade(20, "60200.00", "9", buyer_is_maker=False))
    player.at(0)
    player.place(1, type="MARKET", quantity="1")
    for at_ms in (2, 3):
        player.place(at_ms, "SELL", quantity="1", price="60050.00", reduceOnly="true")
    player.at(30)
    statuses = [order["status"] for order in player.exchange.state()["orders"][1:]]
    assert statuses == ["FILLED", "EXPIRED"]


def test_recorded_trades_and_marks_set_conditional_orders_off():
    player = Player(
        BOOK,
        trade(10, "60000.00", "1", buyer_is_maker=True),
        mark(500, "60005.00"),
        trade(2500, "59950.00", "1", buyer_is_maker=True, trade_id=2),
        mark(4000, "59900.00"),
        mark(6000, "59900.00"),
    )
    player.at(20)
    ids = {}
    for working, trigger in (("CONTRACT_PRICE", "59960.00"), ("MARK_PRICE", "59920.00")):
        algo = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.1"}
        algo |= {"algoType": "CONDITIONAL", "triggerPrice": trigger, "workingType": working}
        ids[working] = player.exchange.place_algo("alice", algo, START_MS + 30)["algoId"]

    def statuses():
        rows = {a["algoId"]: a["algoStatus"] for a in player.exchange.state()["algos"]}
        return [rows[ids["CONTRACT_PRICE"]], rows[ids["MARK_PRICE"]]]

    player.at(2000)
    assert statuses() == ["NEW", "NEW"]
    player.at(3000)
    assert statuses() == ["FINISHED", "NEW"]
    player.at(5100)
    assert statuses() == ["FINISHED", "FINISHED"]


def test_missing_streams_are_derived_and_what_the_insurance_fund_traded_is_left_out():
    player = Player(
        BOOK,
        trade(10, "60000.00", "1", buyer_is_maker=True, trade_id=7),
        trade(10, "60000.00", "2", buyer_is_maker=True, trade_id=8),
        trade(15, "1.00", "2", buyer_is_maker=True, trade_id=9, kind="INSURANCE_FUND"),
        trade(20, "60010.00", "1", buyer_is_maker=False, trade_id=10),
    )
    out = player.at(50)
    assert [t.trade_id for t in of(TradeMade, out)] == [7, 8, 10]
    (aggregate,) = of(AggTradeMade, out)
    assert (aggregate.first_trade_id, aggregate.last_trade_id, aggregate.quantity) == (7, 8, D(3))
    assert len(of(RawFrame, out)) == 4
    bar = player.exchange.klines({"symbol": "BTCUSDT", "interval": "1m"})[-1]
    assert (bar[3], bar[8]) == ("60000.00", 3)


def test_all_marks_in_one_frame_and_partial_books_are_read():
    both = [marked(0, "60005.00"), {**marked(0, "3000.5", index="3001"), "s": "ETHUSDT"}]
    player = Player(
        frame(0, "!markPrice@arr@1s", body=both),
        diff(0, 9, 9, 10, [["60000.00", "1"]], [["60010.00", "1"]], "btcusdt@depth5@100ms"),
        diff(0, 9, 9, 10, [["3000.00", "1"]], [["3000.10", "1"]], "ethusdt@depth20@100ms"),
        diff(5, 10, 11, 12, [["3001.00", "1"]], [["3001.10", "1"]], "ethusdt@depth20@100ms"),
    )
    first, *_, last = of(BookChanged, player.at(5))
    assert (first.symbol, last.symbol, last.previous_update_id) == ("BTCUSDT", "ETHUSDT", 10)
    assert last.bids == ((D(3001), D(1)), (D(3000), D(0)))
    assert player.exchange.mark("ETHUSDT").mark == D("3000.5")


def coin(at_ms, price, quantity, **options):
    return trade(at_ms, price, quantity, symbol="BTCUSD_PERP", **options)


def test_coin_margined_contracts_count_in_coins():
    player = Player(
        snapshot(0, [["60000.0", "500"]], [["60000.1", "500"]], symbol="BTCUSD_PERP"),
        coin(10, "60000.0", "30", buyer_is_maker=True),
        frame(20, "btcusd@indexPrice@1s", e="indexPriceUpdate", E=1, i="BTCUSD", p="60100.00"),
        kind="coinm",
    )
    assert player.place(15, type="MARKET", quantity="6")["status"] == "FILLED"
    player.at(20)
    (public,) = player.exchange.trades({"symbol": "BTCUSD_PERP"})
    assert public["baseQty"] == "0.05000000"
    player.at(1200)
    (row,) = player.exchange.premium_index({"symbol": "BTCUSD_PERP"})
    assert row["indexPrice"] == "60100.00000000"
    (held,) = player.exchange.state()["positions"]
    assert held["entryPrice"] == "60000.1"


def test_a_delivered_contract_has_no_funding():
    symbol = "BTCUSD_201225"
    body = {**marked(0, "60005.00", rate="", next_ms=0), "s": symbol}
    player = Player(
        snapshot(0, [["60000.0", "500"]], [["60000.1", "500"]], symbol=symbol),
        frame(10, "btcusd_201225@markPrice@1s", **body),
        coin(20_000, "60000.0", "30", buyer_is_maker=True),
        kind="coinm",
        funding_ms=1000,
    )
    player.at(20_000)
    (info,) = player.exchange.exchange_info({"symbol": symbol})["symbols"]
    assert (info["contractType"], info["contractSize"]) == ("NEXT_QUARTER", 100)
    (row,) = player.exchange.premium_index({"symbol": symbol})
    assert (row["nextFundingTime"], row["markPrice"]) == (0, "60005.00000000")
    assert player.exchange.funding_rate({"symbol": symbol}) == []


def test_what_is_no_tape_of_futures_is_refused():
    with pytest.raises(DataError, match=r"^two days holds no trades, quotes or depth of any"):
        FuturesTapeMarket("usdm", [frame(0, "", result=None, id=1)], name="two days")


def test_frames_that_cannot_be_read_still_go_out():
    player = Player(BOOK, (RECORDED_MS * 1_000_000, "btcusdt@markPrice@1s", b'{"p": 1}'))
    assert of(RawFrame, player.at(0)) == [RawFrame("btcusdt@markPrice@1s", b'{"p": 1}')]


class Pages:
    def __init__(self):
        self.lines = []

    def write(self, record):
        self.lines.append(json.dumps(record))


def test_a_journal_grows_with_what_accounts_do_and_not_with_the_tape():
    pages = Pages()
    leaps = (
        event
        for n in range(1, 200)
        for event in (
            diff(n * 10, 100 + 50_000 * (n - 1), 101 + 50_000 * (n - 1), 100 + 50_000 * n),
            trade(n * 10 + 1, "60000.00", "0.001", buyer_is_maker=True, trade_id=n),
        )
    )
    frames = [BOOK, *leaps]
    player = Player(*frames, journal=pages)
    player.place(1, quantity="1", price="59000.00")
    written = len(pages.lines)
    player.at(5000)
    assert len(pages.lines) <= written + 1
    again = Player(*frames, records=[json.loads(line) for line in pages.lines])
    assert again.order()["status"] == "NEW"
    assert again.place(1, type="MARKET", quantity="0.1")["orderId"] > player.order()["orderId"]
    assert again.exchange.state()["orders"][-1]["avgPrice"] == "60010.00000"
