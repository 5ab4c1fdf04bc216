"""Contracts by their names."""

import pytest

from bot.simulation.futures.catalogue import find_contract
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS


@pytest.mark.parametrize("kind", ["usdm", "coinm"])
def test_known_contracts_are_found_as_they_are(kind):
    for contract in DEFAULT_CONTRACTS[kind]:
        assert find_contract(kind, contract.symbol) is contract


def test_an_index_of_several_assets_is_known_too():
    assert find_contract("usdm", "DEFIUSDT").underlying == "INDEX"


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [("SOLUSDT", "SOL", "USDT"), ("1000PEPEUSDC", "1000PEPE", "USDC")],
)
def test_others_are_worth_dollars_and_traded_on_their_own_grid(futures_at, symbol, base, quote):
    contract = find_contract("usdm", symbol)
    assert (contract.base, contract.quote, contract.margin_asset) == (base, quote, quote)
    client = futures_at(symbols=[*DEFAULT_CONTRACTS["usdm"], contract], balances={quote: 10_000})
    client.symbol = symbol
    client.quote("100.00", "100.01", quantity="500")
    client.place("BUY", quantity="1")
    assert client.position()["positionAmt"] == "1.00"


@pytest.mark.parametrize("name", ["BTCEUR", "BTCUSD", "USDT", "btcusdt", "SOL-USDT"])
def test_other_names_are_no_contracts(name):
    assert find_contract("usdm", name) is None
    assert find_contract("coinm", name) is None
