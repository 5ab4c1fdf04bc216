"""Alembic's entry: runs the migrations on a connection that the bot hands over.

``bot db upgrade`` is the way to call it. Alembic's own command line works too (to write a
new revision, for instance) and takes the database from BOT_DB.
"""

import os

from alembic import context
from sqlalchemy import Connection

from bot.storage import schema
from bot.storage.connection import normalise_url, writing_engine


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        compare_type=True,
        # SQLite cannot alter most of a table: it is copied.
        render_as_batch=True,
        # Our SQLite connections begin by themselves, so DDL is part of the transaction there too.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    engine = writing_engine(normalise_url(os.environ.get("BOT_DB", "sqlite:///bot.db")))
    try:
        with engine.begin() as own:
            migrate(own)
    finally:
        engine.dispose()
