"""Random looks, but no chance: the same commands get the same ids."""

from bot.simulation.randomids import scrambled


def test_an_id_follows_from_its_seed():
    assert scrambled("BTCUSDT/1/2") == scrambled("BTCUSDT/1/2")
    ids = {scrambled(f"BTCUSDT/{n}/2") for n in range(500)}
    assert len(ids) == 500
    assert all(len(one) == 22 and one.isalnum() for one in ids)
