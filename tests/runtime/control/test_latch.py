"""The latch is a file that halts whatever is in it."""

from bot.runtime.control.latch import Latch, Latched


def test_what_was_latched_is_read_again(tmp_path):
    latch = Latch(tmp_path / "db.halt")
    assert latch.read() is None
    latch.set("too wild: €", 7)
    assert latch.read() == Latched(reason="too wild: €", at_ns=7)
    latch.set("wilder", 8)
    assert latch.read() == Latched(reason="wilder", at_ns=8)
    assert [path.name for path in tmp_path.iterdir()] == ["db.halt"]


def test_a_latch_that_cannot_be_read_halts_as_well(tmp_path):
    path = tmp_path / "db.halt"
    for text in (b"", b"{", b"\xff\xfe", b"[]"):
        path.write_bytes(text)
        assert "db.halt is there" in Latch(path).read().reason


def test_it_is_lifted_once(tmp_path):
    latch = Latch(tmp_path / "db.halt")
    latch.set("too wild", 7)
    assert latch.lift() is True
    assert latch.lift() is False
    assert latch.read() is None
