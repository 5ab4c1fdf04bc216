"""``python -m bot.testing.world --seed 7 --trace``, or ``--minutes 10``."""

import argparse
import sys
import time

from bot.testing.world.choices import SeededChoices
from bot.testing.world.world import World


def main() -> int:
    """The exit status: 1 if anything was broken."""
    parser = argparse.ArgumentParser(prog="python -m bot.testing.world", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="run this one")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=100)
    options = parser.parse_args()
    if options.seed is not None:
        world = World(SeededChoices(options.seed), show=options.trace)
        broken = world.run()
        print(f"seed {options.seed}: {broken or 'everything holds'}")  # noqa: T201 - a command
        return 1 if broken else 0
    began = time.monotonic()
    failed = 0
    for seed in range(options.first, options.first + options.seeds):
        broken = World(SeededChoices(seed)).run()
        if broken:
            failed += 1
            print(f"seed {seed}: {broken}")  # noqa: T201 - a command
    pace = options.seeds / (time.monotonic() - began) * 60
    print(f"{options.seeds} seeds, {failed} failed, {pace:.0f} seeds/min")  # noqa: T201 - a command
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
