"""Worlds with the real tables: every restart reads them back, and at the end they are verified."""

import shutil

import pytest

from bot.storage.open import prepare
from bot.storage.verify import verify
from bot.testing.world.choices import SeededChoices
from bot.testing.world.database import DatabaseDisk
from bot.testing.world.world import World


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "empty.db"
    prepare(f"sqlite:///{path}")
    return path


@pytest.mark.parametrize("seed", range(500, 512))
def test_what_the_database_remembers_is_enough_to_go_on(migrated, tmp_path, seed):
    path = tmp_path / "trades.db"
    shutil.copy(migrated, path)
    disk = DatabaseDisk(f"sqlite:///{path}")
    world = World(SeededChoices(seed), disk=disk)
    broken = world.run()
    disk.close()
    assert broken is None, f"seed {seed}: {broken}"
    assert disk.differences == []
    result = verify(f"sqlite:///{path}", now_ns=world.timeline.now_ns, unsettled_after_s=0)
    assert result.differences == ()
    assert result.unsettled == ()
    assert result.orders > 0
