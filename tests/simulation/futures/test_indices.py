"""Indices: of one asset from several markets, of several assets, and of margin assets."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.futures.composites import COMPOSITES
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS

DEFI = "DEFIUSDT"


@pytest.fixture
def composite(futures_at):
    client = futures_at(symbols=(*DEFAULT_CONTRACTS["usdm"], *COMPOSITES))
    client.quote("800.0", "800.2", symbol=DEFI)
    return client.exchange


def test_what_an_index_is_made_of_adds_up(trader):
    body = trader.exchange.constituents({"symbol": "BTCUSDT"})
    parts = body["constituents"]
    assert sum(Decimal(part["weight"]) for part in parts) == 1
    index = Decimal(trader.exchange.premium_index({"symbol": "BTCUSDT"})["indexPrice"])
    for part in parts:
        assert abs(Decimal(part["price"]) / index - 1) < Decimal("0.0001")


def test_coin_margined_constituents_are_asked_for_by_pair_and_have_no_prices(coin_trader):
    body = coin_trader.exchange.constituents({"symbol": "BTCUSD"})
    assert body["symbol"] == "BTCUSD"
    assert set(body["constituents"][0]) == {"exchange", "symbol"}


def test_dollars_are_worth_one_and_coins_their_index(trader):
    rows = {row["symbol"]: row for row in trader.exchange.asset_index({})}
    assert sorted(rows) == ["BNBUSD", "BTCUSD", "ETHUSD", "USDTUSD"]
    assert rows["USDTUSD"]["index"] == "1.00000000"
    bitcoin = rows["BTCUSD"]
    index = Decimal(bitcoin["index"])
    assert index == Decimal(trader.exchange.premium_index({"symbol": "BTCUSDT"})["indexPrice"])
    assert Decimal(bitcoin["bidRate"]) == index * Decimal("0.95")
    assert Decimal(bitcoin["autoExchangeAskRate"]) == index * Decimal("1.025")


def test_a_composite_index_is_the_sum_of_its_parts(composite):
    parts = composite.index_parts(DEFI)
    index = composite.mark(DEFI).index
    assert sum(Decimal(part["W"]) for part in parts) == 1
    worth = sum(Decimal(part["w"]) * Decimal(part["i"]) for part in parts)
    assert abs(worth - index) < Decimal("0.00001")
    assert composite.index_parts("BTCUSDT") == []


def test_only_composites_are_in_the_list_of_indices(composite, trader):
    (row,) = composite.index_info({})
    assert (row["symbol"], row["component"]) == (DEFI, "baseAsset")
    assert composite.index_info({"symbol": DEFI}) == row
    assert trader.exchange.index_info({}) == []
    listed = {s["symbol"]: s["underlyingType"] for s in composite.exchange_info({})["symbols"]}
    assert (listed[DEFI], listed["BTCUSDT"]) == ("INDEX", "COIN")


@pytest.mark.parametrize("ask", ["constituents", "index_info", "asset_index", "adl_risk"])
def test_an_unknown_name_is_no_symbol(trader, ask):
    with pytest.raises(ApiError) as e:
        getattr(trader.exchange, ask)({"symbol": "NOPE"})
    assert e.value.code == -1121
