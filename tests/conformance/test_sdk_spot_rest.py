"""Binance's own SDK for spot, over REST: every answer fits its model, key by key."""

from decimal import Decimal

import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import BadRequestError
from binance_sdk_spot.spot import Spot
from shapes import absent, undeclared

SYMBOL = "BTCUSDT"
# Keys that an order has only if it was placed with them, or if what they tell of happened.
CONDITIONAL = {
    *("expiryReason", "icebergQty", "stopPrice", "strategyId", "strategyType"),
    *("pegOffsetType", "pegOffsetValue", "pegPriceType", "peggedPrice"),
    *("preventedMatchId", "preventedQuantity", "trailingDelta", "trailingTime"),
    *("usedSor", "workingFloor", "workingTime"),
}
# An answer has the fields of the kind that was asked for.
ONLY_WITH_RESULT = {
    *("cummulativeQuoteQty", "executedQty", "fills", "origQty", "origQuoteOrderQty", "price"),
    *("selfTradePreventionMode", "side", "status", "timeInForce", "type", "workingTime"),
}
ONLY_IN_FULL_TICKERS = {
    *("askPrice", "askQty", "bidPrice", "bidQty", "lastQty", "prevClosePrice"),
    *("priceChange", "priceChangePercent", "weightedAvgPrice"),
}
# Exponents belong to SBE, counts to the WebSocket API, rate limits of one's own to nobody here,
# and no symbol has smart routing.
NOT_IN_JSON = {
    *("rateLimits", "rateLimits.count", "sors"),
    *(f"symbols.filters.{name}Exponent" for name in ("multiplier", "price", "qty")),
}


# Documented, and overlooked by the models of a placed order and of a cancelled list.
OVERLOOKED = {"icebergQty", "orderReports.selfTradePreventionMode"}


def fits(answer, *, without=frozenset()):
    """The data of an answer, in which no key is missing and none is unknown."""
    data = answer.data()
    missing = {name for name in absent(data) if name.rpartition(".")[2] not in without}
    assert (missing - without, undeclared(data) - OVERLOOKED) == (set(), set())
    return getattr(data, "actual_instance", data)


@pytest.fixture
def api(exchange):
    configuration = ConfigurationRestAPI(
        api_key="sim-key",
        api_secret="sim-secret",
        base_path=exchange.http,
        timeout=10_000,
        retries=0,
    )
    api = Spot(config_rest_api=configuration).rest_api
    yield api
    if api.get_open_orders(symbol=SYMBOL).data():
        api.delete_open_orders(symbol=SYMBOL)
    api._session.close()


@pytest.fixture
def price(api):
    """A price for each side that rests there: 2 % from the market, on the tick."""
    best = fits(api.ticker_book_ticker(symbol=SYMBOL))

    def at(factor):
        return float((Decimal(best.bid_price) * Decimal(factor)).quantize(Decimal("0.01")))

    return at


@pytest.fixture
def resting(api, price):
    """Place a limit order that rests."""

    def place(**more):
        fields = {
            "symbol": SYMBOL,
            "side": "BUY",
            "type": "LIMIT",
            "time_in_force": "GTC",
            "quantity": 0.002,
            "price": price("0.98"),
        }
        wanted = {k: v for k, v in (fields | more).items() if v is not None}
        return fits(api.new_order(**wanted), without=CONDITIONAL | {"fills"})

    return place


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("time", {}),
        ("exchange_info", {}),
        ("exchange_info", {"symbol": SYMBOL}),
        ("depth", {"limit": 5}),
        ("get_trades", {}),
        ("historical_trades", {}),
        ("agg_trades", {}),
        ("avg_price", {}),
        ("ticker24hr", {}),
        ("ticker_price", {}),
        ("ticker_book_ticker", {}),
        ("ticker", {}),
        ("ticker", {"window_size": "1h"}),
        ("ticker_trading_day", {}),
        ("get_account", {}),
        ("account_commission", {}),
        ("rate_limit_order", {}),
        ("my_filters", {}),
        ("execution_rules", {}),
    ],
)
def test_the_answer_fits_its_model(api, name, arguments):
    alone = {"time", "exchange_info", "get_account", "rate_limit_order"}
    fields = arguments if name in alone else {"symbol": SYMBOL} | arguments
    fits(getattr(api, name)(**fields), without=NOT_IN_JSON)


def test_no_symbol_has_a_reference_price(api):
    for call in (api.reference_price, api.reference_price_calculation):
        with pytest.raises(BadRequestError) as refused:
            call(symbol=SYMBOL)
        assert refused.value.status_code == -2043


def test_tickers_of_all_symbols_and_short_tickers(api):
    for call in (api.ticker24hr, api.ticker_price, api.ticker_book_ticker):
        assert len(fits(call())) == 3
    fits(api.ticker24hr(symbol=SYMBOL, type="MINI"), without=ONLY_IN_FULL_TICKERS)


def test_klines_are_rows_of_twelve(api):
    for call in (api.klines, api.ui_klines):
        assert {len(row) for row in call(symbol=SYMBOL, interval="1m").data()} == {12}


def test_the_used_weight_is_told(api):
    (weight, *_) = api.depth(symbol=SYMBOL).rate_limits
    assert (weight.rateLimitType, weight.interval, weight.intervalNum) == (
        "REQUEST_WEIGHT",
        "MINUTE",
        1,
    )


@pytest.mark.parametrize("kind", ["ACK", "RESULT", "FULL"])
def test_a_market_order_answers_as_it_was_asked_to(api, kind):
    answer = api.new_order(
        symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.001, new_order_resp_type=kind
    )
    allowed = {"ACK": ONLY_WITH_RESULT, "RESULT": {"fills"}, "FULL": set()}[kind]
    order = fits(answer, without=CONDITIONAL - {"workingTime"} | allowed)
    trades = fits(api.my_trades(symbol=SYMBOL, order_id=order.order_id))
    assert sum(Decimal(trade.qty) for trade in trades) == Decimal("0.001")


def test_an_order_from_its_test_to_its_end(api, resting):
    assert api.order_test(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.001).data()
    fits(
        api.order_test(
            symbol=SYMBOL,
            side="BUY",
            type="MARKET",
            quantity=0.001,
            compute_commission_rates=True,
        )
    )
    placed = resting(new_client_order_id="from-the-sdk")
    always = CONDITIONAL - {"icebergQty", "stopPrice", "workingTime"}
    asked = fits(api.get_order(symbol=SYMBOL, order_id=placed.order_id), without=always)
    assert (asked.client_order_id, asked.status) == ("from-the-sdk", "NEW")
    fits(api.get_open_orders(symbol=SYMBOL), without=always)
    gone = fits(api.delete_order(symbol=SYMBOL, order_id=placed.order_id), without=CONDITIONAL)
    assert (gone.orig_client_order_id, gone.status) == ("from-the-sdk", "CANCELED")
    with pytest.raises(BadRequestError) as refused:
        api.delete_order(symbol=SYMBOL, order_id=placed.order_id)
    assert refused.value.status_code == -2011
    fits(api.all_orders(symbol=SYMBOL), without=always)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("STOP_LOSS", {"stop_price": "0.98"}),
        ("STOP_LOSS_LIMIT", {"stop_price": "0.98", "price": "0.98", "time_in_force": "GTC"}),
        ("TAKE_PROFIT", {"stop_price": "1.02"}),
        ("TAKE_PROFIT_LIMIT", {"stop_price": "1.02", "price": "1.02", "time_in_force": "GTC"}),
        ("STOP_LOSS", {"trailing_delta": 200}),
    ],
)
def test_a_conditional_order_waits(api, price, kind, more):
    fields = {k: price(v) if k.endswith("price") else v for k, v in more.items()}
    placed = fits(
        api.new_order(symbol=SYMBOL, side="SELL", type=kind, quantity=0.001, **fields),
        without=ONLY_WITH_RESULT | CONDITIONAL,
    )
    asked = fits(api.get_order(symbol=SYMBOL, order_id=placed.order_id), without=CONDITIONAL)
    assert (asked.type, asked.status, asked.is_working) == (kind, "NEW", False)


def test_icebergs_and_makers_rest(api, resting):
    assert resting(iceberg_qty=0.001, new_order_resp_type="RESULT").order_id
    maker = resting(type="LIMIT_MAKER", time_in_force=None, new_order_resp_type="RESULT")
    assert maker.status == "NEW"


def test_an_order_is_made_smaller_in_its_place(api, resting):
    placed = resting(new_order_resp_type="RESULT")
    amended = fits(
        api.order_amend_keep_priority(symbol=SYMBOL, new_qty=0.001, order_id=placed.order_id),
        without=CONDITIONAL | {"listStatus"},
    )
    assert Decimal(amended.amended_order.qty) == Decimal("0.001")
    (row,) = fits(api.order_amendments(symbol=SYMBOL, order_id=placed.order_id))
    assert (Decimal(row.orig_qty), Decimal(row.new_qty)) == (Decimal("0.002"), Decimal("0.001"))


def test_an_order_is_replaced_by_another(api, price, resting):
    placed = resting()
    replaced = fits(
        api.order_cancel_replace(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            time_in_force="GTC",
            quantity=0.003,
            price=price("0.97"),
            cancel_replace_mode="STOP_ON_FAILURE",
            cancel_order_id=placed.order_id,
        ),
        without={"cancelResponse.code", "cancelResponse.msg"} | CONDITIONAL,
    )
    assert (replaced.cancel_result, replaced.new_order_result) == ("SUCCESS", "SUCCESS")
    with pytest.raises(BadRequestError) as refused:
        api.order_cancel_replace(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            time_in_force="GTC",
            quantity=0.003,
            price=price("0.97"),
            cancel_replace_mode="STOP_ON_FAILURE",
            cancel_order_id=placed.order_id,
        )
    assert refused.value.status_code == -2022


LISTS = {
    "order_list_oco": {
        "side": "SELL",
        "quantity": 0.001,
        "above_type": "LIMIT_MAKER",
        "above_price": "1.02",
        "below_type": "STOP_LOSS_LIMIT",
        "below_price": "0.98",
        "below_stop_price": "0.98",
        "below_time_in_force": "GTC",
    },
    "order_oco": {
        "side": "SELL",
        "quantity": 0.001,
        "price": "1.02",
        "stop_price": "0.98",
        "stop_limit_price": "0.98",
        "stop_limit_time_in_force": "GTC",
    },
    "order_list_oto": {
        "pending_type": "LIMIT",
        "pending_side": "SELL",
        "pending_quantity": 0.001,
        "pending_price": "1.02",
        "pending_time_in_force": "GTC",
    },
    "order_list_otoco": {
        "pending_side": "SELL",
        "pending_quantity": 0.001,
        "pending_above_type": "LIMIT_MAKER",
        "pending_above_price": "1.02",
        "pending_below_type": "STOP_LOSS",
        "pending_below_stop_price": "0.95",
    },
    "order_list_opo": {
        "pending_type": "LIMIT",
        "pending_side": "SELL",
        "pending_price": "1.02",
        "pending_time_in_force": "GTC",
    },
    "order_list_opoco": {
        "pending_side": "SELL",
        "pending_above_type": "LIMIT_MAKER",
        "pending_above_price": "1.02",
        "pending_below_type": "STOP_LOSS",
        "pending_below_stop_price": "0.95",
    },
}
WORKING = {
    "working_type": "LIMIT",
    "working_side": "BUY",
    "working_price": "0.98",
    "working_quantity": 0.001,
    "working_time_in_force": "GTC",
}


@pytest.mark.parametrize("name", LISTS)
def test_an_order_list_is_placed_asked_for_and_cancelled(api, price, name):
    fields = LISTS[name] | (WORKING if "pending_side" in LISTS[name] else {})
    priced = {k: price(v) if k.endswith("price") else v for k, v in fields.items()}
    # What a pending order will have is known when its working order is filled.
    unknown = {"origQty"} if "opo" in name else set()
    placed = fits(getattr(api, name)(symbol=SYMBOL, **priced), without=CONDITIONAL | unknown)
    assert placed.list_order_status == "EXECUTING"
    asked = fits(api.get_order_list(order_list_id=placed.order_list_id))
    assert {o.order_id for o in asked.orders} == {o.order_id for o in placed.orders}
    assert fits(api.open_order_list())[-1].order_list_id == placed.order_list_id
    gone = fits(
        api.delete_order_list(symbol=SYMBOL, order_list_id=placed.order_list_id),
        without=CONDITIONAL | unknown,
    )
    assert gone.list_order_status == "ALL_DONE"
    assert fits(api.all_order_list())[-1].order_list_id == placed.order_list_id


def test_what_did_not_happen_is_an_empty_list(api):
    assert api.my_allocations(symbol=SYMBOL).data() == []
    assert api.my_prevented_matches(symbol=SYMBOL, order_id=1).data() == []
