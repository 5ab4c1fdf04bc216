"""Bringing a database to the schema of this code, and knowing where it stands."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, inspect
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import DatabaseError
from bot.storage import schema
from bot.storage.connection import file_of, reason_of, shown, writing_engine

__all__ = [
    "current",
    "differences",
    "downgrade",
    "ensure_current",
    "ensure_upgradable",
    "head",
    "is_empty",
    "scripts",
    "upgrade",
]


def scripts() -> Path:
    """The folder of the migrations: in the source tree, or shipped inside the package.

    Raises:
        DatabaseError: neither is there; the installation is broken.
    """
    package = Path(str(files("bot")))
    for folder in (package / "_migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    msg = f"the migrations are missing beside {package}; install the package again"
    raise DatabaseError(msg)


def head() -> str:
    """The newest revision that this code knows."""
    revision = ScriptDirectory(str(scripts())).get_current_head()
    if revision is None:
        msg = f"there are no migrations in {scripts()}; install the package again"
        raise DatabaseError(msg)
    return revision


def current(connection: Connection) -> str | None:
    """The revision of the database; None if it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def is_empty(connection: Connection) -> bool:
    """True if there is no table, but for alembic's own after a downgrade to base."""
    return set(inspect(connection).get_table_names()) <= {"alembic_version"}


def ensure_current(connection: Connection, name: str) -> None:
    """Raise a DatabaseError that says what to do, unless the schema is this code's."""
    ensure_upgradable(connection, name)
    revision = current(connection)
    if revision is None:
        msg = f"the database {name} has no tables yet; run: bot db upgrade"
        raise DatabaseError(msg)
    if revision != head():
        msg = f"the database {name} is at revision {revision}, this code needs {head()}; "
        raise DatabaseError(msg + "run: bot db upgrade")


def ensure_upgradable(connection: Connection, name: str) -> None:
    """Raise a DatabaseError if the database is newer than this code, or somebody else's."""
    revision = current(connection)
    known = {script.revision for script in ScriptDirectory(str(scripts())).walk_revisions()}
    if revision is None and not is_empty(connection):
        msg = f"the database {name} holds tables that are not the bot's; give another --db"
        raise DatabaseError(msg)
    if revision is not None and revision not in known:
        msg = f"the database {name} is at revision {revision}, newer than this code ({head()}); "
        raise DatabaseError(msg + "update the bot")


def upgrade(url: URL, revision: str = "head") -> None:
    """Migrate up. The whole of it is one transaction.

    Raises:
        DatabaseError: the database cannot be reached or is locked, or there is no such revision.
    """
    _run(url, command.upgrade, revision)


def downgrade(url: URL, revision: str = "-1") -> None:
    """Migrate down, which drops what the later revisions had added."""
    _run(url, command.downgrade, revision)


def differences(connection: Connection) -> list[Any]:
    """How the database differs from :mod:`bot.storage.schema`: empty if it does not."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, schema.metadata))


def _run(url: URL, step: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    engine = writing_engine(url)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, revision)
    except CommandError as e:
        msg = f"the database {shown(url)} cannot be migrated to {revision}: {e}"
        raise DatabaseError(msg) from e
    except DBAPIError as e:
        hint = "; stop the bot first" if file_of(url) and "locked" in reason_of(e) else ""
        msg = f"the database {shown(url)} cannot be migrated: {reason_of(e)}{hint}"
        raise DatabaseError(msg) from e
    finally:
        engine.dispose()
