"""Accounts whose margin no longer suffices."""

from decimal import Decimal

import pytest

from bot.simulation.futures.emissions import Liquidation


@pytest.fixture
def poor(futures_at):
    """1000 USDT."""
    return futures_at(balances={"USDT": Decimal(1000)})


def test_a_cross_position_is_warned_of_and_then_closed(poor):
    poor.call("leverage", symbol="BTCUSDT", leverage=50)
    poor.place("BUY", quantity="0.5")
    limit = Decimal(poor.position()["liquidationPrice"])
    assert 58_000 < limit < 59_000
    poor.events()
    poor.quote(f"{limit + 40:.1f}", f"{limit + 41:.1f}")
    (call,) = poor.events("MARGIN_CALL")
    assert call["p"][0]["s"] == "BTCUSDT"
    poor.wait(5000)
    assert poor.events("MARGIN_CALL") == []
    poor.market.quote("BTCUSDT", f"{limit - 2:.1f}", f"{limit - 1:.1f}")
    poor.wait(1000)
    taken = poor.exchange.take()
    (forced,) = [e for e in taken if isinstance(e, Liquidation)]
    assert (forced.order["S"], forced.order["X"], forced.order["z"]) == ("SELL", "FILLED", "0.500")
    updates = [
        e.payload for e in taken if getattr(e, "payload", {}).get("e") == "ORDER_TRADE_UPDATE"
    ]
    assert [u["o"]["x"] for u in updates] == ["NEW", "CALCULATED"]
    assert updates[0]["o"]["c"].startswith("autoclose-")
    assert updates[1]["o"]["o"] == "LIQUIDATION"
    assert poor.position()["positionAmt"] == "0.000"
    (row,) = poor.call("force_orders")
    assert (row["type"], row["timeInForce"], row["status"]) == ("LIMIT", "IOC", "FILLED")
    assert poor.wallet() >= 0


def test_open_orders_are_cancelled_first(poor):
    poor.call("leverage", symbol="BTCUSDT", leverage=50)
    poor.place("BUY", quantity="0.5")
    order = poor.place("SELL", "LIMIT", quantity="0.5", price="61000")
    poor.quote("57000.0", "57000.1")
    found = poor.call("query_order", symbol="BTCUSDT", orderId=order["orderId"])
    assert found["status"] == "EXPIRED"


def test_nobody_owes_more_than_he_had(poor):
    poor.call("leverage", symbol="BTCUSDT", leverage=50)
    poor.place("BUY", quantity="0.5")
    poor.quote("50000.0", "50000.1")
    assert poor.wallet() == 0
    rows = poor.call("income")
    assert rows[-1]["incomeType"] == "INSURANCE_CLEAR"
    assert sum(Decimal(row["income"]) for row in rows) == -1000


def test_an_isolated_position_loses_only_what_stands_behind_it(poor):
    poor.call("margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    poor.call("leverage", symbol="BTCUSDT", leverage=50)
    poor.place("BUY", quantity="0.1")
    behind = Decimal(poor.position()["isolatedWallet"])
    before = poor.wallet()
    poor.quote("50000.0", "50000.1")
    assert poor.position()["positionAmt"] == "0.000"
    assert poor.wallet() == before - behind


def test_other_accounts_and_assets_are_left_alone(futures_at):
    trader = futures_at("coinm", balances={"BTC": Decimal("0.1"), "ETH": Decimal(10)})
    trader.call("leverage", symbol="BTCUSD_PERP", leverage=100)
    trader.place("BUY", quantity="1500")
    trader.call("place_order", symbol="ETHUSD_PERP", side="BUY", type="MARKET", quantity=10)
    trader.beside("bob").place("BUY", quantity="10")
    trader.quote("55000.0", "55000.1", quantity="5000")
    assert trader.position()["positionAmt"] == "0"
    assert trader.position(symbol="ETHUSD_PERP")["positionAmt"] == "10"
    assert trader.beside("bob").position()["positionAmt"] == "10"
    assert trader.wallet("BTC") == 0


def test_without_anybody_in_the_book_the_insurance_fund_takes_over(poor):
    poor.call("leverage", symbol="BTCUSDT", leverage=50)
    poor.place("BUY", quantity="0.5")
    poor.quote("57000.0", "57000.1", quantity="0.1")
    assert poor.position()["positionAmt"] == "0.000"


def test_a_safe_account_hears_nothing(trader):
    trader.place("BUY", quantity="1")
    trader.events()
    trader.quote("55000.0", "55000.1")
    assert trader.events() == []
    assert trader.position()["positionAmt"] == "1.000"
