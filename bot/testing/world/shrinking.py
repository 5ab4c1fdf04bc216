"""From a world that breaks something to a simpler one that breaks the same."""

from collections.abc import Callable, Sequence

from bot.testing.world.choices import Choices, ListedChoices, SeededChoices
from bot.testing.world.watch import Broken
from bot.testing.world.world import World

__all__ = ["shrunk"]

MakeWorld = Callable[[Choices], World]


def shrunk(seed: int, *, make: MakeWorld = World, tries: int = 200) -> tuple[list[float], World]:
    """Choices that break the same invariant with less trouble, and their world after its run.

    Raises:
        ValueError: the seed breaks nothing.
    """
    world = make(SeededChoices(seed))
    broken = world.run()
    if broken is None:
        raise ValueError(f"seed {seed} breaks nothing")
    best, left = list(world.choices.drawn), tries
    size = len(best) // 2
    while size and left > 0:
        shorter, left = _pass(best, size, broken, make, left)
        size = size // 2 if len(shorter) == len(best) and shorter == best else size
        best = shorter
    world = make(ListedChoices(best))
    world.run()
    return best, world


def _pass(
    best: list[float], size: int, broken: Broken, make: MakeWorld, left: int
) -> tuple[list[float], int]:
    """Cut the end off, and put zeros into each piece of that size, where that changes nothing."""
    cut = best[:-size]
    left -= 1
    if _breaks(cut, broken, make):
        return cut, left
    for start in range(0, len(best), size):
        piece = best[start : start + size]
        if not any(piece) or left <= 0:
            continue
        calmer = [*best[:start], *[0.0] * len(piece), *best[start + size :]]
        left -= 1
        if _breaks(calmer, broken, make):
            best = calmer
    return best, left


def _breaks(values: Sequence[float], broken: Broken, make: MakeWorld) -> bool:
    found = make(ListedChoices(values)).run()
    return found is not None and found.name == broken.name
