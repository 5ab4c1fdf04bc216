import pytest

from bot.engine.blotter import Blotter
from bot.testing.world.choices import SeededChoices
from bot.testing.world.shrinking import shrunk
from bot.testing.world.world import World


def test_a_broken_world_gets_simpler_and_breaks_the_same(monkeypatch):
    monkeypatch.setattr(Blotter, "is_known", lambda self, fill: False)
    seed = next(seed for seed in range(40) if World(SeededChoices(seed)).run() is not None)
    values, world = shrunk(seed, tries=40)
    assert world.watch.broken is not None
    assert len(values) < 1_000
    assert sum(1 for value in values if value) < 200


def test_a_seed_that_breaks_nothing_cannot_be_shrunk():
    with pytest.raises(ValueError, match="breaks nothing"):
        shrunk(3)
