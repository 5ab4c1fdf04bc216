"""Execution rules and reference prices as the public sees them."""

from dataclasses import replace

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.rules import symbol_rules

RULE = {
    "ruleType": "PRICE_RANGE",
    "bidLimitMultUp": "2.0",
    "bidLimitMultDown": "0.5",
    "askLimitMultUp": "2.0",
    "askLimitMultDown": "0.5",
}
RULES = symbol_rules("BTCUSDT", tick="0.01", step="0.00001")
BTC = {"symbol": "BTCUSDT"}


@pytest.fixture
def ruled(trader_at):
    return trader_at((), (), symbols=[replace(RULES, execution_rule=RULE, reference_seconds=3)])


def test_the_reference_is_the_mean_of_the_last_seconds(ruled):
    assert ruled.exchange.reference_price(BTC)["referencePrice"] is None
    bob = ruled.beside("bob")
    for price in ("50000", "60000", "60300", "60600"):
        bob.print_price(price)
        bob.clock[0] += 1000
    ruled.exchange.advance(ruled.clock[0])
    body = ruled.exchange.reference_price(BTC)
    assert body["referencePrice"] == "60300.00000000"
    assert ruled.exchange.reference_price_calculation(BTC) == {
        "symbol": "BTCUSDT",
        "calculationType": "ARITHMETIC_MEAN",
        "bucketCount": 3,
        "bucketWidthMs": 1000,
    }


def test_the_rules_of_a_symbol(ruled):
    expected = {"symbolRules": [{"symbol": "BTCUSDT", "rules": [RULE]}]}
    assert ruled.exchange.execution_rules(BTC) == ruled.exchange.execution_rules({}) == expected


def test_a_symbol_without_them(alice):
    assert alice.exchange.execution_rules(BTC) == {"symbolRules": []}
    for call in (alice.exchange.reference_price, alice.exchange.reference_price_calculation):
        with pytest.raises(ApiError) as refused:
            call(BTC)
        assert refused.value.code == -2043
        assert refused.value.msg == "This symbol doesn't have a reference price."


def test_bodies_have_the_documented_keys(ruled, shared_json):
    records = shared_json("rest/responses_spot.jsonl")

    def theirs(path):
        return next(r["body"] for r in records if r["path"] == path and "code" not in r["body"])

    rule = theirs("/api/v3/executionRules")["symbolRules"][0]["rules"][0]
    assert list(ruled.exchange.execution_rules(BTC)["symbolRules"][0]["rules"][0]) == list(rule)
    reference = theirs("/api/v3/referencePrice")
    assert list(ruled.exchange.reference_price(BTC)) == list(reference)
