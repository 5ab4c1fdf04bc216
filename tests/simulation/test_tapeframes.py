"""Frames of a tape as a tape market reads them."""

import pytest

from bot.domain.errors import DataError
from bot.simulation.tape import TapeMarket
from bot.simulation.tapeframes import is_futures, read_frame, read_rules

RECORDED_NS = 1_600_000_000_000 * 1_000_000
SPOT = (RECORDED_NS, "btcusdt@bookTicker", b'{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}')


def test_recorded_rules_are_read_and_nothing_else_is():
    text = (
        b'{"symbols":[{"symbol":"XMRBTC","baseAsset":"XMR","quoteAsset":"BTC","filters":'
        b'[{"filterType":"PRICE_FILTER","tickSize":"0.00000100"},'
        b'{"filterType":"LOT_SIZE","stepSize":"0.00100000"}]}]}'
    )
    (rules,) = read_rules("/api/v3/exchangeInfo", text).values()
    assert (rules.base, rules.quote, rules.tick_e8, rules.step_e8) == ("XMR", "BTC", 100, 10**5)
    assert read_rules("/api/v3/depth?symbol=XMRBTC", text) == {}
    assert read_rules("/api/v3/exchangeInfo", b'{"symbols":[{}]}') == {}
    assert read_rules("/api/v3/exchangeInfo", b"nonsense") == {}


def test_a_partial_book_is_no_diff():
    levels = b'{"lastUpdateId":7,"bids":[["1.5","2"]],"asks":[]}'
    symbol, event = read_frame("btcusdt@depth20@100ms", levels)
    assert (symbol, event.update_id, event.bids) == ("BTCUSDT", 7, [(150_000_000, 200_000_000)])


def test_spot_has_no_sign_of_futures():
    assert not is_futures(*SPOT[1:])
    assert not is_futures("btcusdt@depth@100ms", b'{"e":"depthUpdate","U":1,"u":2}')
    assert not is_futures("btcusdt@trade", b'{"e":"trade","m":true,"M":true}')
    assert not is_futures("/api/v3/depth?symbol=BTCUSDT", b"{}")


@pytest.mark.parametrize(
    "sign",
    [
        (RECORDED_NS, "/fapi/v1/depth?symbol=BTCUSDT", b'{"lastUpdateId":1,"bids":[],"asks":[]}'),
        (RECORDED_NS, "btcusd_perp@trade", b'{"e":"trade","s":"BTCUSD_PERP","X":"MARKET"}'),
        (RECORDED_NS, "btcusdt@depth@0ms", b'{"e":"depthUpdate","U":1,"u":2,"pu":0}'),
        (RECORDED_NS, "btcusdt@bookTicker", b'{"e":"bookTicker","u":1,"s":"BTCUSDT"}'),
        (RECORDED_NS, "btcusdt@markPrice@1s", b'{"e":"markPriceUpdate"}'),
    ],
)
def test_a_sign_of_futures_anywhere_is_refused(sign):
    with pytest.raises(DataError, match="two days was recorded on a futures market"):
        TapeMarket([SPOT], name="two days", samples=[sign])
