"""The dead man's switch."""

import pytest

from bot.simulation.errors import ApiError


def test_orders_are_cancelled_when_nobody_speaks_up_in_time(trader):
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    other = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    trader.call("place_order", **other, quantity="1", price="2900")
    answer = trader.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=1500)
    assert answer == {"symbol": "BTCUSDT", "countdownTime": "1500"}
    deadline = trader.clock[0] + 1500
    trader.exchange.advance(deadline - 1)
    assert trader.exchange.next_due_ms() == deadline
    assert len(trader.exchange.open_orders("alice", {}, deadline - 1)) == 2
    trader.exchange.advance(deadline)
    (left,) = trader.exchange.open_orders("alice", {}, deadline)
    assert left["symbol"] == "ETHUSDT"


def test_speaking_up_starts_it_again_and_zero_stops_it(trader):
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    for _ in range(3):
        trader.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=1000)
        trader.wait(900)
    trader.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=0)
    trader.wait(5000)
    assert len(trader.call("open_orders")) == 1


def test_each_account_has_its_own(trader):
    bob = trader.beside("bob")
    for client in (trader, bob):
        client.place("BUY", "LIMIT", quantity="1", price="59000")
    trader.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=1000)
    trader.wait(2000)
    assert (len(trader.call("open_orders")), len(bob.call("open_orders"))) == (0, 1)


def test_time_and_symbol_are_mandatory(trader):
    with pytest.raises(ApiError, match="countdownTime"):
        trader.call("countdown_cancel_all", symbol="BTCUSDT")
    with pytest.raises(ApiError, match="Invalid symbol"):
        trader.call("countdown_cancel_all", symbol="X", countdownTime=1)
