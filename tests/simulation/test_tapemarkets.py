"""A frame shows its market by what only that market's frames have."""

import json
from pathlib import Path

import pytest

from bot.simulation.tapemarkets import market_of

MESSAGES = Path(__file__).parents[3] / "shared/data/ws"


@pytest.mark.parametrize(
    ("stream", "data", "market"),
    [
        ("/api/v3/depth?symbol=BTCUSDT", b"{}", "spot"),
        ("/fapi/v1/depth?symbol=BTCUSDT", b"{}", "usdm"),
        ("/dapi/v1/exchangeInfo", b"{}", "coinm"),
        ("/sapi/v1/account", b"{}", None),
        ("btcusdt@depth@100ms", b'{"e":"depthUpdate","U":1,"u":2}', "spot"),
        ("btcusdt@depth@0ms", b'{"e":"depthUpdate","U":1,"u":2,"pu":0}', "usdm"),
        ("btcusd_perp@depth@0ms", b'{"e":"depthUpdate","U":1,"u":2,"pu":0}', "coinm"),
        ("btcusdt@depth20", b'{"lastUpdateId":1,"bids":[]}', "spot"),
        ("btcusdt@depth20", b'{"e":"depthUpdate","U":1,"u":2,"pu":0,"b":[]}', "usdm"),
        ("btcusdt@bookTicker", b'{"u":1,"s":"BTCUSDT"}', "spot"),
        ("btcusdt@bookTicker", b'{"e":"bookTicker","u":1,"s":"BTCUSDT"}', "usdm"),
        ("btcusdt_240927@bookTicker", b'{"e":"bookTicker","u":1}', "usdm"),
        ("btcusdt@trade", b'{"e":"trade","m":true,"M":true}', "spot"),
        ("btcusdt@trade", b'{"e":"trade","X":"MARKET","m":true}', "usdm"),
        ("btcusdt@trade", b'{"e":"trade","m":true}', None),
        ("btcusdt@aggTrade", b'{"e":"aggTrade","a":1,"m":true,"M":true}', "spot"),
        ("btcusdt@aggTrade", b'{"e":"aggTrade","a":1,"m":true}', "usdm"),
        ("btcusdt@ticker", b'{"e":"24hrTicker","c":"1","x":"2"}', "spot"),
        ("btcusdt@ticker", b'{"e":"24hrTicker","c":"1"}', "usdm"),
        ("btcusdt@kline_1m", b'{"e":"kline"}', None),
        ("btcusd_210924@kline_1m", b'{"e":"kline"}', "coinm"),
        ("btcusdt@markPrice@1s", b'{"e":"markPriceUpdate"}', "usdm"),
        ("btcusd@indexPrice@1s", b'{"e":"indexPriceUpdate","i":"BTCUSD"}', "coinm"),
        ("!markPrice@arr", b'[{"e":"markPriceUpdate","s":"BTCUSD_PERP"}]', "coinm"),
        ("!markPrice@arr", b'[{"e":"markPriceUpdate","s":"BTCUSDT"}]', "usdm"),
        ("!forceOrder@arr", b'{"e":"forceOrder","o":{"s":"BTCUSDT"}}', "usdm"),
        ("!miniTicker@arr", b'[{"e":"24hrMiniTicker","s":"BTCUSDT"}]', None),
        ("btcusdt@depth", b"damaged", None),
        ("", b'{"result":null,"id":1}', None),
    ],
)
def test_a_frame_is_of_the_market_that_it_shows(stream, data, market):
    assert market_of(stream, data) == market


@pytest.mark.parametrize("market", ["spot", "usdm", "coinm"])
def test_no_recorded_message_is_taken_for_one_of_another_market(market):
    path = MESSAGES / f"messages_{market}.jsonl"
    if not path.exists():
        pytest.skip(f"no recorded messages at {path}")
    found = {market: 0, None: 0}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        message = row["msg"]
        if row["nature"] == "captured" and "stream" in message and "data" in message:
            data = json.dumps(message["data"], separators=(",", ":")).encode()
            if market == "coinm" and message["stream"].partition("@")[0].endswith("usdt"):
                continue  # of USDⓈ-M, and only kept in that file
            shown = market_of(message["stream"], data)
            assert shown in {market, None}, (message["stream"], data)
            found[shown] += 1
    assert found[market] > found[None]
