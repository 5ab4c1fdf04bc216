"""The contracts of a tape: recorded ones, or such as fit what is on it."""

import json
from decimal import Decimal

import pytest

from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.tapecontracts import observed_contract, read_contracts, sized

D = Decimal
JULY_2021_MS = 1_626_916_404_000
BTC = DEFAULT_CONTRACTS["usdm"][0]


def decimals(*texts):
    return [D(text) for text in texts]


def observed(kind, symbol, prices, quantities):
    return observed_contract(
        kind, symbol, decimals(*prices), decimals(*quantities), at_ms=JULY_2021_MS
    )


def test_a_known_contract_is_taken_if_it_fits():
    assert observed("usdm", "BTCUSDT", ["28145.10", "5000.00"], ["0.002", "14.368"]) is BTC


def test_tick_and_step_are_the_coarsest_that_fit():
    contract = observed("usdm", "NEOUSDT", ["57.273", "57.2"], ["1.89", "2"])
    assert (contract.tick, contract.step) == (D("0.001"), D("0.01"))
    assert (contract.price_places, contract.quantity_places) == (3, 2)
    assert (contract.base, contract.quote, contract.margin_asset) == ("NEO", "USDT", "USDT")
    assert contract.price_text(5_727_300_000) == "57.273"
    finer = observed("usdm", "BTCUSDT", ["28145.15"], ["0.002"])
    assert (finer.tick, finer.min_notional) == (D("0.01"), BTC.min_notional)


@pytest.mark.parametrize(
    ("symbol", "size", "kind", "delivery_ms"),
    [
        ("TRXUSD_PERP", 10, "PERPETUAL", 4_133_404_800_000),
        ("BTCUSD_210924", 100, "CURRENT_QUARTER", 1_632_470_400_000),
        ("ETHUSD_211231", 10, "NEXT_QUARTER", 1_640_937_600_000),
        ("ETHUSD_999999", 10, "PERPETUAL", 4_133_404_800_000),
    ],
)
def test_a_coin_margined_name_says_what_it_is(symbol, size, kind, delivery_ms):
    contract = observed("coinm", symbol, ["0.06"], ["1"])
    assert (contract.size, contract.kind, contract.delivery_ms) == (size, kind, delivery_ms)
    assert contract.margin_asset == symbol[:3]
    assert contract.pair == symbol.partition("_")[0]


def test_brackets_of_a_cheap_coin_are_worth_as_much_as_bitcoins():
    trx = observed("coinm", "TRXUSD_PERP", ["0.06"], ["1"])
    known = DEFAULT_CONTRACTS["coinm"][0]
    steps = sized(trx, D("0.06")).brackets.steps
    assert [s.cap for s in steps] == [s.cap * 1_000_000 for s in known.brackets.steps]
    assert [s.ratio for s in steps] == [s.ratio for s in known.brackets.steps]
    assert sized(known, D(1)) is known
    assert sized(BTC, D(1)) is BTC


def info(**changed):
    row = {
        "symbol": "SUSHIUSDT",
        "pair": "SUSHIUSDT",
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "baseAsset": "SUSHI",
        "quoteAsset": "USDT",
        "pricePrecision": 4,
        "quantityPrecision": 0,
        "liquidationFee": "0.015000",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": "0.5",
                "maxPrice": "99",
                "tickSize": "0.0010",
            },
            {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "5000", "stepSize": "1"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "1", "maxQty": "700", "stepSize": "1"},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1000"},
        ],
    }
    return json.dumps({"symbols": [row | changed]}).encode()


def test_recorded_rules_are_the_contracts():
    (contract,) = read_contracts("usdm", "/fapi/v1/exchangeInfo", info()).values()
    assert (contract.tick, contract.step, contract.price_places) == (D("0.001"), 1, 4)
    assert (contract.max_quantity, contract.max_market_quantity) == (5000, 700)
    assert (contract.min_price, contract.max_price, contract.min_notional) == (D("0.5"), 99, 5)
    assert (contract.price_band, contract.liquidation_fee) == (D("0.1"), D("0.015"))
    assert contract.size is None


def test_what_is_no_exchange_info_gives_no_contracts():
    assert read_contracts("usdm", "/fapi/v1/depth?symbol=SUSHIUSDT", info()) == {}
    assert read_contracts("usdm", "/fapi/v1/exchangeInfo", b"nonsense") == {}
    assert read_contracts("usdm", "/fapi/v1/exchangeInfo", info(filters=[])) == {}
    broken = [{"filterType": "PRICE_FILTER", "tickSize": "x"}, {"filterType": "LOT_SIZE"}]
    assert read_contracts("usdm", "/fapi/v1/exchangeInfo", info(filters=broken)) == {}
