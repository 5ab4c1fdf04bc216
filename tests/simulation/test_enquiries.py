"""What an account asks about itself, and how the answers are paged."""

import pytest

from bot.simulation.errors import ApiError

DAY_MS = 86_400_000


@pytest.fixture
def trading_alice(alice):
    """Six trades, one each ten ms, of six orders."""
    for _ in range(6):
        alice.clock[0] += 9
        alice.place(kind="MARKET", quantity="0.01")
    return alice


def ids(rows, key="id"):
    return [row[key] for row in rows]


def test_an_unknown_order_does_not_exist(alice):
    with pytest.raises(ApiError) as refused:
        alice.query(origClientOrderId="ghost")
    assert refused.value.body == {"code": -2013, "msg": "Order does not exist."}
    with pytest.raises(ApiError) as refused:
        alice.query()
    assert refused.value.msg == (
        "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
    )


def test_accounts_do_not_see_each_other(alice):
    placed = alice.place(quantity="0.1", price="59000")
    bob = alice.beside("bob")
    with pytest.raises(ApiError, match="Order does not exist"):
        bob.query(orderId=placed["orderId"])
    assert bob.call("open_orders") == []
    assert bob.call("all_orders", symbol="BTCUSDT") == []


def test_trades_without_bounds_are_the_newest_in_rising_order(trading_alice):
    everything = ids(trading_alice.call("my_trades", symbol="BTCUSDT"))
    assert len(everything) == 6
    assert ids(trading_alice.call("my_trades", symbol="BTCUSDT", limit=2)) == everything[-2:]


def test_from_id_is_inclusive_and_gives_the_oldest(trading_alice):
    everything = ids(trading_alice.call("my_trades", symbol="BTCUSDT"))
    page = trading_alice.call("my_trades", symbol="BTCUSDT", fromId=everything[1], limit=3)
    assert ids(page) == everything[1:4]


def test_times_are_inclusive(trading_alice):
    rows = trading_alice.call("my_trades", symbol="BTCUSDT")
    second, fifth = rows[1]["time"], rows[4]["time"]
    call = trading_alice.call
    assert ids(call("my_trades", symbol="BTCUSDT", startTime=second, limit=2)) == ids(rows[1:3])
    assert ids(call("my_trades", symbol="BTCUSDT", endTime=fifth, limit=2)) == ids(rows[3:5])
    both = call("my_trades", symbol="BTCUSDT", startTime=second, endTime=fifth)
    assert ids(both) == ids(rows[1:5])


def test_trades_of_one_order(trading_alice):
    body = trading_alice.place(kind="MARKET", quantity="1.5")
    rows = trading_alice.call("my_trades", symbol="BTCUSDT", orderId=body["orderId"])
    assert ids(rows) == [fill["tradeId"] for fill in body["fills"]]
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"fromId": 1, "startTime": 1}, -1128),
        ({"orderId": 1, "startTime": 1}, -1128),
        ({"startTime": 1, "endTime": 2 + DAY_MS}, -1127),
        ({"limit": 1001}, -1130),
        ({"limit": 0}, -1130),
        ({"fromId": "first"}, -1100),
    ],
)
def test_bad_paging_is_refused(alice, params, code):
    with pytest.raises(ApiError) as refused:
        alice.call("my_trades", symbol="BTCUSDT", **params)
    assert refused.value.code == code


def test_orders_are_paged_by_id_and_time(trading_alice):
    rows = trading_alice.call("all_orders", symbol="BTCUSDT")
    numbers = ids(rows, "orderId")
    call = trading_alice.call
    assert ids(call("all_orders", symbol="BTCUSDT", limit=2), "orderId") == numbers[-2:]
    page = call("all_orders", symbol="BTCUSDT", orderId=numbers[2], limit=2)
    assert ids(page, "orderId") == numbers[2:4]
    page = call("all_orders", symbol="BTCUSDT", startTime=rows[4]["time"])
    assert ids(page, "orderId") == numbers[4:]


def test_unknown_symbols_are_refused(alice):
    for call in ("open_orders", "all_orders", "my_trades", "commission"):
        with pytest.raises(ApiError) as refused:
            alice.call(call, symbol="DOGEBTC")
        assert refused.value.body == {"code": -1121, "msg": "Invalid symbol."}


def test_locked_funds_are_no_zero_balance(alice):
    alice.place("SELL", "MARKET", symbol="BTCUSDT", quantity="8")
    alice.place("SELL", quantity="2", price="70000")
    shown = {b["asset"] for b in alice.call("account_info", omitZeroBalances="true")["balances"]}
    assert "BTC" in shown


def test_prevented_matches_are_found_by_id_and_by_order(alice, shared_json):
    maker = alice.place(quantity="0.1", price="60000.50")["orderId"]
    taker = alice.place("SELL", quantity="0.1", price="60000.50", timeInForce="IOC")["orderId"]
    (row,) = alice.call("prevented_matches", symbol="BTCUSDT", orderId=maker)
    assert alice.call("prevented_matches", symbol="BTCUSDT", orderId=taker) == [row]
    by_id = alice.call("prevented_matches", symbol="BTCUSDT", preventedMatchId=0)
    assert by_id == [row]
    assert (row["takerOrderId"], row["makerOrderId"]) == (taker, maker)
    later = {"symbol": "BTCUSDT", "orderId": maker, "fromPreventedMatchId": 1}
    assert alice.call("prevented_matches", **later) == []
    with pytest.raises(ApiError) as refused:
        alice.call("prevented_matches", symbol="BTCUSDT")
    assert refused.value.code == -1128
    theirs = next(
        r["body"][0]
        for r in shared_json("rest/responses_spot.jsonl")
        if r["path"] == "/api/v3/myPreventedMatches"
    )
    assert list(row) == list(theirs)


def test_the_accounts_filters_are_those_on_numbers_of_orders(alice):
    body = alice.call("my_filters", symbol="BTCUSDT")
    assert set(body) == {"exchangeFilters", "symbolFilters", "assetFilters"}
    assert {f["filterType"] for f in body["symbolFilters"]} == {
        "MAX_NUM_ORDERS",
        "MAX_NUM_ORDER_LISTS",
        "MAX_NUM_ALGO_ORDERS",
        "MAX_NUM_ORDER_AMENDS",
    }
