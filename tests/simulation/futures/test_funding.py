"""Funding every eight hours, or as often as a test likes."""

from decimal import Decimal

import pytest

HOUR_MS = 3_600_000


def test_longs_pay_shorts_receive_and_both_are_told(futures_at):
    trader = futures_at(funding_ms=60_000)
    bob = trader.beside("bob")
    trader.place("BUY", quantity="1")
    bob.place("SELL", quantity="2")
    mark = trader.exchange.mark("BTCUSDT")
    assert mark.funding_rate == Decimal("0.0001")
    trader.exchange.take()
    before, bobs = trader.wallet(), bob.wallet()
    trader.wait(60_000)
    taken = trader.exchange.take()
    paid = {e.account: e.payload for e in taken if getattr(e, "payload", {}).get("a")}
    change = mark.mark * mark.funding_rate
    assert trader.wallet() == before - change
    assert bob.wallet() == bobs + 2 * change
    update = paid["alice"]["a"]
    assert (update["m"], update["S"], update["P"]) == ("FUNDING_FEE", "BTCUSDT", [])
    assert Decimal(update["B"][0]["bc"]) == -change
    (row,) = trader.call("income", incomeType="FUNDING_FEE")
    assert Decimal(row["income"]) == -change


def test_an_isolated_position_pays_from_its_own_wallet(futures_at):
    trader = futures_at(funding_ms=60_000)
    trader.call("margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    trader.place("BUY", quantity="1")
    before = Decimal(trader.position()["isolatedWallet"])
    trader.events()
    trader.wait(60_000)
    (update,) = trader.events("ACCOUNT_UPDATE")
    (paid,) = trader.call("income", incomeType="FUNDING_FEE")
    assert Decimal(update["a"]["P"][0]["iw"]) == before + Decimal(paid["income"])


def test_funding_is_due_at_whole_multiples_of_eight_hours(trader):
    due = trader.exchange.mark("BTCUSDT").next_funding_ms
    assert due % (8 * HOUR_MS) == 0
    assert 0 < due - trader.clock[0] <= 8 * HOUR_MS
    trader.place("BUY", quantity="1")
    trader.wait(due - trader.clock[0] - 2)
    assert trader.call("income", incomeType="FUNDING_FEE") == []
    trader.wait(1)
    assert len(trader.call("income", incomeType="FUNDING_FEE")) == 1
    (row,) = trader.exchange.funding_rate({"symbol": "BTCUSDT"})
    assert (row["fundingTime"], row["fundingRate"]) == (due, "0.00010000")


def test_a_long_sleep_pays_each_funding_that_was_missed(trader):
    trader.place("BUY", quantity="1")
    trader.wait(24 * HOUR_MS)
    rows = trader.call("income", incomeType="FUNDING_FEE")
    assert len(rows) == 3
    assert len({row["time"] for row in rows}) == 3


@pytest.mark.parametrize(("quantity", "side"), [("100", "BUY"), ("100", "SELL")])
def test_inverse_contracts_are_funded_in_coin(futures_at, quantity, side):
    trader = futures_at("coinm", funding_ms=60_000)
    trader.place(side, quantity=quantity)
    trader.wait(60_000)
    (row,) = trader.call("income", incomeType="FUNDING_FEE")
    sign = -1 if side == "BUY" else 1
    assert row["asset"] == "BTC"
    assert Decimal(row["income"]) == sign * Decimal("0.00001667")
