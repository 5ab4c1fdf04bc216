"""One process a database; the lock dies with its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import DatabaseError
from bot.storage.connection import normalise_url, writing_engine
from bot.storage.lock import FileLock, ServerLock

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from bot.storage.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_holder_is_named_and_its_death_frees_the_lock(tmp_path):
    path = tmp_path / "bot.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},
    )
    holder.stdout.readline()
    with pytest.raises(DatabaseError, match=f"process {holder.pid}"):
        FileLock(path)
    holder.kill()
    holder.communicate()
    FileLock(path).release()


def test_it_is_released_once_and_for_all(tmp_path):
    lock = FileLock(tmp_path / "bot.db")
    lock.release()
    lock.release()
    FileLock(tmp_path / "bot.db").release()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(DatabaseError, match="cannot be made"):
        FileLock(tmp_path / "none" / "bot.db")


def test_a_server_gives_its_lock_to_the_next_one_before_the_connection_ends(postgres_url):
    lock = ServerLock()
    engine = writing_engine(normalise_url(postgres_url))
    with engine.connect() as one, engine.connect() as other:
        assert lock.hold(one)
        assert not lock.hold(other)
        lock.free(one)
        assert lock.hold(other)
    engine.dispose()
