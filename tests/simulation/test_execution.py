"""Stop orders wait, are triggered by trades, and then behave as the orders that they become."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError

D = Decimal
STOP = {"quantity": "1", "stopPrice": "59500"}


@pytest.fixture
def quiet(trader_at):
    """Alice in an empty book, in which the last trade was at 60000."""
    alice = trader_at((), ())
    alice.beside("bob").print_price("60000")
    alice.exchange.take()
    return alice


def reports(client):
    return [(e["x"], e["X"], e["w"]) for e in client.events() if e["e"] == "executionReport"]


def test_a_stop_limit_order_waits_outside_the_book_and_holds_its_funds(quiet):
    body = quiet.place(
        "SELL", "STOP_LOSS_LIMIT", **STOP, price="59400", timeInForce="GTC", newOrderRespType="FULL"
    )
    assert (body["status"], body["workingTime"], body["stopPrice"]) == ("NEW", -1, "59500.00000000")
    assert quiet.exchange.depth({"symbol": "BTCUSDT"})["asks"] == []
    assert quiet.funds("BTC") == (D(9), D(1))
    (new, _) = quiet.events()
    assert (new["x"], new["X"], new["w"], new["P"]) == ("NEW", "NEW", False, "59500.00000000")
    assert "W" not in new
    assert quiet.query(orderId=body["orderId"])["isWorking"] is False


def test_a_trade_at_the_stop_price_brings_it_to_the_book(quiet):
    placed = quiet.place("SELL", "STOP_LOSS_LIMIT", **STOP, price="59600", timeInForce="GTC")
    bob = quiet.beside("bob")
    quiet.events()
    bob.print_price("59500.01")
    assert quiet.events() == []
    bob.print_price("59500")
    assert reports(quiet) == [("NEW", "NEW", True)]
    body = quiet.query(orderId=placed["orderId"])
    assert (body["isWorking"], body["status"]) == (True, "NEW")
    assert body["workingTime"] > body["time"]
    assert quiet.exchange.depth({"symbol": "BTCUSDT"})["asks"] == [["59600.00000000", "1.00000000"]]


def test_a_stop_loss_sells_at_any_price_once_triggered(quiet):
    bob = quiet.beside("bob")
    placed = quiet.place("SELL", "STOP_LOSS", **STOP)
    quiet.events()
    bob.place(quantity="0.6", price="59000")
    bob.print_price("59400")
    assert reports(quiet) == [
        ("NEW", "NEW", True),
        ("TRADE", "PARTIALLY_FILLED", False),
        ("EXPIRED", "EXPIRED", False),
    ]
    body = quiet.query(orderId=placed["orderId"])
    assert (body["executedQty"], body["expiryReason"]) == ("0.60000000", "INSUFFICIENT_LIQUIDITY")
    assert quiet.funds("BTC") == (D("9.4"), D(0))


def test_a_stop_buy_is_reckoned_from_the_book_when_it_is_triggered(quiet):
    bob = quiet.beside("bob")
    quiet.place("BUY", "STOP_LOSS", quantity="1", stopPrice="60500")
    assert quiet.funds("USDT")[1] == 60_500
    bob.place("SELL", quantity="2", price="61000")
    bob.print_price("60600")
    assert quiet.funds("USDT") == (D(1_000_000 - 61_000), D(0))
    assert quiet.funds("BTC")[0] == D("10.999")


def test_a_stop_buy_without_the_funds_is_rejected_when_it_is_triggered(quiet):
    bob = quiet.beside("bob")
    placed = quiet.place("BUY", "STOP_LOSS", quantity="9.8", stopPrice="100500")
    bob.place("SELL", quantity="9.8", price="120000")
    bob.print_price("100600")
    last = [e for e in quiet.events() if e["e"] == "executionReport"][-1]
    assert (last["x"], last["X"], last["r"]) == ("REJECTED", "REJECTED", "INSUFFICIENT_BALANCES")
    assert quiet.query(orderId=placed["orderId"])["status"] == "REJECTED"
    assert quiet.funds("USDT") == (D(1_000_000), D(0))


@pytest.mark.parametrize(
    ("side", "kind", "stop"),
    [
        ("SELL", "STOP_LOSS", "60000"),
        ("BUY", "STOP_LOSS", "60000"),
        ("SELL", "TAKE_PROFIT", "59999"),
        ("BUY", "TAKE_PROFIT", "60001"),
    ],
)
def test_what_would_trigger_at_once_is_refused(quiet, side, kind, stop):
    with pytest.raises(ApiError, match="Order would trigger immediately"):
        quiet.place(side, kind, quantity="0.1", stopPrice=stop)


def test_a_trailing_stop_may_lie_past_its_stop_price_and_tracks_at_once(quiet):
    params = {"quantity": "0.1", "stopPrice": "59000", "trailingDelta": 100}
    placed = quiet.place("SELL", "TAKE_PROFIT", **params)
    quiet.beside("bob").print_price("60100")
    body = quiet.query(orderId=placed["orderId"])
    assert (body["isWorking"], body["trailingTime"] > body["time"]) == (False, True)


def test_one_stop_sets_off_the_next(quiet):
    bob = quiet.beside("bob")
    quiet.place("SELL", "STOP_LOSS", quantity="1", stopPrice="59500")
    quiet.place("SELL", "STOP_LOSS", quantity="2", stopPrice="58500")
    for price in ("58400", "58000"):
        bob.place(quantity="2", price=price)
    bob.place("SELL", quantity="0.1", price="59400")
    bob.place("BUY", quantity="0.1", price="59400", selfTradePreventionMode="NONE")
    assert quiet.funds("BTC") == (D(7), D(0))
    assert quiet.funds("USDT")[0] == D(1_000_000) + D("0.999") * (2 * 58400 + 58000)


def test_a_trailing_stop_tells_since_when_it_tracks(quiet):
    placed = quiet.place("SELL", "TAKE_PROFIT", quantity="1", stopPrice="61000", trailingDelta=100)
    bob = quiet.beside("bob")
    assert quiet.query(orderId=placed["orderId"])["trailingTime"] == -1
    bob.print_price("61000")
    bob.print_price("62000")
    body = quiet.query(orderId=placed["orderId"])
    assert (body["trailingDelta"], body["isWorking"]) == (100, False)
    assert body["trailingTime"] > body["time"]
    quiet.events()
    bob.print_price("61380")
    new = quiet.events()[0]
    assert (new["d"], new["D"], new["w"]) == (100, body["trailingTime"], True)


def test_a_waiting_order_can_be_cancelled(quiet):
    placed = quiet.place("SELL", "STOP_LOSS", **STOP)
    assert quiet.cancel(orderId=placed["orderId"])["status"] == "CANCELED"
    quiet.beside("bob").print_price("59000")
    assert quiet.query(orderId=placed["orderId"])["status"] == "CANCELED"
    assert quiet.funds("BTC") == (D(10), D(0))


def test_of_an_iceberg_only_a_part_is_seen(quiet):
    bob = quiet.beside("bob")
    body = quiet.place("SELL", quantity="1", price="60100", icebergQty="0.3")
    assert body["icebergQty"] == "0.30000000"
    best = quiet.exchange.depth({"symbol": "BTCUSDT"})["asks"]
    assert best == [["60100.00000000", "0.30000000"]]
    taken = bob.place("BUY", "MARKET", quantity="0.7")
    assert [f["qty"] for f in taken["fills"]] == ["0.30000000", "0.30000000", "0.10000000"]
    best = quiet.exchange.depth({"symbol": "BTCUSDT"})["asks"]
    assert best == [["60100.00000000", "0.20000000"]]
    assert quiet.query(orderId=body["orderId"])["executedQty"] == "0.70000000"
    quiet.cancel(orderId=body["orderId"])
    assert quiet.exchange.depth({"symbol": "BTCUSDT"})["asks"] == []
    assert quiet.funds("BTC") == (D("9.3"), D(0))
