"""Public market data of futures."""

import pytest

from bot.simulation.errors import ApiError


def refused(call, params):
    with pytest.raises(ApiError) as e:
        call(params)
    return e.value.code


def test_depth_has_the_levels_and_an_update_id(trader):
    body = trader.exchange.depth({"symbol": "BTCUSDT", "limit": "5"})
    assert body["bids"] == [["60000.00", "5.000"]]
    assert body["asks"] == [["60000.10", "5.000"]]
    assert body["lastUpdateId"] == trader.exchange.update_id("BTCUSDT")
    assert refused(trader.exchange.depth, {"symbol": "BTCUSDT", "limit": "7"}) == -4021


def test_update_ids_chain_by_the_previous_one_and_not_by_counting(trader):
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    trader.place("BUY", "LIMIT", quantity="1", price="58900")
    first, second = [e for e in trader.exchange.take() if type(e).__name__ == "BookChanged"]
    assert second.previous_update_id == first.last_update_id
    assert second.first_update_id > first.last_update_id + 1


def test_symbols_and_intervals_are_checked(trader):
    exchange = trader.exchange
    assert refused(exchange.depth, {}) == -1102
    assert refused(exchange.depth, {"symbol": "X"}) == -1121
    assert refused(exchange.klines, {"symbol": "BTCUSDT", "interval": "1s"}) == -1120
    assert refused(exchange.exchange_info, {"symbol": "X"}) == -1121
    assert refused(exchange.index_price_klines, {"pair": "X", "interval": "1m"}) == -1121
    other = {"pair": "BTCUSDT", "interval": "1m", "contractType": "CURRENT_QUARTER"}
    assert refused(exchange.continuous_klines, other) == -1130


def test_turnover_of_inverse_contracts_is_in_coin(coin_trader):
    coin_trader.place("BUY", quantity="600")
    day = coin_trader.exchange.statistics("BTCUSD_PERP")
    assert (day["volume"], day["baseVolume"]) == ("600", "0.99999833")
    assert day["weightedAvgPrice"] == "60000.1"
    (row,) = coin_trader.exchange.klines({"symbol": "BTCUSD_PERP", "interval": "1m"})
    assert (row[5], row[7]) == ("600", "0.99999833")


def test_coin_margined_tickers_are_lists_even_for_one_symbol(trader, coin_trader):
    assert isinstance(trader.exchange.ticker_price({"symbol": "BTCUSDT"}), dict)
    (row,) = coin_trader.exchange.ticker_price({"symbol": "BTCUSD_PERP"})
    assert row["ps"] == "BTCUSD"


def test_open_interest_grows_with_positions(trader):
    before = trader.exchange.open_interest({"symbol": "BTCUSDT"})["openInterest"]
    trader.place("BUY", quantity="1")
    after = trader.exchange.open_interest({"symbol": "BTCUSDT"})["openInterest"]
    assert float(after) - float(before) == 1
