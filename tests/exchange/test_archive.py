"""Files of the public archive over real sockets: checksums, resume, retries."""

import hashlib
from pathlib import Path

import aiohttp
import pytest

from bot.domain.errors import DataError, VenueSetupError
from bot.exchange.archive import Archive, ArchiveOptions, Outcome
from bot.exchange.backoff import Backoff

PATH = "data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-01-01.zip"
ROWS = "".join(f"{n},42283.58,0.001,42.28,1704067200{n:03},True,True\n" for n in range(3000))
QUICK = ArchiveOptions(
    attempts=3, backoff=Backoff(least_s=0.001, first_limit_s=0.002, most_s=0.01), silence_s=0.2
)


@pytest.fixture
async def fetch(archive_server, tmp_path):
    """Fetch the path into ``tmp_path / "file.zip"``, and say how many bytes came."""
    got = []
    async with aiohttp.ClientSession() as http:
        archive = Archive(http, archive_server.url, options=QUICK, on_bytes=got.append)

        async def fetch(path=PATH, target=tmp_path / "file.zip"):
            got.clear()
            outcome = await archive.fetch(path, target)
            return outcome, sum(got)

        yield fetch


async def test_a_file_arrives_whole_with_its_checksum_beside_it(archive_server, fetch, tmp_path):
    body = archive_server.put(PATH, ROWS)
    assert await fetch() == (Outcome.FETCHED, len(body))
    assert (tmp_path / "file.zip").read_bytes() == body
    digest = hashlib.sha256(body).hexdigest()
    assert (tmp_path / "file.zip.CHECKSUM").read_text() == f"{digest}  file.zip\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.zip", "file.zip.CHECKSUM"]


async def test_a_file_that_is_there_and_right_is_not_asked_for(archive_server, fetch):
    archive_server.put(PATH, ROWS)
    await fetch()
    archive_server.requests.clear()
    assert await fetch() == (Outcome.KEPT, 0)
    assert archive_server.requests == []


async def test_a_file_without_its_checksum_is_checked_and_kept(archive_server, fetch, tmp_path):
    archive_server.put(PATH, ROWS)
    await fetch()
    (tmp_path / "file.zip.CHECKSUM").unlink()
    assert await fetch() == (Outcome.KEPT, 0)
    assert (tmp_path / "file.zip.CHECKSUM").exists()


async def test_a_file_that_was_changed_on_the_disk_is_fetched_again(
    archive_server, fetch, tmp_path
):
    body = archive_server.put(PATH, ROWS)
    await fetch()
    (tmp_path / "file.zip").write_bytes(b"\0" + body[1:])
    assert await fetch() == (Outcome.FETCHED, len(body))
    assert (tmp_path / "file.zip").read_bytes() == body


async def test_what_the_archive_does_not_have_is_absent(archive_server, fetch, tmp_path):
    assert await fetch() == (Outcome.ABSENT, 0)
    assert list(tmp_path.iterdir()) == []


async def test_a_cut_body_goes_on_from_where_it_ended(archive_server, fetch, tmp_path):
    body = archive_server.put(PATH, ROWS)
    archive_server.cuts[PATH] = [3000, 2000, 1000]
    assert await fetch() == (Outcome.FETCHED, len(body))
    assert archive_server.asked(PATH) == ["", "bytes=3000-", "bytes=5000-", "bytes=6000-"]
    assert (tmp_path / "file.zip").read_bytes() == body


async def test_what_is_announced_adds_up_to_what_arrives(archive_server, tmp_path):
    body = archive_server.put(PATH, ROWS)
    archive_server.cuts[PATH] = [3000, 2000]
    announced, got = [], []
    async with aiohttp.ClientSession() as http:
        archive = Archive(
            http,
            archive_server.url,
            options=QUICK,
            on_size=lambda path, more: announced.append((path, more)),
            on_bytes=got.append,
        )
        await archive.fetch(PATH, tmp_path / "file.zip")
    assert announced == [(PATH, len(body)), (PATH, 0), (PATH, 0)]
    assert sum(got) == len(body)


async def test_what_an_earlier_attempt_left_is_gone_on_with(archive_server, fetch, tmp_path):
    body = archive_server.put(PATH, ROWS)
    (tmp_path / "file.zip.part").write_bytes(body[:4000])
    assert await fetch() == (Outcome.FETCHED, len(body) - 4000)
    assert archive_server.asked(PATH) == ["bytes=4000-"]


async def test_a_server_without_ranges_begins_again(archive_server, fetch, tmp_path):
    body = archive_server.put(PATH, ROWS)
    archive_server.ranges = False
    (tmp_path / "file.zip.part").write_bytes(b"x" * 4000)
    assert await fetch() == (Outcome.FETCHED, len(body))


@pytest.mark.parametrize("size", [4000, 10**6])
async def test_what_was_left_of_another_file_is_found_by_the_checksum(
    archive_server, fetch, tmp_path, size
):
    body = archive_server.put(PATH, ROWS)
    (tmp_path / "file.zip.part").write_bytes(b"x" * size)
    outcome, _ = await fetch()
    assert outcome is Outcome.FETCHED
    assert (tmp_path / "file.zip").read_bytes() == body


async def test_a_whole_partial_file_only_needs_its_name(archive_server, fetch, tmp_path):
    body = archive_server.put(PATH, ROWS)
    (tmp_path / "file.zip.part").write_bytes(body)
    assert await fetch() == (Outcome.FETCHED, 0)


async def test_a_corrupt_body_is_fetched_again(archive_server, fetch, tmp_path):
    body = archive_server.put(PATH, ROWS)
    archive_server.corrupt[PATH] = 2
    assert await fetch() == (Outcome.FETCHED, 3 * len(body))
    assert (tmp_path / "file.zip").read_bytes() == body


async def test_a_body_that_stays_corrupt_is_refused(archive_server, fetch, tmp_path):
    archive_server.put(PATH, ROWS, checksum="0" * 64)
    with pytest.raises(DataError, match=r"trades-2024-01-01.zip is damaged: 3 times its checksum"):
        await fetch()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_server_that_fails_for_a_while_is_asked_again(archive_server, fetch, status):
    body = archive_server.put(PATH, ROWS)
    archive_server.statuses = {PATH: [status] * 2, f"{PATH}.CHECKSUM": [status] * 2}
    assert await fetch() == (Outcome.FETCHED, len(body))


async def test_a_server_that_keeps_failing_is_one_line(archive_server, fetch):
    archive_server.put(PATH, ROWS)
    archive_server.statuses[PATH] = [500] * 9
    with pytest.raises(VenueSetupError, match=r"cannot fetch http.*2024-01-01.zip: HTTP 500; what"):
        await fetch()
    assert len(archive_server.asked(PATH)) == 3


async def test_each_byte_that_arrives_renews_the_patience(archive_server, fetch):
    body = archive_server.put(PATH, ROWS)
    archive_server.cuts[PATH] = [100] * 20
    assert await fetch() == (Outcome.FETCHED, len(body))


async def test_a_refusal_is_not_asked_again(archive_server, fetch):
    archive_server.put(PATH, ROWS)
    archive_server.statuses[PATH] = [403]
    with pytest.raises(VenueSetupError, match="HTTP 403"):
        await fetch()
    assert len(archive_server.asked(PATH)) == 1


async def test_a_body_that_stops_is_gone_on_with(archive_server, fetch, tmp_path):
    body = archive_server.put(PATH, ROWS)
    archive_server.silent[PATH] = [1.0]
    assert await fetch() == (Outcome.FETCHED, len(body))
    assert archive_server.asked(PATH) == ["", f"bytes={len(body) // 2}-"]


async def test_nobody_there_is_one_line(tmp_path):
    async with aiohttp.ClientSession() as http:
        archive = Archive(http, "http://127.0.0.1:1", options=QUICK)
        with pytest.raises(VenueSetupError, match=r"cannot fetch .*: no connection"):
            await archive.fetch(PATH, tmp_path / "file.zip")


async def test_a_checksum_that_is_none_is_one_line(archive_server, fetch):
    archive_server.put(PATH, ROWS, checksum="<html>")
    with pytest.raises(DataError, match="CHECKSUM holds no SHA-256 checksum: '<html>"):
        await fetch()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
async def test_a_full_disk_is_one_line(archive_server, fetch, tmp_path):
    archive_server.put(PATH, ROWS)
    (tmp_path / "file.zip.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"cannot write .*: the disk is full"):
        await fetch()


async def test_a_folder_that_cannot_be_made_is_one_line(archive_server, fetch, tmp_path):
    archive_server.put(PATH, ROWS)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write .*file/below: Not a directory"):
        await fetch(target=tmp_path / "file" / "below" / "x.zip")
