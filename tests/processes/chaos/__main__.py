"""Bots that trade for their lives: faults of every kind, ``kill -9``, and the books at the end.

``PYTHONPATH=tests/processes python -m chaos --seconds 300 --seed 1``; exit status 1 if
anything differs.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from chaos.report import say, shown
from chaos.stage import Stage


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides faults and kills")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long there are faults")
    parser.add_argument("--minutes", type=float, help="instead of seconds")
    parser.add_argument("--quiet", type=float, default=30.0, help="seconds of peace after them")
    parser.add_argument("--strike-every", type=float, default=10.0, help="seconds between kills")
    parser.add_argument("--folder", type=Path, help="where logs and databases stay")
    parser.add_argument("--spot-db", help="instead of a file in the folder")
    parser.add_argument("--usdm-db", help="instead of a file in the folder")
    parser.add_argument("--market", action="append", choices=("spot", "usdm"), help="only these")
    parser.add_argument("--report", type=Path, help="write the report there as JSON")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="bot-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    databases = {
        "spot": chosen.spot_db or f"sqlite:///{folder.resolve() / 'spot' / 'trades.db'}",
        "usdm": chosen.usdm_db or f"sqlite:///{folder.resolve() / 'usdm' / 'trades.db'}",
    }
    markets = chosen.market or ["spot", "usdm"]
    stage = Stage(
        folder.resolve(),
        databases={market: databases[market] for market in markets},
        seed=chosen.seed,
        strike_every_s=chosen.strike_every,
    )
    seconds = chosen.minutes * 60 if chosen.minutes else chosen.seconds
    say(f"seed {chosen.seed}, {seconds:g} s of faults; logs in {folder}")
    report = stage.play(seconds, chosen.quiet)
    if chosen.report:
        chosen.report.write_text(json.dumps(report, indent=2))
    say(shown(report))
    return 1 if report["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
