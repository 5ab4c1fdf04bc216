"""Orders that take their price from the book."""

import pytest

from bot.simulation.errors import ApiError

LEVELS = [("59990", "60010"), ("59980", "60020"), ("59970", "60030"), ("59960", "60040")]


@pytest.fixture
def deep(trader):
    """Five levels on each side, all but the best of another client."""
    other = trader.beside("bob")
    for bid, ask in LEVELS:
        other.place("BUY", "LIMIT", quantity="0.1", price=bid)
        other.place("SELL", "LIMIT", quantity="0.1", price=ask)
    return trader


def refused(call, *args, **params):
    with pytest.raises(ApiError) as e:
        call(*args, **params)
    return e.value.code


@pytest.mark.parametrize(
    ("side", "match", "price"),
    [
        ("BUY", "QUEUE", "60000.00"),
        ("BUY", "QUEUE_5", "59960.00"),
        ("SELL", "QUEUE", "60000.10"),
        ("SELL", "QUEUE_5", "60040.00"),
    ],
)
def test_a_queued_order_takes_the_price_of_its_own_side(deep, side, match, price):
    order = deep.place(side, "LIMIT", quantity="0.1", priceMatch=match)
    assert (order["price"], order["priceMatch"], order["status"]) == (price, match, "NEW")
    (event, *_) = deep.events("ORDER_TRADE_UPDATE")
    assert (event["o"]["p"], event["o"]["pm"]) == (price, match)


@pytest.mark.parametrize(
    ("side", "match", "price"),
    [("BUY", "OPPONENT", "60000.10"), ("SELL", "OPPONENT_5", "59960.00")],
)
def test_an_opponents_price_is_taken_at_once(deep, side, match, price):
    order = deep.place(side, "LIMIT", quantity="0.1", priceMatch=match)
    assert (order["price"], order["status"]) == (price, "FILLED")


def test_a_book_without_so_many_levels_has_no_price(deep):
    limit = {"quantity": "0.1", "priceMatch": "QUEUE_10"}
    assert refused(deep.place, "BUY", "LIMIT", **limit) == -5041


def test_a_match_stands_in_place_of_a_price_and_for_limit_orders_only(deep):
    assert refused(deep.place, "BUY", "LIMIT", quantity="1", priceMatch="BEST") == -5037
    assert refused(deep.place, "BUY", "LIMIT", quantity="1", priceMatch="QUEUE_7") == -5037
    assert refused(deep.place, "BUY", quantity="1", priceMatch="QUEUE") == -5038
    both = {"quantity": "1", "priceMatch": "QUEUE", "price": "59000"}
    assert refused(deep.place, "BUY", "LIMIT", **both) == -1106


def test_a_changed_order_may_be_matched_anew(deep):
    order = deep.place("BUY", "LIMIT", quantity="0.1", price="59000")
    changed = deep.call(
        "modify_order",
        symbol="BTCUSDT",
        side="BUY",
        orderId=order["orderId"],
        quantity="0.1",
        priceMatch="QUEUE_5",
    )
    assert (changed["price"], changed["priceMatch"]) == ("59960.00", "QUEUE_5")
    (row,) = deep.call("order_amendments", symbol="BTCUSDT")
    assert row["priceMatch"] == "QUEUE_5"


def test_a_conditional_order_is_matched_when_it_is_triggered(deep):
    deep.algo("SELL", "STOP", triggerPrice="59500", quantity="0.1", priceMatch="OPPONENT")
    deep.quote("59400.00", "59400.10")
    deep.beside("bob").place("SELL", quantity="0.01")
    (found,) = deep.call("all_algos", symbol="BTCUSDT")
    order = deep.call("query_order", symbol="BTCUSDT", orderId=found["actualOrderId"])
    assert (order["type"], order["price"]) == ("LIMIT", "59400.00")
    market = {"triggerPrice": "59000", "quantity": "0.1", "priceMatch": "OPPONENT"}
    assert refused(deep.algo, "SELL", "STOP_MARKET", **market) == -5038
