"""``python -m bot.testing.world --seed 7 --trace``, or ``--minutes 10``."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bot.testing.world.choices import SeededChoices
from bot.testing.world.shrinking import shrunk
from bot.testing.world.world import World

_LINES = 60
"""Of a shrunk trace, so many of the last are shown."""


def main() -> int:
    """The exit status: 1 if anything was broken."""
    parser = argparse.ArgumentParser(prog="python -m bot.testing.world", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one")
    parser.add_argument("--trace", action="store_true", help="with --seed: all that happens")
    parser.add_argument("--shrink", action="store_true", help="with --seed: the simplest like it")
    parser.add_argument("--first", type=int, default=None, help="the first seed; else by the clock")
    parser.add_argument("--seeds", type=int, default=None, help="how many")
    parser.add_argument("--minutes", type=float, default=None, help="as many as fit")
    parser.add_argument("--known", type=Path, help="a file of seeds that are run before all others")
    options = parser.parse_args()
    if options.seed is not None:
        return _one(options.seed, trace=options.trace, shrink=options.shrink)
    first = int(time.time()) * 1000 if options.first is None else options.first
    known = _known(options.known)
    return _many(known, first, options.seeds, options.minutes)


def _one(seed: int, *, trace: bool, shrink: bool) -> int:
    if shrink:
        values, world = shrunk(seed)
        calm = sum(1 for value in values if not value)
        _say(*world.trace.lines[-_LINES:])
        _say(f"shrunk to {len(values)} choices, {calm} of them calm")
        broken = world.watch.broken
    else:
        broken = World(SeededChoices(seed), show=trace).run()
    _say(f"seed {seed}: {broken or 'everything holds'}")
    return 1 if broken else 0


def _many(known: list[int], first: int, seeds: int | None, minutes: float | None) -> int:
    began = told = time.monotonic()
    until = began + minutes * 60 if minutes else None
    failed: list[int] = []
    done = 0
    for seed in _seeds(known, first, seeds if seeds or minutes else 300):
        now = time.monotonic()
        if until is not None and now > until:
            break
        broken = World(SeededChoices(seed)).run()
        done += 1
        if broken is not None:
            failed.append(seed)
            _tell(seed, str(broken))
        if now - told > 10:  # noqa: PLR2004 - seconds between two lines of progress
            told = now
            _say(f"{done} seeds, {len(failed)} failed, {done / (now - began) * 60:.0f} seeds/min")
    pace = done / max(time.monotonic() - began, 1e-9) * 60
    _say(f"{done} seeds, {len(failed)} failed, {pace:.0f} seeds/min")
    return 1 if failed else 0


def _seeds(known: list[int], first: int, seeds: int | None) -> Iterator[int]:
    yield from known
    number = 0
    while seeds is None or number < seeds:
        yield first + number
        number += 1


def _tell(seed: int, broken: str) -> None:
    """What is needed to go on from here."""
    _, world = shrunk(seed, tries=60)
    _say(
        *world.trace.lines[-_LINES:],
        f"seed {seed}: {broken}",
        f"again: python -m bot.testing.world --seed {seed} --trace (or --shrink)",
        "keep it: add the number to tests/testing/world/seeds.txt",
    )


def _known(path: Path | None) -> list[int]:
    if path is None:
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
