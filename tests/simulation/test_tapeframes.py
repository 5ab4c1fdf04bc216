"""Frames of a tape as a tape market reads them."""

from bot.simulation.tapeframes import read_frame, read_rules


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
