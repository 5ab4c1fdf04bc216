"""A copy of the database, also while the bot writes to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.domain.errors import DatabaseError
from bot.storage.connection import file_of, normalise_url
from bot.storage.sqlite import read_only_uri

__all__ = ["backup"]


def backup(url: str, target: Path) -> int:
    """Copy a SQLite database as it is at one moment into a new file, and check the copy.

    Returns:
        The size of the copy in bytes.

    Raises:
        DatabaseError: the database is missing or is a server's, the target exists, or the copy
            is not sound.
    """
    path = file_of(normalise_url(url))
    if path is None:
        msg = "bot db backup copies SQLite files; for PostgreSQL use: pg_dump --format=custom"
        raise DatabaseError(msg)
    if not path.is_file():
        msg = f"there is no database {path}; give one with --db"
        raise DatabaseError(msg)
    if target.exists():
        msg = f"{target} exists; a backup never overwrites: give another name"
        raise DatabaseError(msg)
    # Under another name until it is whole: what bears the name is a backup.
    partial = target.with_name(target.name + ".partial")
    try:
        with (
            closing(sqlite3.connect(read_only_uri(path), uri=True)) as source,
            closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy)
            # The copy shall be one file, which can be carried elsewhere.
            copy.execute("PRAGMA journal_mode = DELETE")
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            msg = f"the copy of {path} is not sound: {verdict}"
            raise DatabaseError(msg)
        partial.rename(target)
    except (sqlite3.Error, OSError) as e:
        msg = f"the database {path} cannot be copied to {target}: {e}"
        raise DatabaseError(msg) from e
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size
