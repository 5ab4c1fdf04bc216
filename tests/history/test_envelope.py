import pytest

from bot.history.envelope import Raw, unwrap


@pytest.mark.parametrize(
    ("text", "stream"),
    [
        ('{"e":"depthUpdate","s":"BTCUSDT"}', "btcusdt@depth@100ms"),
        ('{"e":"trade","s":"BTCUSDT"}', "btcusdt@trade"),
        ('{"e":"aggTrade","s":"BTCUSDT","a":1}', "btcusdt@aggTrade"),
        ('{"e":"kline","s":"BTCUSDT","k":{"i":"5m"}}', "btcusdt@kline_5m"),
        ('{"e":"24hrMiniTicker","s":"BTCUSDT"}', "btcusdt@miniTicker"),
        ('{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}', "btcusdt@bookTicker"),
        ('[{"e":"24hrTicker","s":"BTCUSDT"}]', "!ticker@arr"),
        ('{"e":"serverShutdown","E":1}', "!serverShutdown"),
        ('{"result":null,"id":1}', ""),
        ('{"e":', ""),
        ("[]", ""),
    ],
)
def test_the_stream_of_a_bare_event_is_made_of_its_content(text, stream):
    assert unwrap(text.encode()) == Raw(stream, text.encode())


def test_a_combined_frame_is_taken_apart():
    raw = unwrap(b'{"stream":"btcusdt@trade","data":{"e":"trade","p":"1.10"}}')

    assert raw == Raw("btcusdt@trade", b'{"e":"trade","p":"1.10"}')


def test_the_names_agree_with_those_of_real_combined_frames(captures):
    from bot.history.tape import read

    for frame in read(captures / "cryptofeed" / "us_2021-10-11"):
        if frame.stream and not frame.stream.startswith("/"):
            assert unwrap(frame.data).stream == frame.stream
