"""From a WebSocket frame to a strategy's callback: this bot, its peers, a bare loop.

Run: python bench/ingest.py [--runs 3] [--only flood recording trickle burst streams] [--memory]
     [--format table|json]

Every contender reads the same bytes from the same sender, in a process of its own on one
core while the sender has another; the order of the contenders changes from round to round.
Figures are medians of the rounds; ratios are medians of the ratios within a round, which a
noisy machine moves less. bench/README.md says what each contender does.
"""

import argparse
import contextlib
import json
import platform
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ingest_report import BOT, report_of, table

_HERE = Path(__file__).parent
_PEERS_PYTHON = _HERE.parent / ".venv-bench" / "bin" / "python"
_WARM_UP = 20_000
# As many messages as take each of them a second or so.
_FLOOD = {
    "raw": 3_000_000,
    "floor": 800_000,
    "two-pass": 600_000,
    BOT: 500_000,
    "unicorn": 200_000,
    "cryptofeed": 120_000,
    "python-binance-uvloop": 60_000,
    "ccxt": 30_000,
    "python-binance": 40_000,
}
_INSTALLED_APART = {
    "unicorn": "unicorn-binance-websocket-api",
    "cryptofeed": "cryptofeed",
    "ccxt": "ccxt",
}
_NOT_RUN = {
    "nautilus_trader": "its adapter asks Binance's REST for instruments before it streams",
}
_TRICKLE = ("floor", BOT, "python-binance-uvloop", "python-binance")
_TRICKLE_S = 4
_BURST = ("two-pass", BOT)
_BURST_FRAMES = 20_000
_SPREAD = ("floor", BOT)
_STREAMS = (10, 1_000)
_STREAMS_RATE = 100_000
_STREAMS_S = 3
_MEMORY_MESSAGES = 20_000_000
_MAX_WAIT_S = 180

Reading = dict[str, Any]
PARTS = ("flood", "recording", "trickle", "burst", "streams")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=int, default=5000, help="messages a second of the trickle")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--memory", action="store_true", help="20 million messages, a minute")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    args = parser.parse_args()
    missing = dict(_NOT_RUN)
    missing |= {name: why for name in _INSTALLED_APART if (why := _why_missing(name))}
    rounds = [_round(args, number, missing) for number in range(args.runs)]
    report = {
        "python": platform.python_version(),
        "versions": _versions(missing),
        "runs": args.runs,
        "not_run": missing,
        **report_of(rounds),
    }
    if args.memory:
        report["memory_mb"] = _memory()
    print(json.dumps(report, indent=2) if args.format == "json" else table(report))


@contextlib.contextmanager
def sender(mode: str, *options: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(_HERE / "sender.py"), mode, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def _why_missing(name: str) -> str:
    if not _PEERS_PYTHON.exists():
        return "no .venv-bench: make bench-ingest installs it"
    module = _INSTALLED_APART[name].replace("-", "_")
    asked = subprocess.run(
        [_PEERS_PYTHON, "-c", f"import {module}"], capture_output=True, text=True, check=False
    )
    said = asked.stderr.strip().splitlines()
    return "" if asked.returncode == 0 else f"cannot be imported: {said[-1] if said else '?'}"


def _round(args: argparse.Namespace, number: int, missing: Reading) -> dict[str, Reading]:
    order = [name for name in _FLOOD if name not in missing]
    random.Random(number).shuffle(order)
    made: dict[str, Reading] = {}
    if "flood" in args.only:
        with sender("flood") as url:
            made["flood"] = {name: _read(name, url, _FLOOD[name], _WARM_UP) for name in order}
    if "recording" in args.only:
        with sender("flood") as url:
            made["recording"] = {
                name: _read(BOT, url, _FLOOD[BOT], _WARM_UP, *options)
                for name, options in (("without", ()), ("with", ("--record",)))
            }
    if "trickle" in args.only:
        count = args.rate * _TRICKLE_S
        with sender("trickle", "--rate", str(args.rate)) as url:
            made["trickle"] = {
                name: _read(name, url, count, args.rate, "--how", "timed")
                for name in order
                if name in _TRICKLE
            }
    if "burst" in args.only:
        with sender("burst", "--count", str(_BURST_FRAMES)) as url:
            made["burst"] = {
                name: _read(name, url, _BURST_FRAMES, _WARM_UP, "--how", "burst")
                for name in order
                if name in _BURST
            }
    if "streams" in args.only:
        # Each contender's two loads one after the other: what else the machine does is the same.
        made["streams"] = {
            name: {str(streams): _of_streams(name, streams) for streams in _STREAMS}
            for name in order
            if name in _SPREAD
        }
    return made


def _of_streams(name: str, streams: int) -> Reading:
    options = ("--streams", str(streams), "--rate", str(_STREAMS_RATE))
    with sender("spread", *options) as url:
        # A thousand streams are subscribed in a second or two: the warm-up is longer than that.
        warm_up = _STREAMS_RATE * 3
        return _read(name, url, _STREAMS_RATE * _STREAMS_S, warm_up, "--streams", str(streams))


def _memory() -> list[float]:
    with sender("flood") as url:
        return list(_read(BOT, url, _MEMORY_MESSAGES, _WARM_UP, "--memory")["resident_mb"])


def _read(contender: str, url: str, count: int, warm_up: int, *options: str) -> Reading:
    print(f"\r{contender:<24}", end="", file=sys.stderr, flush=True)
    apart = contender in _INSTALLED_APART
    program = (
        [_PEERS_PYTHON, _HERE / "peers.py"] if apart else [sys.executable, _HERE / "receivers.py"]
    )
    done = _run(
        [
            *map(str, program),
            contender,
            url,
            "--count",
            str(count),
            "--warm-up",
            str(warm_up),
            *options,
        ]
    )
    print(f"\r{'':<24}\r", end="", file=sys.stderr, flush=True)
    reading: Reading = json.loads(done)
    reading["messages_per_s"] = count / reading["wall_s"]
    reading["cpu_us"] = reading["cpu_s"] / count * 1e6
    reading["core"] = reading["cpu_s"] / reading["wall_s"]
    return reading


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_MAX_WAIT_S)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:3])} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def _versions(missing: Reading) -> dict[str, str]:
    own = ("python-binance", "websockets", "picows", "msgspec", "orjson", "uvloop")
    versions = {name: version(name) for name in own}
    apart = [package for name, package in _INSTALLED_APART.items() if name not in missing]
    if apart:
        program = (
            "import sys; from importlib.metadata import version as v; print(*map(v, sys.argv[1:]))"
        )
        said = _run([str(_PEERS_PYTHON), "-c", program, *apart])
        versions |= dict(zip(apart, said.split(), strict=True))
    return versions


if __name__ == "__main__":
    main()
