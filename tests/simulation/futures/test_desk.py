"""Placing and cancelling orders on futures."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.futures.account import opened


def refused(call, *args, **params):
    with pytest.raises(ApiError) as e:
        call(*args, **params)
    return e.value.code


def test_an_ack_says_nothing_of_fills_a_result_does(trader):
    ack = trader.place("BUY", quantity="1", newOrderRespType="ACK")
    assert (ack["status"], ack["executedQty"], ack["cumQty"]) == ("NEW", "0.000", "0.000")
    result = trader.place("BUY", quantity="1")
    assert (result["status"], result["executedQty"], result["cumQty"]) == (
        "FILLED",
        "1.000",
        "1.000",
    )
    for answer in (ack, result):
        assert not {"avgPrice", "cumQuote", "cumBase"} & set(answer)


def test_a_query_has_average_price_and_turnover(trader):
    order = trader.place("BUY", quantity="1")
    found = trader.call("query_order", symbol="BTCUSDT", orderId=order["orderId"])
    assert (found["avgPrice"], found["cumQuote"]) == ("60000.10000", "60000.1")
    by_name = trader.call("query_order", symbol="BTCUSDT", origClientOrderId=order["clientOrderId"])
    assert by_name == found


def test_a_fill_is_reported_by_trade_lite_account_and_order_in_that_order(trader):
    trader.place("BUY", quantity="1")
    kinds = [e["e"] for e in trader.events()]
    assert kinds == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]


def test_events_of_a_fill_agree_with_each_other(trader):
    trader.place("BUY", quantity="1")
    _, lite, account, update = trader.events()
    order = update["o"]
    assert (order["x"], order["X"], order["l"], order["z"]) == ("TRADE", "FILLED", "1.000", "1.000")
    assert (lite["t"], lite["l"], lite["L"]) == (order["t"], order["l"], order["L"])
    assert account["a"]["m"] == "ORDER"
    assert account["a"]["P"][0]["pa"] == "1.000"
    assert account["a"]["P"][0]["ep"] == "60000.1"
    assert Decimal(account["a"]["B"][0]["wb"]) == 100_000 - Decimal(order["n"])


def test_orders_rest_fill_and_are_cancelled(trader):
    order = trader.place("BUY", "LIMIT", quantity="1", price="59000")
    assert order["status"] == "NEW"
    (found,) = trader.call("open_orders", symbol="BTCUSDT")
    assert found["orderId"] == order["orderId"]
    cancelled = trader.call("cancel_order", symbol="BTCUSDT", orderId=order["orderId"])
    assert cancelled["status"] == "CANCELED"
    assert trader.call("open_orders") == []
    assert refused(trader.call, "cancel_order", symbol="BTCUSDT", orderId=order["orderId"]) == -2011
    assert refused(trader.call, "open_order", symbol="BTCUSDT", orderId=order["orderId"]) == -2013


def test_the_market_fills_what_rests(trader):
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    trader.events()
    trader.quote("58900.00", "58900.10")
    update = trader.events("ORDER_TRADE_UPDATE")[0]["o"]
    assert (update["x"], update["L"], update["m"]) == ("TRADE", "59000.00", True)
    assert trader.position()["positionAmt"] == "1.000"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"quantity": "0.0001", "price": "60000"}, -1111),
        ({"quantity": "0", "price": "60000"}, -4003),
        ({"quantity": "99999", "price": "60000"}, -4005),
        ({"quantity": "1", "price": "60000.05"}, -4014),
        ({"quantity": "1", "price": "60000.001"}, -1111),
        ({"quantity": "1", "price": "0"}, -4001),
        ({"quantity": "1", "price": "70000"}, -4016),
        ({"quantity": "0.001", "price": "60000"}, -4164),
        ({"quantity": "1"}, -1102),
        ({"price": "60000"}, -1102),
        ({"quantity": "1", "price": "60000", "positionSide": "LONG"}, -4061),
        ({"quantity": "1", "price": "60000", "positionSide": "UP"}, -4060),
        ({"quantity": "1", "price": "60000", "timeInForce": "GTX"}, 0),
        ({"quantity": "1", "price": "60000.1", "timeInForce": "GTX"}, -5022),
        ({"quantity": "9", "price": "60000.1", "timeInForce": "FOK"}, -5021),
        ({"quantity": "1", "price": "60000", "timeInForce": "NOW"}, -1115),
        ({"quantity": "1", "price": "60000", "newClientOrderId": "a b"}, -4015),
        ({"quantity": "1", "price": "60000", "reduceOnly": "true"}, -2022),
        ({"quantity": "1", "price": "60000", "reduceOnly": "maybe"}, -1130),
        ({"quantity": "1", "price": "60000", "newOrderRespType": "FULL"}, -1136),
        ({"quantity": "1", "price": "60000", "selfTradePreventionMode": "SOME"}, -5039),
        ({"quantity": "1", "price": "60000", "timeInForce": "GTD"}, -1102),
        ({"quantity": "100", "price": "60000"}, -2019),
        ({"quantity": "2000", "price": "60000"}, -2027),
        ({"symbol": "NOPE", "quantity": "1", "price": "60000"}, -1121),
    ],
)
def test_what_binance_refuses_is_refused_with_its_code(trader, params, code):
    if not code:
        assert trader.place("BUY", "LIMIT", **params)["status"] == "NEW"
        return
    assert refused(trader.place, "BUY", "LIMIT", **params) == code
    assert trader.call("all_orders", symbol="BTCUSDT") == []
    assert trader.events() == []


def test_conditional_types_belong_to_the_algo_endpoint(trader):
    assert refused(trader.place, "BUY", "STOP_MARKET", quantity="1", stopPrice="61000") == -4120
    assert refused(trader.place, "BUY", "STOP_LOSS", quantity="1") == -1116


def test_a_sale_far_below_the_mark_price_is_refused(trader):
    assert refused(trader.place, "SELL", "LIMIT", quantity="1", price="50000") == -4024


def test_a_test_order_is_checked_and_leaves_nothing(trader):
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
    trader.call("test_order", **params, quantity="1")
    assert refused(trader.call, "test_order", **params, quantity="100") == -2019
    assert trader.events() == []
    assert trader.call("all_orders", symbol="BTCUSDT") == []


def test_client_ids_are_unique_among_open_orders(trader):
    trader.place("BUY", "LIMIT", quantity="1", price="59000", newClientOrderId="mine")
    again = {"quantity": "1", "price": "59000", "newClientOrderId": "mine"}
    assert refused(trader.place, "BUY", "LIMIT", **again) == -4116
    trader.call("cancel_order", symbol="BTCUSDT", origClientOrderId="mine")
    trader.place("BUY", "LIMIT", **again)


def test_a_market_order_takes_what_there_is_and_expires(trader):
    order = trader.place("BUY", quantity="8")
    assert (order["status"], order["executedQty"]) == ("EXPIRED", "5.000")
    assert trader.events("ORDER_TRADE_UPDATE")[-1]["o"]["x"] == "EXPIRED"


def test_an_ioc_order_expires_with_what_it_could_not_get(trader):
    order = trader.place("BUY", "LIMIT", quantity="8", price="60000.1", timeInForce="IOC")
    assert (order["status"], order["executedQty"]) == ("EXPIRED", "5.000")


def test_a_gtd_order_ends_when_it_said(trader):
    till = trader.clock[0] + 700_000
    soon = trader.clock[0] + 500_000
    params = {"quantity": "1", "price": "59000", "timeInForce": "GTD"}
    assert refused(trader.place, "BUY", "LIMIT", **params, goodTillDate=soon) == -5040
    order = trader.place("BUY", "LIMIT", **params, goodTillDate=till)
    assert order["goodTillDate"] == till // 1000 * 1000
    trader.wait(600_000)
    assert trader.call("open_orders") != []
    trader.wait(101_000)
    found = trader.call("query_order", symbol="BTCUSDT", orderId=order["orderId"])
    assert found["status"] == "EXPIRED"


def test_reduce_only_closes_and_never_turns_a_position(trader):
    trader.place("BUY", quantity="1")
    assert refused(trader.place, "BUY", quantity="1", reduceOnly="true") == -2022
    order = trader.place("SELL", quantity="3", reduceOnly="true")
    assert (order["status"], order["origQty"]) == ("FILLED", "1.000")
    assert trader.position()["positionAmt"] == "0.000"


def test_resting_reduce_only_orders_shrink_with_the_position_and_end_with_it(trader):
    trader.place("BUY", quantity="2")
    resting = trader.place("SELL", "LIMIT", quantity="2", price="61000", reduceOnly="true")
    trader.place("SELL", quantity="1.5")
    shrunk = trader.call("query_order", symbol="BTCUSDT", orderId=resting["orderId"])
    assert shrunk["origQty"] == "0.500"
    trader.place("SELL", quantity="0.5")
    ended = trader.call("query_order", symbol="BTCUSDT", orderId=resting["orderId"])
    assert ended["status"] == "EXPIRED"


def test_a_small_order_may_close(trader):
    trader.place("BUY", quantity="0.002")
    assert refused(trader.place, "SELL", quantity="0.001") == -4164
    assert trader.place("SELL", quantity="0.001", reduceOnly="true")["status"] == "FILLED"


def test_in_hedge_mode_long_and_short_live_side_by_side(trader):
    trader.call("change_position_mode", dualSidePosition="true")
    assert refused(trader.place, "BUY", quantity="1") == -4061
    trader.place("BUY", quantity="1", positionSide="LONG")
    trader.place("SELL", quantity="2", positionSide="SHORT")
    assert trader.position("LONG")["positionAmt"] == "1.000"
    assert trader.position("SHORT")["positionAmt"] == "-2.000"
    params = {"quantity": "1", "positionSide": "LONG", "reduceOnly": "true"}
    assert refused(trader.place, "SELL", **params) == -1106
    trader.place("SELL", quantity="1", positionSide="LONG")
    assert refused(trader.place, "SELL", quantity="1", positionSide="LONG") == -2022
    assert trader.position("SHORT")["positionAmt"] == "-2.000"


@pytest.mark.parametrize(
    ("mode", "maker", "taker"),
    [
        ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
        ("NONE", "FILLED", "FILLED"),
    ],
)
def test_an_account_does_not_trade_with_itself_unless_it_wants_to(trader, mode, maker, taker):
    trader.quote("59000.00", "61000.00")
    resting = trader.place("SELL", "LIMIT", quantity="1", price="60000")
    taking = trader.place("BUY", "LIMIT", quantity="1", price="60000", selfTradePreventionMode=mode)
    found = trader.call("query_order", symbol="BTCUSDT", orderId=resting["orderId"])
    assert (found["status"], taking["status"]) == (maker, taker)


def test_two_clients_trade_with_each_other(trader):
    bob = trader.beside("bob")
    trader.quote("59000.00", "61000.00")
    trader.place("SELL", "LIMIT", quantity="1", price="60000")
    bob.place("BUY", quantity="1")
    assert trader.position()["positionAmt"] == "-1.000"
    assert bob.position()["positionAmt"] == "1.000"
    mine, his = (c.call("user_trades", symbol="BTCUSDT")[0] for c in (trader, bob))
    assert mine["id"] == his["id"]
    assert (mine["maker"], his["maker"]) == (True, False)


def test_cancelling_all_answers_success_even_without_orders(trader):
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    done = {"code": 200, "msg": "The operation of cancel all open order is done."}
    assert trader.call("cancel_open_orders", symbol="BTCUSDT") == done
    assert trader.call("open_orders") == []
    assert trader.call("cancel_open_orders", symbol="BTCUSDT") == done


def test_a_stranger_may_do_nothing(trader):
    stranger = trader.beside("eve")
    assert refused(stranger.place, "BUY", quantity="1") == -2015


def test_coin_margined_orders_count_contracts_and_pay_in_coin(coin_trader):
    order = coin_trader.place("BUY", quantity="100")
    found = coin_trader.call("query_order", symbol="BTCUSD_PERP", orderId=order["orderId"])
    assert (found["pair"], found["avgPrice"], found["cumBase"]) == (
        "BTCUSD",
        "60000.1",
        "0.16666639",
    )
    trade = coin_trader.call("user_trades", symbol="BTCUSD_PERP")[0]
    assert (trade["baseQty"], trade["commissionAsset"]) == ("0.16666639", "BTC")
    coin_trader.quote("66000.0", "66000.1", quantity="5000")
    coin_trader.place("SELL", quantity="100")
    gain = coin_trader.call("user_trades", symbol="BTCUSD_PERP")[1]["realizedPnl"]
    assert gain == "0.01515124"
    assert coin_trader.wallet("BTC") == 10 + Decimal("0.01515124") - sum(
        Decimal(t["commission"]) for t in coin_trader.call("user_trades", symbol="BTCUSD_PERP")
    )


def test_a_market_order_needs_somebody_near_the_mark_price(trader):
    bob = trader.beside("bob")
    bob.place("SELL", "LIMIT", quantity="1", price="63500")
    # All that the market has for sale nearer by.
    bob.place("BUY", quantity="5")
    assert refused(trader.place, "BUY", quantity="0.5") == -4131


def test_a_market_order_goes_no_further_than_its_bound(trader):
    bob = trader.beside("bob")
    for price in ("62000", "63500"):
        bob.place("SELL", "LIMIT", quantity="1", price=price)
    order = trader.place("BUY", quantity="7")
    # 5 at 60000.10 and 1 at 62000: 63500 is more than 5 % above the mark price.
    assert (order["status"], order["executedQty"]) == ("EXPIRED", "6.000")


def test_who_may_not_trade_may_look_and_cancel(futures_at):
    spec = replace(opened("alice", "s", "usdm", {}), can_trade=False)
    alice = futures_at(accounts=[spec])
    assert refused(alice.place, "BUY", quantity="1") == -2015
    stop = {"triggerPrice": "59000", "quantity": "1"}
    assert refused(alice.algo, "SELL", "STOP_MARKET", **stop) == -2015
    assert alice.call("account", version=2)["canTrade"] is False
    assert alice.call("account_config")["canTrade"] is False
    alice.call("cancel_open_orders", symbol="BTCUSDT")
