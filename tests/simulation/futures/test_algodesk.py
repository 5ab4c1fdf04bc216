"""Conditional orders from placing to their end."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import parse


def refused(call, *args, **params):
    with pytest.raises(ApiError) as e:
        call(*args, **params)
    return e.value.code


def statuses(trader):
    return [e["o"]["X"] for e in trader.events("ALGO_UPDATE")]


def test_a_stop_triggers_becomes_a_market_order_and_finishes(trader):
    trader.place("BUY", quantity="1")
    trader.events()
    algo = trader.algo("SELL", "STOP_MARKET", triggerPrice="59500", quantity="1", clientAlgoId="a")
    assert (algo["algoStatus"], algo["orderType"]) == ("NEW", "STOP_MARKET")
    assert [a["algoId"] for a in trader.call("open_algos")] == [algo["algoId"]]
    assert trader.call("open_orders") == []
    trader.quote("59600.00", "59600.10")
    assert statuses(trader) == ["NEW"]
    trader.quote("59400.00", "59400.10")
    # Nobody has traded at that price yet.
    assert statuses(trader) == []
    trader.beside("bob").place("SELL", quantity="0.1")
    updates = [e["o"] for e in trader.events("ALGO_UPDATE")]
    assert [u["X"] for u in updates] == ["TRIGGERING", "TRIGGERED", "FINISHED"]
    assert updates[0]["ai"] == ""
    assert updates[1]["ai"] == updates[2]["ai"] != ""
    assert (updates[2]["ap"], updates[2]["aq"]) == ("59400.00000", "1.000")
    assert trader.position()["positionAmt"] == "0.000"
    found = trader.call("query_algo", clientAlgoId="a")
    assert (found["algoStatus"], found["actualOrderId"]) == ("FINISHED", updates[1]["ai"])
    assert trader.call("open_algos") == []
    order = trader.call("query_order", symbol="BTCUSDT", orderId=found["actualOrderId"])
    assert (order["type"], order["origType"], order["clientOrderId"]) == (
        "MARKET",
        "STOP_MARKET",
        "a",
    )


def test_triggered_is_told_before_the_order_that_comes_of_it(trader):
    trader.algo("BUY", "STOP_MARKET", triggerPrice="60500", quantity="1", workingType="MARK_PRICE")
    trader.events()
    trader.quote("60600.00", "60600.10")
    seen = [(e["e"], e["o"]["X"]) for e in trader.events("ALGO_UPDATE", "ORDER_TRADE_UPDATE")]
    assert seen == [
        ("ALGO_UPDATE", "TRIGGERING"),
        ("ALGO_UPDATE", "TRIGGERED"),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ORDER_TRADE_UPDATE", "FILLED"),
        ("ALGO_UPDATE", "FINISHED"),
    ]


@pytest.mark.parametrize(
    ("side", "kind", "trigger", "quote"),
    [
        ("BUY", "STOP_MARKET", "60500", ("60500.10", "60500.20")),
        ("SELL", "STOP_MARKET", "59500", ("59499.90", "59500.00")),
        ("BUY", "TAKE_PROFIT_MARKET", "59500", ("59499.90", "59500.00")),
        ("SELL", "TAKE_PROFIT_MARKET", "60500", ("60500.10", "60500.20")),
    ],
)
def test_each_kind_triggers_on_its_own_side_of_the_price(trader, side, kind, trigger, quote):
    trader.algo(side, kind, triggerPrice=trigger, quantity="1", workingType="MARK_PRICE")
    trader.wait(3000)
    assert statuses(trader) == ["NEW"]
    trader.quote(*quote)
    assert statuses(trader) == ["TRIGGERING", "TRIGGERED", "FINISHED"]


def test_what_would_trigger_at_once_is_refused(trader):
    trader.place("BUY", quantity="1")
    wrong = {"triggerPrice": "60500", "quantity": "1"}
    assert refused(trader.algo, "SELL", "STOP_MARKET", **wrong) == -2021
    assert refused(trader.algo, "BUY", "TAKE_PROFIT_MARKET", **wrong) == -2021


def test_a_stop_limit_order_rests_at_its_price(trader):
    trader.algo(
        "BUY",
        "STOP",
        triggerPrice="60500",
        price="60400",
        quantity="1",
        workingType="MARK_PRICE",
    )
    trader.quote("60600.00", "60600.10")
    assert statuses(trader) == ["NEW", "TRIGGERING", "TRIGGERED"]
    (order,) = trader.call("open_orders", symbol="BTCUSDT")
    assert (order["type"], order["origType"], order["stopPrice"], order["price"]) == (
        "LIMIT",
        "STOP",
        "60500.00",
        "60400.00",
    )
    trader.call("cancel_order", symbol="BTCUSDT", orderId=order["orderId"])
    assert statuses(trader) == ["FINISHED"]


def test_a_close_position_order_closes_whatever_there_is(trader):
    trader.place("BUY", quantity="1.234")
    with_quantity = {"triggerPrice": "59500", "closePosition": "true", "quantity": "1"}
    assert refused(trader.algo, "SELL", "STOP_MARKET", **with_quantity) == -4137
    trader.algo(
        "SELL",
        "STOP_MARKET",
        triggerPrice="59500",
        closePosition="true",
        workingType="MARK_PRICE",
    )
    trader.place("BUY", quantity="1")
    trader.quote("59400.00", "59400.10")
    assert trader.position()["positionAmt"] == "0.000"


def test_a_close_position_order_without_position_expires(trader):
    trader.algo(
        "SELL",
        "STOP_MARKET",
        triggerPrice="59500",
        closePosition="true",
        workingType="MARK_PRICE",
    )
    trader.quote("59400.00", "59400.10")
    assert statuses(trader) == ["NEW", "TRIGGERING", "EXPIRED"]


def test_a_triggered_order_that_is_refused_says_why(trader):
    trader.algo("BUY", "STOP_MARKET", triggerPrice="60500", quantity="90", workingType="MARK_PRICE")
    trader.events()
    trader.quote("60600.00", "60600.10")
    updates = [e["o"] for e in trader.events("ALGO_UPDATE")]
    assert [u["X"] for u in updates] == ["TRIGGERING", "REJECTED"]
    assert updates[-1]["rm"] == "Margin is insufficient."


def test_a_trailing_stop_follows_the_best_price(trader):
    trader.place("BUY", quantity="1")
    trader.algo(
        "SELL",
        "TRAILING_STOP_MARKET",
        callbackRate="1",
        quantity="1",
        activatePrice="60500",
        workingType="MARK_PRICE",
    )
    trader.events()
    trader.quote("59000.00", "59000.10")
    trader.quote("60600.00", "60600.10")
    trader.quote("62000.00", "62000.10")
    trader.quote("61400.00", "61400.10")
    assert statuses(trader) == []
    trader.quote("61300.00", "61300.10")
    assert statuses(trader) == ["TRIGGERING", "TRIGGERED", "FINISHED"]


@pytest.mark.parametrize(("rate", "code"), [("0", -2007), ("21", -2007), ("x", -1130)])
def test_a_callback_rate_has_bounds(trader, rate, code):
    params = {"callbackRate": rate, "quantity": "1"}
    assert refused(trader.algo, "SELL", "TRAILING_STOP_MARKET", **params) == code


def test_cancelled_algos_are_gone(trader):
    first = trader.algo("BUY", "STOP_MARKET", triggerPrice="60500", quantity="1")
    trader.algo("BUY", "STOP_MARKET", triggerPrice="60600", quantity="1")
    answer = trader.call("cancel_algo", algoId=first["algoId"])
    assert (answer["algoId"], answer["code"]) == (first["algoId"], "200")
    assert refused(trader.call, "cancel_algo", algoId=first["algoId"]) == -2011
    trader.call("cancel_open_algos", symbol="BTCUSDT")
    assert trader.call("open_algos") == []
    rows = trader.call("all_algos", symbol="BTCUSDT")
    assert [row["algoStatus"] for row in rows] == ["CANCELED", "CANCELED"]
    assert refused(trader.call, "query_algo", algoId=1) == -2013
    assert refused(trader.call, "query_algo") == -1102


def test_algo_orders_have_a_limit_and_unique_names(trader):
    params = {"triggerPrice": "60500", "quantity": "1"}
    trader.algo("BUY", "STOP_MARKET", **params, clientAlgoId="a")
    assert refused(trader.algo, "BUY", "STOP_MARKET", **params, clientAlgoId="a") == -4116
    for _ in range(199):
        trader.algo("BUY", "STOP_MARKET", **params)
    assert refused(trader.algo, "BUY", "STOP_MARKET", **params) == -4045


def test_one_triggered_order_may_trigger_the_next(trader):
    trader.quote("60000.00", "60000.10", quantity="1")
    trader.beside("bob").place("SELL", "LIMIT", quantity="2", price="60500")
    trader.beside("bob").place("SELL", "LIMIT", quantity="2", price="61000")
    trader.algo("BUY", "STOP_MARKET", triggerPrice="60500", quantity="2.5")
    trader.algo("BUY", "STOP_MARKET", triggerPrice="61000", quantity="0.5")
    trader.events()
    trader.beside("bob").place("BUY", quantity="1")
    trader.beside("bob").place(
        "BUY", "LIMIT", quantity="0.1", price="60500", selfTradePreventionMode="NONE"
    )
    finished = [e["o"] for e in trader.events("ALGO_UPDATE") if e["o"]["X"] == "FINISHED"]
    assert [f["tp"] for f in finished] == ["60500.00", "61000.00"]


def test_an_account_does_not_see_the_algos_of_others(trader):
    algo = trader.algo("BUY", "STOP_MARKET", triggerPrice="60500", quantity="1")
    bob = trader.beside("bob")
    assert bob.call("open_algos") == []
    assert refused(bob.call, "cancel_algo", algoId=algo["algoId"]) == -2013


def test_before_the_first_trade_the_mark_price_says_what_triggers(trader):
    assert trader.exchange.ticker_price({"symbol": "BTCUSDT"})["price"] == "0.00"
    trader.algo("SELL", "STOP_MARKET", triggerPrice="59000", quantity="1")
    trader.algo("BUY", "STOP_MARKET", triggerPrice="61000", quantity="1")
    late = {"triggerPrice": "61000", "quantity": "1"}
    assert refused(trader.algo, "SELL", "STOP_MARKET", **late) == -2021


@pytest.mark.parametrize(
    ("side", "activation", "is_legal"),
    [
        ("BUY", "59000", True),
        ("BUY", "60500", False),
        ("SELL", "61000", True),
        ("SELL", "59500", False),
    ],
)
def test_a_trailing_stop_may_not_be_past_its_activation(trader, side, activation, is_legal):
    wish = {"callbackRate": "1", "activatePrice": activation, "quantity": "1"}
    if is_legal:
        trader.algo(side, "TRAILING_STOP_MARKET", **wish)
    else:
        assert refused(trader.algo, side, "TRAILING_STOP_MARKET", **wish) == -2021


def test_a_protected_stop_waits_while_last_and_mark_price_are_far_apart(trader):
    bob = trader.beside("bob")
    trader.place("BUY", quantity="2")
    bob.place("BUY", "LIMIT", quantity="10", price="56900")
    stop = {"triggerPrice": "57500", "quantity": "1", "reduceOnly": "true"}
    trader.algo("SELL", "STOP_MARKET", **stop, clientAlgoId="plain")
    trader.algo("SELL", "STOP_MARKET", **stop, clientAlgoId="kept", priceProtect="true")

    def state(name):
        return trader.call("query_algo", clientAlgoId=name)["algoStatus"]

    # Somebody sells 5 % below the mark price, which has not moved yet.
    floor, now_ms = trader.exchange._floor, trader.clock[0]
    book = floor.books["BTCUSDT"]
    amount = parse("5.5")
    floor.submit(book, is_buy=False, price_e8=None, quantity_e8=amount, now_ms=now_ms)
    floor.settle(book, now_ms)
    # The one that is not protected finds nobody near the mark price.
    assert (state("plain"), state("kept")) == ("REJECTED", "NEW")
    # The mark price follows within the second, and the other is let go.
    trader.wait(1000)
    assert state("kept") == "FINISHED"


def test_a_position_is_closed_by_one_stop_and_one_profit_in_each_direction(trader):
    trader.place("BUY", quantity="1")
    close = {"closePosition": "true"}
    trader.algo("SELL", "STOP_MARKET", triggerPrice="59000", **close)
    assert refused(trader.algo, "SELL", "STOP_MARKET", triggerPrice="58000", **close) == -4130
    trader.algo("SELL", "TAKE_PROFIT_MARKET", triggerPrice="61000", **close)
    trader.algo("BUY", "STOP_MARKET", triggerPrice="61000", **close)
    trader.algo("SELL", "STOP_MARKET", triggerPrice="58000", quantity="1")
    trader.call("cancel_open_algos", symbol="BTCUSDT")
    trader.algo("SELL", "STOP_MARKET", triggerPrice="58000", **close)


def test_only_market_orders_close_a_position(trader):
    wish = {"triggerPrice": "59000", "price": "59000", "closePosition": "true"}
    assert refused(trader.algo, "SELL", "STOP", **wish) == -4136
