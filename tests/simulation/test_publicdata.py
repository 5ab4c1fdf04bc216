"""Market data is what was traded and what rests."""

from decimal import Decimal

import pytest

from bot.simulation.emissions import AggTradeMade, BookChanged, TradeMade
from bot.simulation.errors import ApiError

D = Decimal


def test_a_walk_makes_one_trade_for_each_maker_and_one_aggregate_for_each_price(alice):
    bob = alice.beside("bob")
    bob.place("SELL", quantity="0.5", price="60001")
    alice.exchange.take()
    alice.place(kind="MARKET", quantity="2")
    taken = alice.exchange.take()
    trades = [e for e in taken if isinstance(e, TradeMade)]
    aggregates = [e for e in taken if isinstance(e, AggTradeMade)]
    assert [(t.price, t.quantity) for t in trades] == [
        (D(60001), D(1)),
        (D(60001), D("0.5")),
        (D(60002), D("0.5")),
    ]
    assert [(a.quantity, a.first_trade_id, a.last_trade_id) for a in aggregates] == [
        (D("1.5"), trades[0].trade_id, trades[1].trade_id),
        (D("0.5"), trades[2].trade_id, trades[2].trade_id),
    ]
    assert not any(t.buyer_is_maker for t in trades)
    rows = alice.exchange.agg_trades({"symbol": "BTCUSDT"})
    assert [row["a"] for row in rows] == [a.agg_id for a in aggregates]


def test_the_book_can_be_followed_from_a_snapshot_by_its_changes(alice):
    snapshot = alice.exchange.depth({"symbol": "BTCUSDT"})
    book = {
        side: {D(price): D(quantity) for price, quantity in snapshot[side]}
        for side in ("bids", "asks")
    }
    last = snapshot["lastUpdateId"]
    alice.place(quantity="0.5", price="60000.50", newClientOrderId="a")
    alice.place("SELL", quantity="1.2", price="60000")
    alice.place(kind="MARKET", quantity="2.5")
    alice.place(quantity="0.5", price="59000", newClientOrderId="b")
    alice.cancel(origClientOrderId="b")
    for change in alice.exchange.take():
        if isinstance(change, BookChanged):
            assert change.first_update_id == last + 1
            last = change.last_update_id
            for side, levels in (("bids", change.bids), ("asks", change.asks)):
                for price, quantity in levels:
                    book[side].pop(price, None)
                    if quantity:
                        book[side][price] = quantity
    after = alice.exchange.depth({"symbol": "BTCUSDT"})
    assert after["lastUpdateId"] == last == alice.exchange.update_id("BTCUSDT")
    for side in ("bids", "asks"):
        assert book[side] == {D(price): D(quantity) for price, quantity in after[side]}


def test_statistics_add_up(alice):
    alice.place(kind="MARKET", quantity="2")
    alice.place("SELL", "MARKET", quantity="1")
    day = alice.exchange.ticker_24hr({"symbol": "BTCUSDT"})
    assert (day["openPrice"], day["lastPrice"], day["count"]) == (
        "60001.00000000",
        "60000.00000000",
        3,
    )
    assert (day["highPrice"], day["lowPrice"]) == ("60002.00000000", "60000.00000000")
    assert (day["volume"], day["quoteVolume"]) == ("3.00000000", "180003.00000000")
    assert (day["priceChange"], day["priceChangePercent"]) == ("-1.00000000", "-0.002")
    assert day["weightedAvgPrice"] == "60001.00000000"
    assert alice.exchange.avg_price({"symbol": "BTCUSDT"})["price"] == "60001.00000000"
    assert alice.exchange.klines({"symbol": "BTCUSDT", "interval": "1d"})[0][8] == 3


def test_klines_are_cut_by_time_and_limit(alice):
    alice.place(kind="MARKET", quantity="0.1")
    alice.clock[0] += 180_000
    alice.exchange.advance(alice.clock[0])
    rows = alice.exchange.klines({"symbol": "BTCUSDT", "interval": "1m"})
    assert len(rows) == 4
    ask = {"symbol": "BTCUSDT", "interval": "1m", "limit": "2"}
    assert alice.exchange.klines(ask) == rows[-2:]
    assert alice.exchange.klines({**ask, "startTime": str(rows[0][0] + 1)}) == rows[1:3]
    assert alice.exchange.kline("BTCUSDT", "1m") == rows[-1]
    closed = alice.exchange.kline_payload("BTCUSDT", "1m", 3)
    assert (closed["t"], closed["x"], closed["n"]) == (rows[0][0], True, 1)
    assert alice.exchange.kline_payload("BTCUSDT", "1m", 4) is None


def test_depth_is_limited(alice):
    body = alice.exchange.depth({"symbol": "BTCUSDT", "limit": "2"})
    assert body["bids"] == [["60000.00000000", "1.00000000"], ["59999.00000000", "2.00000000"]]
    assert alice.exchange.top("BTCUSDT", 1)[1] == [["60001.00000000", "1.00000000"]]


@pytest.mark.parametrize(
    ("call", "params", "code"),
    [
        ("depth", {}, -1102),
        ("depth", {"symbol": "NOPE"}, -1121),
        ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ("klines", {"symbol": "BTCUSDT"}, -1102),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "15"}, -1130),
        ("agg_trades", {"symbol": "BTCUSDT", "fromId": "1", "startTime": "1"}, -1128),
        ("ticker_price", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
        ("ticker_price", {"symbols": "BTCUSDT"}, -1100),
        ("ticker_price", {"symbols": '["BTCUSDT","BTCUSDT"]'}, -1151),
        ("ticker_24hr", {"type": "HALF"}, -1139),
        ("exchange_info", {"symbol": "NOPE"}, -1121),
    ],
)
def test_bad_questions_are_refused(alice, call, params, code):
    with pytest.raises(ApiError) as refused:
        getattr(alice.exchange, call)(params)
    assert refused.value.code == code


def test_without_a_symbol_all_are_answered(alice):
    assert len(alice.exchange.ticker_price({})) == 3
    chosen = alice.exchange.book_ticker({"symbols": '["ETHUSDT","BTCUSDT"]'})
    assert [row["symbol"] for row in chosen] == ["ETHUSDT", "BTCUSDT"]
