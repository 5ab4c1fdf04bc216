"""Binance's public archive over HTTP: files with checksums, resumed where they were cut."""

import asyncio
import errno
import hashlib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp
import msgspec

from bot.domain.errors import DataError, VenueSetupError
from bot.exchange.backoff import Backoff, Delays

__all__ = ["ARCHIVE_URL", "Archive", "ArchiveOptions", "Outcome", "checksum_file", "sha256_of"]

ARCHIVE_URL: Final = "https://data.binance.vision"

_CHUNK_BYTES: Final = 1 << 18
_OK: Final = 200
_PARTIAL: Final = 206
_ABSENT: Final = 404
_RANGE_WRONG: Final = 416
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S: Final = 300.0


class Outcome(StrEnum):
    """What became of a file."""

    FETCHED = "fetched"
    KEPT = "kept"
    """It was there, and right."""
    ABSENT = "absent"
    """The archive does not have it."""


class ArchiveOptions(msgspec.Struct, frozen=True, kw_only=True):
    attempts: int = 5
    """How often in a row a request may fail; a byte that arrives counts as success."""
    corrupt_attempts: int = 3
    """How often a file may arrive with another checksum than it should have."""
    backoff: Backoff = Backoff(least_s=0.5, first_limit_s=1.0, most_s=30.0)
    connect_s: float = 10.0
    silence_s: float = 30.0
    """A body that stops for so long is asked for again from there."""


class Archive:
    """Fetches files of one archive. Several may be fetched at once.

    A file that is being fetched is called ``NAME.part``. What is there under its own name has
    the checksum that stands in ``NAME.CHECKSUM`` beside it.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        base_url: str = ARCHIVE_URL,
        *,
        options: ArchiveOptions | None = None,
        on_size: Callable[[str, int], object] = lambda _path, _bytes: None,
        on_bytes: Callable[[int], object] = lambda _: None,
    ) -> None:
        """``on_size`` hears how many bytes of a path are (more) to come, ``on_bytes`` what came."""
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._options = options or ArchiveOptions()
        self._on_size = on_size
        self._on_bytes = on_bytes
        # By path: announced and not here yet. A body that was cut is announced again in part.
        self._due: dict[str, int] = {}
        self._timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=self._options.connect_s,
            sock_read=self._options.silence_s,
        )

    async def fetch(self, path: str, target: Path) -> Outcome:
        """Bring the file of that path to ``target``, whole and right, or find that it is there.

        Raises:
            VenueSetupError: the archive cannot be reached, or refuses.
            DataError: the file is damaged at the archive, or the disk does not take it.
        """
        try:
            return await self._fetch(path, target)
        except OSError as e:
            full = e.errno in {errno.ENOSPC, errno.EDQUOT}
            what = "the disk is full" if full else e.strerror or str(e)
            raise DataError(f"cannot write {e.filename or target}: {what}") from e

    async def _fetch(self, path: str, target: Path) -> Outcome:
        checksum = checksum_file(target)
        expected = _noted(checksum)
        if expected and await _has(target, expected):
            return Outcome.KEPT
        listed = await self._text(f"{path}.CHECKSUM")
        if listed is None:
            return Outcome.ABSENT
        expected = _digest(listed, path)
        kept = await _has(target, expected)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not kept and not await self._whole(path, target, expected):
            return Outcome.ABSENT
        checksum.write_text(f"{expected}  {target.name}\n", encoding="ascii")
        return Outcome.KEPT if kept else Outcome.FETCHED

    async def _whole(self, path: str, target: Path, expected: str) -> bool:
        """Fetch until the checksum is right; False if there is no such file."""
        part = target.with_name(f"{target.name}.part")
        for _ in range(self._options.corrupt_attempts):
            if not await self._resumed(path, part):
                return False
            if await asyncio.to_thread(sha256_of, part) == expected:
                part.replace(target)
                return True
            part.unlink()
        raise DataError(
            f"{self._base_url}/{path} is damaged: {self._options.corrupt_attempts} times its"
            " checksum was not the one that the archive gives; try again later"
        )

    async def _resumed(self, path: str, part: Path) -> bool:
        """Fetch into the partial file, from where it ends; False if there is no such file."""
        patience = _Patience(self._options)
        while True:
            before = _size(part)
            try:
                return await self._body(path, part, before)
            except _Again as again:
                if _size(part) > before:
                    patience.renew()
                if not await patience.wait(again):
                    raise self._unreachable(path, str(again)) from again

    async def _body(self, path: str, part: Path, have_bytes: int) -> bool:
        headers = {"Range": f"bytes={have_bytes}-"} if have_bytes else {}
        try:
            async with self._http.get(
                f"{self._base_url}/{path}", headers=headers, timeout=self._timeout
            ) as response:
                if response.status == _ABSENT:
                    return False
                if response.status == _RANGE_WRONG:
                    # It is whole already, or is no part of this file: the checksum tells.
                    return True
                self._must_be_good(path, response)
                resumed = response.status == _PARTIAL
                to_come = response.content_length or 0
                self._on_size(path, to_come - self._due.get(path, 0))
                self._due[path] = to_come
                with part.open("ab" if resumed else "wb") as file:
                    await self._copy(path, response, file)
        except (aiohttp.ClientError, TimeoutError) as e:
            raise _Again(_why(e)) from e
        return True

    async def _copy(self, path: str, response: aiohttp.ClientResponse, file: BinaryIO) -> None:
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            file.write(chunk)
            self._due[path] -= len(chunk)
            self._on_bytes(len(chunk))

    async def _text(self, path: str) -> str | None:
        """A small file; None if it is not there."""
        patience = _Patience(self._options)
        while True:
            try:
                return await self._text_once(path)
            except _Again as again:
                if not await patience.wait(again):
                    raise self._unreachable(path, str(again)) from again

    async def _text_once(self, path: str) -> str | None:
        try:
            async with self._http.get(
                f"{self._base_url}/{path}", timeout=self._timeout
            ) as response:
                if response.status == _ABSENT:
                    return None
                self._must_be_good(path, response)
                return await response.text(encoding="ascii", errors="replace")
        except (aiohttp.ClientError, TimeoutError) as e:
            raise _Again(_why(e)) from e

    def _must_be_good(self, path: str, response: aiohttp.ClientResponse) -> None:
        if response.status in {_OK, _PARTIAL}:
            return
        if response.status in _AGAIN:
            text = response.headers.get("Retry-After", "")
            after_s = min(float(text), _LONGEST_WAIT_S) if text.isdigit() else 0.0
            raise _Again(f"HTTP {response.status}", after_s)
        raise self._unreachable(path, f"HTTP {response.status}")

    def _unreachable(self, path: str, cause: str) -> VenueSetupError:
        return VenueSetupError(
            f"cannot fetch {self._base_url}/{path}: {cause}; what has arrived is kept:"
            " the same command goes on from there"
        )


class _Again(Exception):
    """It may go well next time."""

    def __init__(self, cause: str, after_s: float = 0.0) -> None:
        super().__init__(cause)
        self.after_s = after_s


class _Patience:
    """How often one request may fail in a row, and the pauses between."""

    def __init__(self, options: ArchiveOptions) -> None:
        self._options = options
        self.renew()

    def renew(self) -> None:
        """It went well for a while."""
        self._failures = 0
        self._delays = Delays(self._options.backoff)
        # The first delay is none; a server that fails is not asked again at once.
        self._delays.next_s()

    async def wait(self, again: _Again) -> bool:
        """Pause before the next attempt; False if there is to be none."""
        self._failures += 1
        if self._failures >= self._options.attempts:
            return False
        await asyncio.sleep(max(again.after_s, self._delays.next_s()))
        return True


def checksum_file(target: Path) -> Path:
    """Where the checksum of that file stands."""
    return target.with_name(f"{target.name}.CHECKSUM")


def sha256_of(path: Path) -> str:
    """The checksum of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _has(target: Path, expected: str) -> bool:
    if not target.is_file():  # noqa: ASYNC240 - a look at the disk, not at the file's content
        return False
    return await asyncio.to_thread(sha256_of, target) == expected


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _noted(checksum: Path) -> str:
    if not checksum.is_file():
        return ""
    words = checksum.read_text(encoding="ascii", errors="replace").split()
    return words[0] if words and _is_digest(words[0]) else ""


def _digest(listed: str, path: str) -> str:
    """The checksum in ``<digits>  <name>``, which is what sha256sum writes."""
    words = listed.split()
    if not words or not _is_digest(words[0]):
        raise DataError(f"{path}.CHECKSUM holds no SHA-256 checksum: {listed[:60]!r}")
    return words[0].lower()


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(digit in "0123456789abcdefABCDEF" for digit in text)  # noqa: PLR2004 - SHA-256


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection ({error.strerror or type(error).__name__})"
    return f"the connection was lost ({type(error).__name__})"
