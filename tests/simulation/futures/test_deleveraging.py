"""What happens when the insurance fund cannot bear a liquidation."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.futures.account import opened
from bot.simulation.futures.emissions import Liquidation


@pytest.fixture
def crash(futures_at):
    """A function: alice is long with too little, bob and carol are short; the price falls."""

    def happen(insurance):
        accounts = [
            opened("alice", "s", "usdm", {"USDT": Decimal(1000)}),
            opened("bob", "s", "usdm", {}),
            opened("carol", "s", "usdm", {}),
        ]
        alice = futures_at(accounts=accounts, insurance={"USDT": Decimal(insurance)})
        bob, carol = alice.beside("bob"), alice.beside("carol")
        alice.call("leverage", symbol="BTCUSDT", leverage=50)
        carol.call("leverage", symbol="BTCUSDT", leverage=100)
        alice.place("BUY", quantity="0.5")
        bob.place("SELL", quantity="0.3")
        carol.place("SELL", quantity="0.3")
        alice.exchange.take()
        alice.market.quote("BTCUSDT", "50000.0", "50000.1")
        alice.wait(1000)
        return alice, bob, carol

    return happen


def test_a_rich_fund_pays_and_nobody_else_is_touched(crash):
    alice, bob, carol = crash("100000")
    assert alice.wallet() == 0
    assert bob.position()["positionAmt"] == carol.position()["positionAmt"] == "-0.300"
    body = alice.exchange.insurance_balance({"symbol": "BTCUSDT"})
    # A loss of 5000.05 and a commission of 15.000025 on a wallet of 1000.
    assert Decimal(body["assets"][0]["marginBalance"]) == Decimal("95984.949975")
    assert alice.exchange.adl_risk({"symbol": "BTCUSDT"})["adlRisk"] == "low"


def test_a_poor_fund_lets_those_pay_who_won_most_by_the_loss(crash):
    alice, bob, carol = crash("100")
    assert alice.position()["positionAmt"] == "0.000"
    assert 0 <= alice.wallet() < 1
    # Carol's leverage is higher: she is the first, and bob gives what is missing.
    assert carol.position()["positionAmt"] == "0.000"
    assert bob.position()["positionAmt"] == "-0.100"
    (row,) = carol.call("force_orders", autoCloseType="ADL")
    assert row["clientOrderId"].startswith("adl_autoclose-")
    # Bankrupt is who bought 0.5 at 60000.10 with 1000 less a commission of 15.
    assert Decimal(row["avgPrice"]) == Decimal("58030.20")
    assert carol.call("force_orders", autoCloseType="LIQUIDATION") == []
    balance = alice.exchange.insurance_balance({"symbol": "BTCUSDT"})["assets"][0]
    assert Decimal(balance["marginBalance"]) >= 100


def test_the_deleveraged_are_told_as_binance_tells(crash):
    alice, _, _ = crash("0")
    taken = alice.exchange.take()
    events = [e.payload for e in taken if getattr(e, "account", None) == "carol"]
    updates = [e["o"] for e in events if e["e"] == "ORDER_TRADE_UPDATE"]
    assert [(u["x"], u["X"]) for u in updates] == [("NEW", "NEW"), ("CALCULATED", "FILLED")]
    assert {u["c"].startswith("adl_autoclose-") for u in updates} == {True}
    (forced,) = [e for e in taken if isinstance(e, Liquidation)]
    assert (forced.order["S"], forced.order["X"]) == ("SELL", "FILLED")


def test_a_bankrupt_short_is_bought_back_from_those_who_are_long(futures_at):
    accounts = [opened("alice", "s", "usdm", {"USDT": Decimal(1000)})]
    accounts.append(opened("bob", "s", "usdm", {}))
    alice = futures_at(accounts=accounts, insurance={"USDT": Decimal(0)})
    bob = alice.beside("bob")
    alice.call("leverage", symbol="BTCUSDT", leverage=50)
    alice.place("SELL", quantity="0.51")
    bob.place("BUY", quantity="0.2")
    alice.quote("70000.0", "70000.1")
    assert alice.position()["positionAmt"] == bob.position()["positionAmt"] == "0.000"
    # On the tick at which nothing is owed: the fund is empty, and stays out of it.
    cleared = [Decimal(row["income"]) for row in alice.call("income", incomeType="INSURANCE_CLEAR")]
    assert all(amount < 0 for amount in cleared)
    assert alice.wallet() >= 0


def test_nobody_is_deleveraged_for_himself(futures_at):
    accounts = [opened("alice", "s", "usdm", {"USDT": Decimal(20_000)})]
    alice = futures_at(accounts=accounts, insurance={"USDT": Decimal(0)})
    alice.call("change_position_mode", dualSidePosition="true")
    alice.call("margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    alice.call("leverage", symbol="BTCUSDT", leverage=50)
    alice.place("BUY", quantity="0.5", positionSide="LONG")
    alice.place("SELL", quantity="0.3", positionSide="SHORT")
    alice.quote("50000.0", "50000.1")
    assert alice.position("LONG")["positionAmt"] == "0.000"
    assert alice.position("SHORT")["positionAmt"] == "-0.300"


def test_a_place_in_the_row_follows_the_return_on_margin(trader):
    trader.call("leverage", symbol="BTCUSDT", leverage=20)
    trader.place("SELL", quantity="0.5")
    places = []
    for bid in ("60100.0", "59800.0", "59000.0", "58000.0", "56000.0"):
        trader.quote(bid, f"{float(bid) + 0.1:.1f}")
        row = trader.call("adl_quantile", symbol="BTCUSDT")
        places.append(row["adlQuantile"]["BOTH"])
        assert trader.call("position_risk", version=3)[0]["adl"] == places[-1]
    assert places == [0, 1, 2, 3, 4]


def test_a_kind_that_does_not_exist_is_refused(trader):
    with pytest.raises(ApiError, match="autoCloseType"):
        trader.call("force_orders", autoCloseType="FUN")
