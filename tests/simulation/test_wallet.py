"""Deposits, withdrawals and locks are told, exact, and outlive a restart."""

import json
from decimal import Decimal

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket

D = Decimal


def move(client, asset, amount, **more):
    client.clock[0] += 1
    return client.exchange.move_funds(client.key, asset, D(amount), client.clock[0], **more)


def test_a_deposit_is_told_and_then_the_balance(alice):
    assert move(alice, "USDT", "12.5")["free"] == "1000012.50000000"
    update, position = alice.events()
    assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "USDT", "12.50000000")
    assert position["B"] == [{"a": "USDT", "f": "1000012.50000000", "l": "0.00000000"}]
    move(alice, "USDT", "-0.5")
    assert alice.events()[0]["d"] == "-0.50000000"
    assert alice.funds("USDT") == (D(1_000_012), D(0))
    assert move(alice, "DOGE", "3") == {
        "asset": "DOGE",
        "free": "3.00000000",
        "locked": "0.00000000",
    }


def test_funds_are_locked_apart_from_orders(alice):
    alice.place(quantity="1", price="50000")
    move(alice, "USDT", "1000", as_lock=True)
    assert alice.funds("USDT") == (D(949_000), D(51_000))
    update = alice.events()[-2]
    assert (update["e"], update["d"]) == ("externalLockUpdate", "1000.00000000")
    with pytest.raises(ApiError, match=r"1000\.00000000 locked apart from orders"):
        move(alice, "USDT", "-1001", as_lock=True)
    move(alice, "USDT", "-1000", as_lock=True)
    alice.call("cancel_open_orders", symbol="BTCUSDT")
    assert alice.funds("USDT") == (D(1_000_000), D(0))


@pytest.mark.parametrize("as_lock", [False, True])
def test_what_is_not_there_cannot_be_taken(alice, as_lock):
    amount = "1000001" if as_lock else "-1000001"
    with pytest.raises(ApiError, match=r"-1130") as refused:
        move(alice, "USDT", amount, as_lock=as_lock)
    assert "1000000.00000000 USDT free" in refused.value.msg
    with pytest.raises(ApiError, match="there is no account mallory"):
        move(alice.beside("mallory"), "USDT", "1")


def test_a_deposit_outlives_a_restart():
    lines = []

    class Journal:
        def write(self, record):
            lines.append(json.dumps(record))

    def opened(journal=None):
        return SimulatedExchange.restore(
            list(lines),
            symbols=DEFAULT_SYMBOLS,
            accounts=[AccountSpec("alice")],
            market=StillMarket(),
            start_ms=0,
            journal=journal,
        )

    before = opened(Journal())
    before.move_funds("alice", "SOL", D("7.5"), 1)
    assert opened().state()["balances"]["SOL"]["free"] == "7.50000000"
