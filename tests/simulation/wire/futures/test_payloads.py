"""Payloads of futures streams beside recorded frames: the same keys, order and types."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bot.simulation.emissions import AggTradeMade, TradeMade
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.emissions import MarkChanged
from bot.simulation.futures.sessions import Session
from bot.simulation.wire.futures import payloads
from bot.simulation.wire.futures.contracts import Contract

DATA = Path(__file__).resolve().parents[5] / "shared" / "data" / "ws"
USDM = Contract("BTCUSDT", "BTCUSDT", "PERPETUAL", 1, 2, 3)
COINM = Contract("BTCUSD_PERP", "BTCUSD", "PERPETUAL", 2, 1, 0)
# What Binance added in 2026, partly after the frames were recorded.
ADDED = {"ps", "st", "nq", "ap"}
# Not of that market, or never recorded there.
ABSENT = {
    "usdm": {"indexPriceUpdate"},
    "coinm": {"assetIndexUpdate", "compositeIndex", "EquityUpdate"},
}
MAKER_BUYS = True
ROW = {
    "priceChange": "72.9",
    "priceChangePercent": "0.773",
    "weightedAvgPrice": "9271.96027324",
    "lastPrice": "9504.9",
    "lastQty": "1",
    "openPrice": "9432.0",
    "highPrice": "9769.5",
    "lowPrice": "8621.4",
    "volume": "1967607",
    "baseVolume": "21221.04648872",
    "openTime": 1,
    "closeTime": 2,
    "firstId": 3,
    "lastId": 4,
    "count": 5,
}
BAR = {"t": 1, "T": 2, "s": "X", "i": "1m", "f": 1, "L": 1}
BAR |= {"o": "1", "c": "1", "h": "1", "l": "1", "v": "1", "n": 1, "x": False}
BAR |= {"q": "1", "V": "1", "Q": "1", "B": "0"}
INFO = DEFAULT_CONTRACTS["usdm"][0].stream_info(is_open=True, with_brackets=True)
ASSET = {"symbol": "BTCUSD", "time": 4, "index": "1.0"}
ASSET |= {f"{side}{what}": "1.0" for side in ("bid", "ask") for what in ("Buffer", "Rate")}
ASSET |= {
    f"autoExchange{side}{what}": "1.0" for side in ("Bid", "Ask") for what in ("Buffer", "Rate")
}
PART = {"b": "UNI", "q": "USDT", "w": "1.0", "W": "1.0", "i": "1.0"}
ORDER = {"s": "X", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "1", "p": "1", "ap": "1"}
ORDER |= {"X": "FILLED", "l": "1", "z": "1", "T": 1}


def made_of(contract):
    """One payload of each event type that the wire builds."""
    price, quantity = Decimal("9500.1"), Decimal(2)
    trade = TradeMade(contract.symbol, 1, price, quantity, MAKER_BUYS, 1, 2, 3)
    agg = AggTradeMade(contract.symbol, 1, price, quantity, 1, 2, MAKER_BUYS, 3)
    mark = MarkChanged(contract.symbol, price, price, price, price, Decimal("0.0001"), 5, 6)
    best = {"u": 1, "b": "1.0", "B": "1", "a": "2.0", "A": "1"}
    levels = ([["1.0", "1"]], [["2.0", "0"]])
    return {
        "trade": payloads.trade(contract, trade, 4),
        "aggTrade": payloads.agg_trade(contract, agg, 4),
        "markPriceUpdate": payloads.mark_price(contract, mark, 4),
        "bookTicker": payloads.book_ticker(contract, best, (3, 4)),
        "depthUpdate": payloads.depth_update(contract, (1, 2, 0), levels, (3, 4)),
        "24hrMiniTicker": payloads.mini_ticker(contract, ROW, 4),
        "24hrTicker": payloads.ticker(contract, ROW, 4),
        "kline": payloads.kline(contract.symbol, BAR, 4),
        "continuous_kline": payloads.continuous_kline(contract, BAR, 4),
        "forceOrder": payloads.force_order(contract, ORDER, 4, of_all=True),
        "indexPriceUpdate": payloads.index_price(contract, mark, 4),
        "contractInfo": payloads.contract_info(contract, INFO, 4),
        "assetIndexUpdate": payloads.asset_index(ASSET, 4),
        "compositeIndex": payloads.composite_index(contract, mark, [PART], 4),
        "EquityUpdate": payloads.trading_session("EquityUpdate", Session(1, 2, "REGULAR"), 4),
    }


def recorded(market):
    path = DATA / f"messages_{market}.jsonl"
    if not path.exists():
        pytest.skip(f"no recorded frames at {path}")
    for line in path.read_text().splitlines():
        message = json.loads(line)["msg"]
        payload = message.get("data", message) if isinstance(message, dict) else message
        for entry in payload if isinstance(payload, list) else [payload]:
            if isinstance(entry, dict) and "e" in entry:
                yield entry


def shape(payload, without=ADDED):
    """Keys in their order with the types below them."""
    if isinstance(payload, dict):
        return [(k, shape(v, ())) for k, v in payload.items() if k not in without]
    if isinstance(payload, list) and payload and isinstance(payload[0], dict):
        return [shape(payload[0], ())]
    return type(payload).__name__


@pytest.mark.parametrize(("market", "contract"), [("usdm", USDM), ("coinm", COINM)])
def test_each_payload_has_the_shape_of_a_recorded_frame(market, contract):
    shapes = {}
    for frame in recorded(market):
        shapes.setdefault(frame["e"], []).append(shape(frame))
    ours = made_of(contract)
    for event in ABSENT[market]:
        del ours[event]
    unlike = [event for event, payload in ours.items() if shape(payload) not in shapes[event]]
    assert unlike == []


@pytest.mark.parametrize(("market", "contract"), [("usdm", USDM), ("coinm", COINM)])
def test_the_keys_of_the_integration_stand_where_documented_frames_have_them(market, contract):
    documented = [frame for frame in recorded(market) if "st" in frame]
    ours = made_of(contract)
    compared = 0
    for event in ("bookTicker", "depthUpdate", "24hrTicker"):
        for frame in (f for f in documented if f["e"] == event and {"ps", "st"} <= f.keys()):
            added = [key for key in frame if key in ("ps", "st")]
            assert [key for key in ours[event] if key in ("ps", "st")] == added
            assert list(ours[event])[-1] in ("st", list(frame)[-1])
            compared += 1
    assert compared >= 2


def test_universes_are_told_apart():
    assert made_of(USDM)["aggTrade"]["st"] == 1
    assert made_of(COINM)["aggTrade"]["st"] == 2


def test_numbers_have_the_contracts_decimals():
    assert made_of(USDM)["aggTrade"]["p"] == "9500.10"
    assert made_of(USDM)["aggTrade"]["q"] == "2.000"
    assert made_of(COINM)["trade"]["p"] == "9500.1"
    assert made_of(COINM)["trade"]["q"] == "2"
    assert made_of(USDM)["markPriceUpdate"]["p"] == "9500.10000000"


def test_each_market_counts_its_turnover_in_its_own_asset():
    assert made_of(COINM)["24hrTicker"]["q"] == "21221.04648872"
    row = {**ROW, "quoteVolume": "7"}
    assert payloads.ticker(USDM, row, 1)["q"] == "7"


def test_the_force_order_of_one_symbol_names_no_pair():
    assert list(payloads.force_order(USDM, ORDER, 4, of_all=False)) == ["e", "E", "o"]
