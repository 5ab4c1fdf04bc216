import pytest

from bot.history.frame import Frame
from bot.history.timestamped import Timestamped

SNAPSHOT = b'{"lastUpdateId":7,"bids":[],"asks":[]}'


def frames_of(*lines: bytes) -> list[Frame]:
    return list(Timestamped().frames(iter(lines)))


@pytest.mark.parametrize(
    ("stamp", "recv_ns"),
    [
        (b"1700000000123456789", 1700000000123456789),
        (b"1700000000123456", 1700000000123456000),
        (b"1700000000123", 1700000000123000000),
        (b"1700000000", 1700000000000000000),
    ],
)
def test_the_unit_of_the_receive_time_is_told_by_its_size(stamp, recv_ns):
    assert frames_of(stamp + b' {"id":1}')[0].recv_ns == recv_ns


def test_a_snapshot_before_any_stream_waits_for_the_symbol():
    trade = b'1700000000000000002 {"stream":"ethusdt@trade","data":{"t":1}}'

    frames = frames_of(b"1700000000000000001 " + SNAPSHOT, trade)

    assert [frame.stream for frame in frames] == [
        "/api/v3/depth?symbol=ETHUSDT&limit=1000",
        "ethusdt@trade",
    ]


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (b'{"lastUpdateId":7,"E":1,"T":1,"bids":[],"asks":[]}', "/fapi/v1/depth?symbol=BTCUSDT"),
        (
            b'{"lastUpdateId":7,"E":1,"T":1,"symbol":"BTCUSD_PERP","bids":[],"asks":[]}',
            "/dapi/v1/depth?symbol=BTCUSD_PERP",
        ),
        (SNAPSHOT, "/api/v3/depth?symbol=BTCUSDT"),
    ],
)
def test_the_market_of_a_snapshot_is_told_by_its_shape(answer, path):
    trade = b'1700000000000000001 {"stream":"btcusdt@trade","data":{"t":1}}'

    assert frames_of(trade, b"1700000000000000002 " + answer)[1].stream == path + "&limit=1000"


def test_a_line_that_is_no_frame_is_handed_on_to_be_counted():
    frames = frames_of(b'1700000000000000001 {"id":1}', b"rubbish", b'1700000000000000002 {"e":')

    assert [(frame.recv_ns % 10, frame.stream, frame.data) for frame in frames] == [
        (1, "", b'{"id":1}'),
        (1, "", b"rubbish"),
        (2, "", b'{"e":'),
    ]
