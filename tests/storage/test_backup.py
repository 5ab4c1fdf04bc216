"""A backup is whole, is taken while the bot writes, and never overwrites."""

import pytest

from bot.domain.errors import DatabaseError
from bot.storage.backup import backup
from bot.storage.open import open_store, prepare
from bot.storage.reader import TradeReader
from bot.storage.verify import verify


async def test_a_backup_holds_what_was_durable(sqlite_url, ledger, tmp_path):
    prepare(sqlite_url)
    store = open_store(sqlite_url)
    records = [ledger.run(), *ledger.life("a", fills=[("1", "100")])]
    await store.durable(store.append(records))
    target = tmp_path / "copy.db"
    assert backup(sqlite_url, target) == target.stat().st_size
    await store.close()
    assert verify(f"sqlite:///{target}").differences == ()
    with TradeReader(f"sqlite:///{target}") as reader:
        assert len(reader.fills()) == 1
    assert list(tmp_path.glob("*.partial*")) == []


def test_a_backup_never_overwrites(sqlite_url, tmp_path):
    prepare(sqlite_url)
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(DatabaseError, match="never overwrites"):
        backup(sqlite_url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_a_server_is_left_to_its_own_tool():
    with pytest.raises(DatabaseError, match="pg_dump"):
        backup("postgresql://u@h/d", None)


def test_a_missing_database_is_one_line(sqlite_url, tmp_path):
    with pytest.raises(DatabaseError, match="there is no database"):
        backup(sqlite_url, tmp_path / "copy.db")
