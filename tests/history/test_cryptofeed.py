from bot.history.cryptofeed import Cryptofeed
from bot.history.frame import Frame

LINES = [
    b'configuration: {"l2_book":["BTC-USDT"]}',
    b"wss://stream.binance.com:9443/stream?streams=btcusdt@trade <-> 1628952394.891941",
    b'1628952395.799805: {"stream":"btcusdt@trade","data":{"t":1}}',
    b'https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=5000 -> 1628952396.2: {"a":1}',
    b'https://api.binance.com/api/v3/exchangeInfo -> 1628952397: {"symbols":[]}',
    b"",
]


def test_frames_and_answers_are_told_apart_and_times_are_exact():
    assert list(Cryptofeed().frames(iter(LINES))) == [
        Frame(1628952395799805000, "btcusdt@trade", b'{"t":1}'),
        Frame(1628952396200000000, "/api/v3/depth?symbol=BTCUSDT&limit=5000", b'{"a":1}'),
        Frame(1628952397000000000, "/api/v3/exchangeInfo", b'{"symbols":[]}'),
    ]


def test_each_of_its_lines_is_recognised():
    assert all(Cryptofeed().recognises(line) for line in LINES if line)
    assert not Cryptofeed().recognises(b"price,quantity")


def test_a_broken_line_is_handed_on_to_be_counted():
    lines = iter([LINES[2], b"162895239"])

    assert list(Cryptofeed().frames(lines))[1] == Frame(1628952395799805000, "", b"162895239")
