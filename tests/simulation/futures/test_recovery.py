"""The futures exchange after a restart."""

import json
from decimal import Decimal

import pytest

from bot.domain.errors import DataError


class Pages:
    def __init__(self):
        self.lines = []

    def write(self, record):
        self.lines.append(json.dumps(record))


@pytest.fixture
def journalled(futures_at):
    """A client of an exchange that writes a journal, and the journal."""
    pages = Pages()
    return futures_at(journal=pages), pages


def test_accounts_positions_orders_and_settings_come_back(journalled, futures_at):
    trader, pages = journalled
    trader.call("leverage", symbol="BTCUSDT", leverage=50)
    trader.call("margin_type", symbol="ETHUSDT", marginType="ISOLATED")
    trader.place("BUY", quantity="1")
    trader.call("place_order", symbol="ETHUSDT", side="SELL", type="MARKET", quantity=2)
    trader.place("BUY", "LIMIT", quantity="1", price="59000", newClientOrderId="rests")
    trader.algo("SELL", "STOP_MARKET", triggerPrice="58000", closePosition="true")
    again = futures_at(lines=pages.lines)
    before, after = trader.exchange.state(), again.exchange.state()
    assert after == before
    assert again.position()["leverage"] == "50"
    eth = again.position(symbol="ETHUSDT")
    assert eth["marginType"] == "isolated"
    assert Decimal(eth["isolatedWallet"]) > 0
    again.quote("58900.00", "58900.10")
    assert again.position()["positionAmt"] == "2.000"
    again.quote("57900.00", "57900.10")
    again.beside("bob").place("SELL", quantity="0.1")
    assert again.position()["positionAmt"] == "0.000"


def test_ids_are_never_given_out_twice(journalled, futures_at):
    trader, pages = journalled
    first = trader.place("BUY", quantity="1")
    again = futures_at(lines=pages.lines)
    second = again.place("SELL", quantity="1")
    assert second["orderId"] > first["orderId"]
    trades = again.call("user_trades", symbol="BTCUSDT")
    assert len({t["id"] for t in trades}) == 2
    rows = again.call("income")
    assert len({row["tranId"] for row in rows}) == len(rows)


def test_hedge_mode_comes_back(journalled, futures_at):
    trader, pages = journalled
    trader.call("change_position_mode", dualSidePosition="true")
    trader.place("BUY", quantity="1", positionSide="LONG")
    again = futures_at(lines=pages.lines)
    assert again.position("LONG")["positionAmt"] == "1.000"


def test_a_journal_of_other_contracts_is_refused(journalled, futures_at):
    trader, pages = journalled
    trader.place("BUY", quantity="1")
    with pytest.raises(DataError, match="does not fit"):
        futures_at("coinm", lines=pages.lines)


def test_a_running_countdown_and_past_fundings_come_back(futures_at):
    pages = Pages()
    trader = futures_at(journal=pages, funding_ms=60_000)
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    trader.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=200_000)
    trader.call("countdown_cancel_all", symbol="ETHUSDT", countdownTime=200_000)
    trader.call("countdown_cancel_all", symbol="ETHUSDT", countdownTime=0)
    trader.wait(130_000)
    before = trader.exchange.funding_rate({"symbol": "BTCUSDT"})
    assert len(before) == 2
    again = futures_at(lines=pages.lines, funding_ms=60_000, start_ms=trader.clock[0])
    again.clock[0] = trader.clock[0]
    assert again.exchange.funding_rate({"symbol": "BTCUSDT"}) == before
    again.wait(60_000)
    assert len(again.call("open_orders")) == 1
    again.wait(20_000)
    assert again.call("open_orders") == []


def test_a_countdown_that_ended_in_the_meantime_cancels_at_once(futures_at):
    pages = Pages()
    trader = futures_at(journal=pages)
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    trader.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=5_000)
    again = futures_at(lines=pages.lines, start_ms=trader.clock[0] + 60_000)
    again.clock[0] = trader.clock[0] + 60_000
    assert again.call("open_orders") == []


def test_the_insurance_fund_and_moved_margin_come_back(futures_at):
    pages = Pages()
    trader = futures_at(journal=pages, balances={"USDT": Decimal(1000)})
    trader.call("margin_type", symbol="ETHUSDT", marginType="ISOLATED")
    trader.call("place_order", symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.1")
    trader.call("position_margin", symbol="ETHUSDT", type=1, amount="10")
    trader.call("change_fee_burn", feeBurn="true")
    trader.call("leverage", symbol="BTCUSDT", leverage=50)
    trader.place("BUY", quantity="0.5")
    trader.quote("57000.0", "57000.1")
    again = futures_at(lines=pages.lines, balances={"USDT": Decimal(1000)})
    asked = {"symbol": "BTCUSDT"}
    assert [row["marginBalance"] for row in again.exchange.insurance_balance(asked)["assets"]] == [
        row["marginBalance"] for row in trader.exchange.insurance_balance(asked)["assets"]
    ]
    assert again.call("margin_history", symbol="ETHUSDT") == trader.call(
        "margin_history", symbol="ETHUSDT"
    )
    assert again.call("fee_burn") == {"feeBurn": True}
