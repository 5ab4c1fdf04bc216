"""Filters pass and fail where Binance's documentation says, and the failing one is named."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.filters import Candidate, compile_filters
from bot.simulation.fixedpoint import parse
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket

D = Decimal


def candidate(given):
    average = given.get("weightedAveragePrice5m") or given.get("weightedAveragePrice") or "0"
    return Candidate(
        order_type=given.get("type", "LIMIT"),
        is_buy=given.get("side", "BUY") == "BUY",
        price_e8=parse(given.get("price", "0")),
        quantity_e8=parse(given.get("quantity", "0")),
        reference_e8=lambda minutes: parse(average),
        iceberg_e8=parse(given.get("icebergQty", "0")),
        trailing_delta=given.get("trailingDelta"),
        open_orders=given.get("open_orders_before_this_one", 0),
        open_algos=given.get("open_algo_orders_before_this_one", 0),
        open_lists=given.get("open_order_lists_before_this_one", 0),
        in_list="open_order_lists_before_this_one" in given,
        base_held_e8=parse(given.get("free", "0")) + parse(given.get("locked", "0")),
        open_buys_e8=parse(given.get("open_buy_qty", "0")),
    )


def test_the_boundary_cases_of_the_documented_filters(trader_at, shared_json):
    walked = 0
    for case in shared_json("vectors/symbol_filters.json")["cases"]:
        if case["filter"]["filterType"] == "MAX_NUM_ORDER_AMENDS":
            passed = amends_once_more(trader_at, case)
        else:
            ((_, passes),) = compile_filters([case["filter"]])
            passed = passes(candidate(case["given"]))
        assert passed is case["passes"], case["why"]
        walked += 1
    assert walked == 42


def amends_once_more(trader_at, case):
    """Whether an order that was amended so often may be amended again."""
    rules = replace(DEFAULT_SYMBOLS[0], filters=(case["filter"],))
    client = trader_at(symbols=[rules])
    order_id = client.place(quantity="1", price="50000")["orderId"]
    for step in range(case["given"]["amends_already_made"] + 1):
        try:
            amended = {"symbol": "BTCUSDT", "orderId": order_id, "newQty": f"0.{90 - step}"}
            client.call("amend_order", **amended)
        except ApiError as refused:
            return refused.code != -2038
    return True


@pytest.mark.parametrize(
    ("order", "name"),
    [
        ({"quantity": "1", "price": "60000.001"}, "PRICE_FILTER"),
        ({"quantity": "1", "price": "1000000.01"}, "PRICE_FILTER"),
        ({"quantity": "0.000001", "price": "60000"}, "LOT_SIZE"),
        ({"quantity": "9001", "price": "60000"}, "LOT_SIZE"),
        ({"kind": "MARKET", "quantity": "181"}, "MARKET_LOT_SIZE"),
        ({"quantity": "0.00008", "price": "60000"}, "NOTIONAL"),
        ({"kind": "MARKET", "quoteOrderQty": "4.99"}, "NOTIONAL"),
        ({"quantity": "1.01", "price": "60000", "icebergQty": "0.01"}, "ICEBERG_PARTS"),
        ({"quantity": "1", "price": "60000", "icebergQty": "0.1000001"}, "LOT_SIZE"),
        ({"kind": "STOP_LOSS", "quantity": "1", "stopPrice": "70000.001"}, "PRICE_FILTER"),
        ({"kind": "STOP_LOSS", "quantity": "1", "trailingDelta": "9"}, "TRAILING_DELTA"),
        ({"kind": "TAKE_PROFIT", "quantity": "1", "trailingDelta": "2001"}, "TRAILING_DELTA"),
    ],
)
def test_the_failing_filter_is_named(alice, order, name):
    with pytest.raises(ApiError) as refused:
        alice.place(**order)
    assert refused.value.body == {"code": -1013, "msg": f"Filter failure: {name}"}
    assert refused.value.status == 400


def test_the_percent_filter_refers_to_the_average_of_trades(alice):
    alice.place(quantity="0.1", price="60001")
    with pytest.raises(ApiError, match="PERCENT_PRICE_BY_SIDE"):
        alice.place(quantity="0.1", price="12000.19")
    alice.place(quantity="0.1", price="12000.20")


def test_no_more_orders_rest_than_the_limit(alice):
    # The ORDERS limit is a hundred in ten seconds.
    for number in range(200):
        alice.clock[0] += 200
        alice.place(quantity="0.001", price=f"{50000 + number}")
    with pytest.raises(ApiError, match="MAX_NUM_ORDERS"):
        alice.place(quantity="0.001", price="49999")


def test_no_more_stop_orders_wait_than_the_limit(alice):
    for _ in range(5):
        alice.place("SELL", "STOP_LOSS", quantity="0.001", stopPrice="50000")
    with pytest.raises(ApiError, match="MAX_NUM_ALGO_ORDERS"):
        alice.place("SELL", "STOP_LOSS", quantity="0.001", stopPrice="50000")
    alice.place("SELL", quantity="0.001", price="70000")


def test_a_single_order_is_no_larger_than_an_asset_allows(trader_at):
    spec = AccountSpec("alice", asset_limits={"BTC": D("0.5"), "USDT": D(24_000)})
    client = trader_at(specs=[spec])
    client.place(quantity="0.4", price="60000")
    for order in (
        {"quantity": "0.50001", "price": "40000"},
        {"quantity": "0.4", "price": "60000.01"},
        {"kind": "MARKET", "quoteOrderQty": "24000.01"},
    ):
        with pytest.raises(ApiError) as refused:
            client.place(**order)
        assert refused.value.body == {"code": -1013, "msg": "Filter failure: MAX_ASSET"}
    client.place(symbol="ETHUSDT", quantity="7", price="3000")
    assert client.call("my_filters", symbol="BTCUSDT")["assetFilters"] == [
        {"filterType": "MAX_ASSET", "asset": "BTC", "limit": "0.50000000"},
        {"filterType": "MAX_ASSET", "asset": "USDT", "limit": "24000.00000000"},
    ]
    assert len(client.call("my_filters", symbol="ETHUSDT")["assetFilters"]) == 1


def test_limits_of_the_exchange_count_the_orders_of_all_symbols():
    limits = [
        {"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 6},
        {"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 2},
        {"filterType": "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 1},
        {"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 1},
    ]
    exchange = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS,
        accounts=[AccountSpec("alice")],
        market=StillMarket(),
        start_ms=0,
        exchange_filters=limits,
    )
    pair = {"side": "SELL", "quantity": "0.1", "aboveType": "LIMIT_MAKER", "belowType": "STOP_LOSS"}
    pair |= {"abovePrice": "7000", "belowStopPrice": "6000"}
    resting = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1"}
    resting |= {"price": "5000"}
    stop = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "5000"}

    def refused(place, order, symbol):
        try:
            place("alice", order | {"symbol": symbol}, 1)
        except ApiError as e:
            return e.msg.removeprefix("Filter failure: ")
        return None

    place, oco = exchange.place_order, exchange.place_oco
    iceberg = resting | {"icebergQty": "0.05"}
    assert [refused(oco, pair, s) for s in ("BTCUSDT", "ETHUSDT")] == [
        *(None, "EXCHANGE_MAX_NUM_ORDER_LISTS"),
    ]
    assert [refused(place, stop, s) for s in ("BTCUSDT", "ETHUSDT")] == [
        *(None, "EXCHANGE_MAX_NUM_ALGO_ORDERS"),
    ]
    assert [refused(place, iceberg, s) for s in ("BTCUSDT", "ETHUSDT")] == [
        *(None, "EXCHANGE_MAX_NUM_ICEBERG_ORDERS"),
    ]
    assert [refused(place, resting, s) for s in ("BTCUSDT", "ETHUSDT", "BNBUSDT")] == [
        *(None, None, "EXCHANGE_MAX_NUM_ORDERS"),
    ]
    assert exchange.my_filters("alice", {"symbol": "BTCUSDT"}, 1)["exchangeFilters"] == limits
    assert exchange.exchange_info({})["exchangeFilters"] == limits
