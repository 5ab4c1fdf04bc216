"""Rows that were asked for over REST, written as the archive writes them: a CSV in a zip."""

import zipfile
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import Final

__all__ = ["is_complete", "write_rows"]

_PREFIX: Final = "until "


async def write_rows(
    target: Path, rows: AsyncIterable[Sequence[str]], *, until_ms: int, day_end_ms: int
) -> int:
    """Write the file at once or not at all; how many rows it has.

    The zip's comment says up to when it was asked for.

    Raises:
        OSError: the disk does not take it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    count = 0
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as packed:
            with packed.open(f"{target.stem}.csv", "w", force_zip64=True) as file:
                async for row in rows:
                    file.write(f"{','.join(row)}\n".encode())
                    count += 1
            packed.comment = f"{_PREFIX}{min(until_ms, day_end_ms)}".encode()
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return count


def is_complete(target: Path, day_end_ms: int) -> bool:
    """Whether there is a sound file that was asked for when its day was over."""
    try:
        with zipfile.ZipFile(target) as packed:
            comment = packed.comment.decode(errors="replace")
            sound = packed.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False
    until = comment.removeprefix(_PREFIX)
    return sound and until.isdigit() and int(until) >= day_end_ms
