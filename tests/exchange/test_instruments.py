import gzip
import json
from decimal import Decimal

import msgspec
import pytest

from bot.exchange.instruments import instruments

FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    {"filterType": "MARKET_LOT_SIZE", "minQty": "0", "maxQty": "107.2", "stepSize": "0"},
    {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
    {"filterType": "SOMETHING_NEW", "limit": "many", "of": [1, 2]},
]
NEW = [
    {
        "filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": False,
        "maxNotional": "9000000", "applyMaxToMarket": True, "avgPriceMins": 5,
    },
    {
        "filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
        "askMultiplierUp": "6", "askMultiplierDown": "0.3", "avgPriceMins": 5,
    },
]  # fmt: skip
OLD = [
    {"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": True, "avgPriceMins": 5},
    {"filterType": "PERCENT_PRICE", "multiplierUp": "5", "multiplierDown": "0.2"},
]


def _body(filters, **changes):
    symbol = {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "orderTypes": ["LIMIT", "MARKET"],
        "filters": filters,
    }
    return {"symbols": [symbol | changes]}


def test_the_newer_filters_are_read():
    it = instruments(_body(FILTERS + NEW))["BTCUSDT"]
    assert (it.base, it.quote, it.order_types) == ("BTC", "USDT", ("LIMIT", "MARKET"))
    assert (it.tick_size, it.min_price, it.max_price) == (
        Decimal("0.01"), Decimal("0.01"), Decimal(1000000),
    )  # fmt: skip
    assert (it.step_size, it.min_quantity, it.max_quantity) == (
        Decimal("0.00001"), Decimal("0.00001"), Decimal(9000),
    )  # fmt: skip
    assert (it.market_max_quantity, it.market_step_size) == (Decimal("107.2"), Decimal(0))
    assert (it.min_notional, it.max_notional) == (Decimal(5), Decimal(9000000))
    assert it.min_notional_applies_to_market is False
    assert it.max_notional_applies_to_market is True
    assert (it.bid_multiplier_up, it.bid_multiplier_down) == (Decimal(5), Decimal("0.2"))
    assert (it.ask_multiplier_up, it.ask_multiplier_down) == (Decimal(6), Decimal("0.3"))
    assert it.max_orders == 200


def test_the_older_filters_stand_in_where_the_newer_are_absent():
    it = instruments(_body(FILTERS + OLD))["BTCUSDT"]
    assert it.min_notional == Decimal(10)
    assert it.min_notional_applies_to_market is True
    assert it.max_notional == 0
    assert it.ask_multiplier_down == it.bid_multiplier_down == Decimal("0.2")


def test_a_status_of_tomorrow_is_kept_as_it_is():
    assert instruments(_body(FILTERS, status="CANCEL_ONLY"))["BTCUSDT"].status == "CANCEL_ONLY"


def test_what_is_no_exchange_info_is_refused():
    with pytest.raises(msgspec.ValidationError):
        instruments({"code": -1})


def test_every_symbol_of_a_recorded_exchange_info_is_read(shared_data):
    path = shared_data / "rest" / "exchange_info" / "spot_2021-04-29.json.gz"
    body = json.loads(gzip.decompress(path.read_bytes()))
    found = instruments(body)
    assert len(found) == 945
    for raw in body["symbols"]:
        it = found[raw["symbol"]]
        by_type = {one["filterType"]: one for one in raw["filters"]}
        assert it.tick_size == Decimal(by_type["PRICE_FILTER"]["tickSize"])
        assert it.step_size == Decimal(by_type["LOT_SIZE"]["stepSize"])
        assert it.min_notional == Decimal(by_type["MIN_NOTIONAL"]["minNotional"])
        assert it.bid_multiplier_up == Decimal(by_type["PERCENT_PRICE"]["multiplierUp"])
