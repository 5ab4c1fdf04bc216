"""Binance's own SDK for USDⓈ-M futures, over REST: every answer fits its model, key by key."""

from decimal import Decimal

import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import BadRequestError
from binance_sdk_derivatives_trading_usds_futures import (
    derivatives_trading_usds_futures as sdk,
)
from shapes import absent, undeclared

SYMBOL = "BTCUSDT"
STATISTICS = {"symbol": SYMBOL, "period": "5m"}
# Keys of trailing orders, of COIN-M, of batches that fail, and of modifications that were named.
CONDITIONAL = {
    *("activatePrice", "priceRate", "icebergQuantity"),
    *("cumBase", "pair", "baseQty"),
    *("code", "msg"),
    "modifyId",
    "HEDGE",
}
# Real answers have them, as recordings show, and the models do not.
OVERLOOKED = {
    *("symbols.maxMoveOrderLimit", "lastUpdateId", "futuresType"),
    *("positions.breakEvenPrice", "positions.isolatedWallet", "positions.notional"),
    *("positions.openOrderInitialMargin", "positions.positionInitialMargin"),
    *("slPrice", "slTriggerPrice", "tpPrice", "tpTriggerPrice"),
}


def fits(answer, *, without=frozenset()):
    """The data of an answer, in which no key is missing and none is unknown."""
    data = answer.data()
    allowed = CONDITIONAL | without
    missing = {name for name in absent(data) if name.rpartition(".")[2] not in allowed}
    assert (missing, undeclared(data) - OVERLOOKED) == (set(), set())
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
    api = sdk.DerivativesTradingUsdsFutures(config_rest_api=configuration).rest_api
    yield api
    api.cancel_all_open_orders(symbol=SYMBOL)
    api.cancel_all_algo_open_orders(symbol=SYMBOL)
    api._session.close()


@pytest.fixture
def price(api):
    best = Decimal(fits(api.symbol_order_book_ticker(symbol=SYMBOL)).bid_price)

    def at(factor):
        return float((best * Decimal(factor)).quantize(Decimal("0.1")))

    return at


@pytest.fixture
def resting(api, price):
    def place(factor="0.98", **more):
        fields = {
            "symbol": SYMBOL,
            "side": "BUY",
            "type": "LIMIT",
            "time_in_force": "GTC",
            "quantity": 0.01,
            "price": price(factor),
        }
        return fits(api.new_order(**fields | more))

    return place


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("check_server_time", {}),
        ("order_book", {"symbol": SYMBOL}),
        ("recent_trades_list", {"symbol": SYMBOL}),
        ("old_trades_lookup", {"symbol": SYMBOL}),
        ("compressed_aggregate_trades_list", {"symbol": SYMBOL}),
        ("mark_price", {}),
        ("mark_price", {"symbol": SYMBOL}),
        ("get_funding_rate_history", {"symbol": SYMBOL}),
        ("get_funding_rate_info", {}),
        ("ticker24hr_price_change_statistics", {}),
        ("ticker24hr_price_change_statistics", {"symbol": SYMBOL}),
        ("symbol_price_ticker", {}),
        ("symbol_price_ticker_v2", {"symbol": SYMBOL}),
        ("symbol_order_book_ticker", {}),
        ("open_interest", {"symbol": SYMBOL}),
        ("account_information_v2", {}),
        ("account_information_v3", {}),
        ("futures_account_balance_v2", {}),
        ("futures_account_balance_v3", {}),
        ("futures_account_configuration", {}),
        ("get_current_multi_assets_mode", {}),
        ("get_current_position_mode", {}),
        ("get_income_history", {}),
        ("notional_and_leverage_brackets", {}),
        ("query_user_rate_limit", {}),
        ("symbol_configuration", {}),
        ("user_commission_rate", {"symbol": SYMBOL}),
        ("position_adl_quantile_estimation", {}),
        ("users_force_orders", {"symbol": SYMBOL}),
        ("rpi_order_book", {"symbol": SYMBOL}),
        ("query_index_price_constituents", {"symbol": SYMBOL}),
        ("asset_index", {}),
        ("asset_index", {"symbol": "BTCUSD"}),
        ("composite_index_symbol_information", {}),
        ("query_insurance_fund_balance_snapshot", {}),
        ("query_insurance_fund_balance_snapshot", {"symbol": SYMBOL}),
        ("trading_schedule", {}),
        ("adl_risk", {}),
        ("adl_risk", {"symbol": SYMBOL}),
        ("basis", {"pair": SYMBOL, "contract_type": "PERPETUAL", "period": "5m", "limit": 30}),
        ("open_interest_statistics", STATISTICS),
        ("long_short_ratio", STATISTICS),
        ("top_trader_long_short_ratio_accounts", STATISTICS),
        ("top_trader_long_short_ratio_positions", STATISTICS),
        ("taker_buy_sell_volume", STATISTICS),
        ("quarterly_contract_settlement_price", {"pair": SYMBOL}),
        ("get_bnb_burn_status", {}),
        ("toggle_bnb_burn_on_futures_trade", {"fee_burn": "false"}),
        ("futures_tradfi_perps_contract", {}),
    ],
)
def test_the_answer_fits_its_model(api, name, arguments):
    fits(getattr(api, name)(**arguments))


def test_the_exchange_information_fits_its_model(api):
    # One model stands for all filters: each has its own keys only.
    info = api.exchange_information().data()
    assert {name for name in absent(info) if not name.startswith("symbols.filters.")} == set()
    assert undeclared(info) <= OVERLOOKED
    (found,) = [s for s in info.symbols if s.symbol == SYMBOL]
    assert (found.contract_type, found.margin_asset) == ("PERPETUAL", "USDT")


def test_klines_are_rows_of_twelve(api):
    for rows in (
        api.kline_candlestick_data(symbol=SYMBOL, interval="1m"),
        api.mark_price_kline_candlestick_data(symbol=SYMBOL, interval="1m"),
        api.premium_index_kline_data(symbol=SYMBOL, interval="1m"),
        api.index_price_kline_candlestick_data(pair=SYMBOL, interval="1m"),
        api.continuous_contract_kline_candlestick_data(
            pair=SYMBOL, contract_type="PERPETUAL", interval="1m"
        ),
    ):
        assert {len(row) for row in rows.data()} == {12}


def test_an_order_from_its_test_to_its_end(api, price, resting):
    fits(
        api.test_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.01),
        # Its model has what left the answers of orders with the integration of June 2026.
        without={"avgPrice", "cumQuote"},
    )
    placed = resting(new_client_order_id="from-the-sdk")
    fits(api.query_current_open_order(symbol=SYMBOL, order_id=placed.order_id))
    fits(api.current_all_open_orders(symbol=SYMBOL))
    changed = fits(
        api.modify_order(
            symbol=SYMBOL,
            side="BUY",
            order_id=placed.order_id,
            quantity=0.02,
            price=price("0.97"),
        )
    )
    assert Decimal(changed.orig_qty) == Decimal("0.02")
    fits(api.get_order_modify_history(symbol=SYMBOL, order_id=placed.order_id))
    gone = fits(api.cancel_order(symbol=SYMBOL, order_id=placed.order_id))
    assert (gone.client_order_id, gone.status) == ("from-the-sdk", "CANCELED")
    assert fits(api.query_order(symbol=SYMBOL, order_id=placed.order_id)).status == "CANCELED"
    fits(api.all_orders(symbol=SYMBOL))
    with pytest.raises(BadRequestError) as refused:
        api.cancel_order(symbol=SYMBOL, order_id=placed.order_id)
    assert refused.value.status_code == -2011


def test_a_position_is_opened_seen_and_closed(api):
    assert fits(api.change_initial_leverage(symbol=SYMBOL, leverage=5)).leverage == 5
    bought = fits(
        api.new_order(
            symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.01, new_order_resp_type="RESULT"
        )
    )
    assert bought.status == "FILLED"
    (position,) = fits(api.position_information_v3(symbol=SYMBOL))
    assert Decimal(position.position_amt) == Decimal("0.01")
    fits(api.position_information_v2(symbol=SYMBOL))
    for account in (api.account_information_v2(), api.account_information_v3()):
        assert Decimal(fits(account).total_initial_margin) > 0
    trades = fits(api.account_trade_list(symbol=SYMBOL, order_id=bought.order_id))
    assert sum(Decimal(trade.qty) for trade in trades) == Decimal("0.01")
    api.new_order(symbol=SYMBOL, side="SELL", type="MARKET", quantity=0.01, reduce_only="true")
    assert not fits(api.position_information_v3(symbol=SYMBOL))


def test_margin_is_added_to_an_isolated_position(api):
    assert fits(api.change_margin_type(symbol="ETHUSDT", margin_type="ISOLATED"), without=set())
    api.new_order(symbol="ETHUSDT", side="BUY", type="MARKET", quantity=0.1)
    added = fits(api.modify_isolated_position_margin(symbol="ETHUSDT", amount=10, type=1))
    assert added.amount == 10
    (row, *_) = fits(api.get_position_margin_change_history(symbol="ETHUSDT"))
    assert (row.type, Decimal(row.amount)) == (1, 10)
    api.new_order(symbol="ETHUSDT", side="SELL", type="MARKET", quantity=0.1, reduce_only="true")


def test_conditional_orders_are_a_book_of_their_own(api, price):
    with pytest.raises(BadRequestError) as moved:
        api.new_order(symbol=SYMBOL, side="SELL", type="STOP_MARKET", quantity=0.01)
    assert moved.value.status_code == -4120
    for fields in (
        {"side": "SELL", "type": "STOP_MARKET", "trigger_price": price("0.95")},
        {
            "side": "BUY",
            "type": "STOP",
            "trigger_price": price("1.05"),
            "price": price("1.05"),
            "time_in_force": "GTC",
        },
        {"side": "SELL", "type": "TRAILING_STOP_MARKET", "callback_rate": 5},
    ):
        placed = fits(
            api.new_algo_order(algo_type="CONDITIONAL", symbol=SYMBOL, quantity=0.01, **fields)
        )
        assert fits(api.query_algo_order(algo_id=placed.algo_id)).algo_status == "NEW"
    assert len(fits(api.current_all_algo_open_orders())) == 3
    fits(api.cancel_algo_order(algo_id=placed.algo_id))
    fits(api.cancel_all_algo_open_orders(symbol=SYMBOL))
    assert len(fits(api.query_all_algo_orders(symbol=SYMBOL))) == 3


def test_orders_in_batches(api, price):
    wish = {
        "symbol": SYMBOL,
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": str(price("0.98")),
    }
    placed = api.place_multiple_orders(batch_orders=[wish, {**wish, "quantity": "0"}]).data()
    assert (placed[0].status, placed[1].status) == ("NEW", None)
    assert placed[1].code < 0
    change = {**wish, "orderId": placed[0].order_id, "quantity": "0.02"}
    for name in ("type", "timeInForce"):
        del change[name]
    (changed,) = fits(api.modify_multiple_orders(batch_orders=[change]))
    assert Decimal(changed.orig_qty) == Decimal("0.02")
    (gone,) = fits(api.cancel_multiple_orders(symbol=SYMBOL, order_id_list=[placed[0].order_id]))
    assert gone.status == "CANCELED"


def test_settings_of_the_account(api):
    for mode in ("true", "false"):
        fits(api.change_position_mode(dual_side_position=mode), without=set())
    fits(api.auto_cancel_all_open_orders(symbol=SYMBOL, countdown_time=0))
    with pytest.raises(BadRequestError) as same:
        api.change_multi_assets_mode(multi_assets_margin="false")
    assert same.value.status_code == -4171


def test_a_listen_key_is_the_same_until_it_is_closed(api):
    key = fits(api.start_user_data_stream()).listen_key
    assert fits(api.keepalive_user_data_stream()).listen_key == key
    api.close_user_data_stream()
    with pytest.raises(BadRequestError) as gone:
        api.keepalive_user_data_stream()
    assert gone.value.status_code == -1125
