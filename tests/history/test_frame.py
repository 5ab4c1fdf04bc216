import pytest

from bot.history.frame import Frame, FrameKind, depth_path


@pytest.mark.parametrize(
    ("stream", "kind", "symbol"),
    [
        ("btcusdt@depth@100ms", FrameKind.EVENT, "BTCUSDT"),
        ("!ticker@arr", FrameKind.EVENT, ""),
        ("/api/v3/depth?symbol=BTCUSDT&limit=5", FrameKind.DEPTH, "BTCUSDT"),
        ("/fapi/v1/exchangeInfo", FrameKind.EXCHANGE_INFO, ""),
        ("/api/v3/time", FrameKind.REST, ""),
        ("", FrameKind.CONTROL, ""),
    ],
)
def test_the_name_tells_what_a_frame_is(stream, kind, symbol):
    frame = Frame(1, stream, b"{}")

    assert (frame.kind, frame.symbol) == (kind, symbol)


def test_snapshots_are_named_by_the_request_of_their_market():
    assert depth_path("BTCUSDT", futures=False) == "/api/v3/depth?symbol=BTCUSDT&limit=1000"
    assert depth_path("BTCUSDT", futures=True).startswith("/fapi/v1/")
    assert depth_path("BTCUSD_PERP", futures=True, coin_margined=True).startswith("/dapi/v1/")
