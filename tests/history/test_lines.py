import gzip

import pytest

from bot.history.lines import TapeCut, lines


def test_lines_come_without_their_ends(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"one\r\ntwo\n\nthree\n")

    assert list(lines(path)) == [b"one", b"two", b"", b"three"]


def test_a_file_of_several_compressed_members_is_read_through(tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(b"".join(gzip.compress(b"%d\n" % n) for n in range(50)))

    assert list(lines(path)) == [b"%d" % n for n in range(50)]


def test_a_row_with_fewer_columns_than_the_one_before_is_cut_off(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"a,b,c\n1,2,3\n4,5")

    read = lines(path)

    assert [next(read), next(read)] == [b"a,b,c", b"1,2,3"]
    with pytest.raises(TapeCut, match="in the middle of its last line"):
        next(read)


def test_a_row_with_all_columns_is_whole(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"a,b,c\n1,2,3")

    assert list(lines(path)) == [b"a,b,c", b"1,2,3"]
