"""The exchange as a whole: its time, its doors, and what it keeps to itself."""

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.errors import ApiError

START_MS = 1_700_000_000_000


def test_time_never_goes_back(alice):
    alice.place(quantity="0.1", price="59000")
    alice.exchange.advance(START_MS - 5000)
    late = alice.exchange.place_order(
        "alice",
        {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"},
        START_MS - 4000,
    )
    assert late["transactTime"] == START_MS + 1
    assert alice.exchange.market_ms == START_MS + 1


def test_what_was_taken_is_not_given_again(alice):
    alice.place(quantity="0.1", price="59000")
    assert alice.exchange.take()
    assert alice.exchange.take() == []


def test_a_still_market_is_never_due(alice):
    assert alice.exchange.next_due_ms() is None
    assert alice.exchange.recorded_streams == frozenset()


def test_accounts_are_known_by_key_and_their_secrets_are_not_shown(trader_at):
    client = trader_at(specs=[AccountSpec("alice", "very-secret")])
    assert client.exchange.accounts["alice"].secret == "very-secret"
    assert "very-secret" not in repr(client.exchange.accounts)


def test_exchange_info_of_one_of_some_and_of_all(alice):
    info = alice.exchange.exchange_info
    assert [s["symbol"] for s in info({"symbol": "ETHUSDT"})["symbols"]] == ["ETHUSDT"]
    assert len(info({"symbols": '["ETHUSDT","BNBUSDT"]'})["symbols"]) == 2
    assert len(info({})["symbols"]) == len(alice.exchange.symbols) == 3
    limits = {(r["rateLimitType"], r["interval"]): r["limit"] for r in info({})["rateLimits"]}
    assert limits["ORDERS", "SECOND"] == 100


def test_the_truth_names_the_account_of_everything(alice):
    bob = alice.beside("bob")
    alice.place(quantity="0.1", price="60000.50")
    bob.place("SELL", "MARKET", quantity="0.1")
    state = alice.exchange.state()
    assert [o["account"] for o in state["orders"]] == ["alice", "bob"]
    assert sorted(t["account"] for t in state["trades"]) == ["alice", "bob"]
    assert len({t["id"] for t in state["trades"]}) == 1
    assert state["balances"] == state["accounts"]["alice"]
    assert set(state["accounts"]) == {"alice", "bob"}


@pytest.mark.parametrize("call", ["place_order", "my_trades", "account_info", "cancel_order"])
def test_nobody_unknown_gets_in(alice, call):
    with pytest.raises(ApiError) as refused:
        alice.beside("mallory").call(call, symbol="BTCUSDT")
    assert (refused.value.status, refused.value.code) == (401, -2015)


def test_the_orders_limit_is_enforced(alice):
    def order():
        return alice.exchange.place_order(
            "alice",
            {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.001",
             "price": "59000"},
            START_MS + 10_000,
        )  # fmt: skip

    for _ in range(100):
        order()
    with pytest.raises(ApiError) as refused:
        order()
    assert (refused.value.status, refused.value.code) == (429, -1015)
