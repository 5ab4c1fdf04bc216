"""A taker trades as far as the rule lets it, and expires there."""

from dataclasses import replace

import pytest

from bot.simulation.rules import symbol_rules

RULE = {
    "ruleType": "PRICE_RANGE",
    "bidLimitMultUp": "1.001",
    "bidLimitMultDown": "0.999",
    "askLimitMultUp": "1.001",
    "askLimitMultDown": "0.999",
}
RULES = symbol_rules("BTCUSDT", tick="0.01", step="0.00001")
BIDS = (("60000", "1"), ("59900", "1"))
ASKS = (("60010", "1"), ("60100", "1"))


@pytest.fixture
def bounded_trader(trader_at):
    """A function: a client where the reference price is 60010, with that execution rule."""

    def opened(rule, seconds=10):
        rules = replace(RULES, execution_rule=rule, reference_seconds=seconds)
        client = trader_at(BIDS, ASKS, symbols=[rules])
        client.place(quantity="0.1", price="60010")
        client.exchange.take()
        return client

    return opened


@pytest.mark.parametrize(("side", "limit"), [("BUY", "60200"), ("SELL", "59000"), ("BUY", None)])
def test_a_taker_expires_at_the_border(bounded_trader, side, limit):
    client = bounded_trader(RULE)
    more = {"price": limit} if limit else {}
    body = client.place(side, "LIMIT" if limit else "MARKET", quantity="1.5", **more)
    assert (body["status"], body["expiryReason"]) == (
        "EXPIRED",
        "EXECUTION_RULE_PRICE_RANGE_EXCEEDED",
    )
    assert body["executedQty"] == ("0.90000000" if side == "BUY" else "1.00000000")
    expired = [e for e in client.events() if e.get("x") == "EXPIRED"]
    assert expired[0]["eR"] == "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"
    assert client.funds("USDT")[1] == client.funds("BTC")[1] == 0


def test_what_does_not_take_is_not_bounded(bounded_trader):
    client = bounded_trader(RULE)
    assert client.place(quantity="0.1", price="55000")["status"] == "NEW"
    assert client.place(quantity="0.9", price="60200")["status"] == "FILLED"


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [
        (None, 10),
        (RULE, 0),
        ({k: v for k, v in RULE.items() if k != "bidLimitMultUp"}, 10),
    ],
)
def test_without_rule_reference_or_multiplier_nothing_is_bounded(bounded_trader, rule, seconds):
    client = bounded_trader(rule, seconds)
    assert client.place(kind="MARKET", quantity="1.5")["status"] == "FILLED"
