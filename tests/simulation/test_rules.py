"""The rules of a symbol fit the symbol."""

from decimal import Decimal

import pytest

from bot.simulation.rules import DEFAULT_SYMBOLS, observed_rules, split_symbol, symbol_rules


@pytest.mark.parametrize(
    ("symbol", "assets"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
        ("BTCFDUSD", ("BTC", "FDUSD")),
        ("BNBETH", ("BNB", "ETH")),
        ("BTCXYZ", ("BTC", "XYZ")),
    ],
)
def test_a_symbol_is_split_at_its_quote_asset(symbol, assets):
    assert split_symbol(symbol) == assets


def test_observed_rules_are_the_known_ones_where_these_fit():
    btc = DEFAULT_SYMBOLS[0]
    assert observed_rules("BTCUSDT", [Decimal("61837.63")], [Decimal("0.00105")]) is btc
    finer = observed_rules("BTCUSDT", [Decimal("61837.635")], [Decimal("0.00105")])
    assert finer.tick_e8 == 100_000


def test_a_few_old_quantities_off_the_grid_are_let_pass():
    quantities = [Decimal(n) / 1000 for n in range(1, 100)] + [Decimal("0.0123456")]
    assert observed_rules("XRPUSDT", [Decimal("0.5123")], quantities).step_e8 == 10**5


def test_the_entry_of_exchange_info_is_a_copy():
    rules = symbol_rules("BTCUSDT", tick="0.01", step="0.00001")
    rules.exchange_info()["filters"][0]["tickSize"] = "1"
    assert rules.filter("PRICE_FILTER")["tickSize"] == "0.01000000"
    assert rules.filter("NO_SUCH_FILTER") is None
