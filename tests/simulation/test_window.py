"""A rolling window forgets what is older than its span."""

from bot.simulation.window import Window

E8 = 10**8


def test_sums_follow_the_window():
    window = Window(5000, 1000)
    window.add(100 * E8, 2 * E8, 200 * E8, 0, 1)
    window.add(110 * E8, 1 * E8, 110 * E8, 1500, 2)
    window.add(90 * E8, 1 * E8, 90 * E8, 1900, 3)
    assert window.average(2000) == 100 * E8
    assert window.prices(2000) == (100 * E8, 110 * E8, 90 * E8)
    assert (window.count, window.ids()) == (3, (1, 3))
    assert window.average(6500) == 100 * E8
    assert (window.count, window.before, window.ids()) == (2, 100 * E8, (2, 3))
    assert window.average(7500) == 0
    assert window.prices(7500) is None
    assert (window.base, window.quote, window.ids()) == (0, 0, (-1, -1))
