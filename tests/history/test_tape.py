import gzip
import os
from pathlib import Path

import pytest

from bot.domain.errors import DataError
from bot.history.frame import Frame, FrameKind
from bot.history.lines import TapeCut
from bot.history.tape import read, size_bytes

LINES = [
    b'1700000000000000001 {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT"}}',
    b'1700000000000000002 {"lastUpdateId":7,"bids":[],"asks":[]}',
    b'1700000000000000003 {"result":null,"id":1}',
]
FRAMES = [
    Frame(1700000000000000001, "btcusdt@trade", b'{"e":"trade","s":"BTCUSDT"}'),
    Frame(
        1700000000000000002,
        "/api/v3/depth?symbol=BTCUSDT&limit=1000",
        b'{"lastUpdateId":7,"bids":[],"asks":[]}',
    ),
    Frame(1700000000000000003, "", b'{"result":null,"id":1}'),
]


def delivered(path: Path) -> tuple[list[Frame], str]:
    """The frames of a tape, and what stopped it."""
    frames: list[Frame] = []
    try:
        for frame in read(path):
            frames.append(frame)  # noqa: PERF402 - what came before the error counts
    except TapeCut as cut:
        return frames, str(cut)
    return frames, ""


@pytest.mark.parametrize("packed", [False, True])
def test_a_tape_is_read_plain_and_compressed(tmp_path, packed):
    text = b"\n".join(LINES) + b"\n"
    path = tmp_path / "tape"
    path.write_bytes(gzip.compress(text) if packed else text)

    assert delivered(path) == (FRAMES, "")


def test_a_tape_cut_in_a_line_delivers_what_is_whole_and_says_so(tmp_path):
    path = tmp_path / "tape"
    path.write_bytes(b"\n".join(LINES)[:-5])

    frames, why = delivered(path)

    assert frames == FRAMES[:2]
    assert (
        why == f"{path} is cut off in the middle of its last line; everything before that was read"
    )


def test_a_last_line_without_a_line_end_is_whole_if_its_json_closes(tmp_path):
    path = tmp_path / "tape"
    path.write_bytes(b"\n".join(LINES))

    assert delivered(path) == (FRAMES, "")


def test_a_tape_cut_in_its_compressed_stream_delivers_what_is_whole(tmp_path):
    lines = [
        b'17000000000000%05d {"stream":"a@trade","data":{"t":%d}}' % (n, n) for n in range(9999)
    ]
    path = tmp_path / "tape.gz"
    path.write_bytes(gzip.compress(b"\n".join(lines))[:-2000])

    frames, why = delivered(path)

    assert 1000 < len(frames) < len(lines)
    assert frames[-1].data == b'{"t":%d}' % (len(frames) - 1)
    assert "cut off in the middle of its compressed stream" in why


def test_a_damaged_compressed_stream_ends_the_tape_there(tmp_path):
    noise = [
        b'1700000000000000004 {"id":"%s"}' % os.urandom(20).hex().encode() for _ in range(5000)
    ]
    packed = bytearray(gzip.compress(b"\n".join(LINES + noise), 1))
    packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "tape.gz"
    path.write_bytes(packed)

    frames, why = delivered(path)

    assert frames[:3] == FRAMES
    assert "cut off" in why


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"hello\n", b"\x00\x01\x02", b"[1, 2]", b"\x1f\x8b"]
)
def test_what_is_no_tape_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)

    with pytest.raises(DataError, match="is not a tape") as refused:
        read(path)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*nowhere"):
        read(tmp_path / "nowhere")


def test_a_directory_without_tapes_is_refused(tmp_path):
    (tmp_path / "README").write_text("hello")

    with pytest.raises(DataError, match="holds no tape"):
        read(tmp_path)


def test_files_of_a_directory_are_merged_by_time_and_others_passed_over(tmp_path):
    (tmp_path / "a").write_bytes(LINES[0] + b"\n" + LINES[2] + b"\n")
    (tmp_path / "b.gz").write_bytes(gzip.compress(LINES[1].replace(b"{", b'{"symbol":"X",', 1)))
    (tmp_path / "README").write_text("hello")

    frames = list(read(tmp_path))

    assert [frame.recv_ns % 10 for frame in frames] == [1, 2, 3]
    assert frames[1].stream == "/api/v3/depth?symbol=X&limit=1000"


def test_one_cut_file_does_not_hide_the_others(tmp_path):
    (tmp_path / "a").write_bytes(b"\n".join(LINES)[:-5])
    (tmp_path / "b").write_bytes(LINES[2].replace(b"03 ", b"09 ") + b"\n")

    frames, why = delivered(tmp_path)

    assert [frame.recv_ns % 10 for frame in frames] == [1, 2, 9]
    assert "cut off" in why


def test_progress_adds_up_to_the_size(tmp_path):
    path = tmp_path / "tape"
    path.write_bytes(b"\n".join(LINES))
    seen: list[int] = []

    list(read(path, advance=seen.append))

    assert sum(seen) == size_bytes(path) == path.stat().st_size


def test_a_real_session_holds_all_kinds_in_order_of_time(captures):
    frames = list(read(captures / "cryptofeed" / "spot_2021-08-14"))

    kinds = {frame.kind for frame in frames}
    snapshots = [frame.symbol for frame in frames if frame.kind is FrameKind.DEPTH]
    assert kinds == {FrameKind.EVENT, FrameKind.DEPTH, FrameKind.EXCHANGE_INFO}
    assert sorted(snapshots) == ["BADGERBTC", "FTMUSDT", "SXPBTC", "XMRBTC"]
