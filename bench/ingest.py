"""From a WebSocket frame to a strategy's callback: this bot, a bare loop, and the floor.

Run: python bench/ingest.py [--runs 5] [--only flood|trickle] [--format table|json]

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
import statistics
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_WARM_UP = 20_000
_BOT = "bot"
_PEERS = {
    "python-binance": "python-binance",
    "two-pass": "picows + msgspec, envelope then type",
    "floor": "picows + msgspec, by stream key",
}
_NAMES = {
    "raw": "raw reader (what the sender can do)",
    "floor": "picows + msgspec, by stream key (the floor)",
    "two-pass": "picows + msgspec, envelope then type",
    _BOT: "this bot, whole",
    "python-binance-uvloop": "python-binance on uvloop",
    "python-binance": "python-binance",
}
# As many messages as take each of them a second or two.
_FLOOD = {
    "raw": 5_000_000,
    "floor": 1_000_000,
    "two-pass": 800_000,
    _BOT: 500_000,
    "python-binance-uvloop": 80_000,
    "python-binance": 60_000,
}
_TRICKLE = ("floor", _BOT, "python-binance-uvloop", "python-binance")
_TRICKLE_S = 4
_MAX_WAIT_S = 300

Reading = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rate", type=int, default=5000, help="messages a second of the trickle")
    parser.add_argument("--only", choices=("flood", "trickle"))
    parser.add_argument("--format", choices=("table", "json"), default="table")
    args = parser.parse_args()
    with _sender() as url:
        rounds = [_round(url, args, number) for number in range(args.runs)]
    report = {
        "python": platform.python_version(),
        "versions": {
            name: version(name)
            for name in ("python-binance", "websockets", "picows", "msgspec", "orjson", "uvloop")
        },
        "runs": args.runs,
        "trickle_rate": args.rate,
        "flood": _flood_report([one["flood"] for one in rounds]),
        "trickle": _trickle_report([one["trickle"] for one in rounds]),
    }
    print(json.dumps(report, indent=2) if args.format == "json" else _table(report))


@contextlib.contextmanager
def _sender() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(_HERE / "sender.py")],
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


def _round(url: str, args: argparse.Namespace, number: int) -> dict[str, dict[str, Reading]]:
    order = list(_FLOOD)
    random.Random(number).shuffle(order)
    flood, trickle = {}, {}
    for name in order if args.only != "trickle" else ():
        flood[name] = _read(name, f"{url}/flood", _FLOOD[name], _WARM_UP)
    for name in order if args.only != "flood" else ():
        if name in _TRICKLE:
            count = args.rate * _TRICKLE_S
            at = f"{url}/trickle/{args.rate}"
            trickle[name] = _read(name, at, count, args.rate, "--timed")
    return {"flood": flood, "trickle": trickle}


def _read(contender: str, url: str, count: int, warm_up: int, *options: str) -> Reading:
    print(f"\r{contender:<24}", end="", file=sys.stderr, flush=True)
    command = [sys.executable, str(_HERE / "receivers.py"), contender, url]
    command += ["--count", str(count), "--warm-up", str(warm_up), *options]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=_MAX_WAIT_S
    )
    print(f"\r{'':<24}\r", end="", file=sys.stderr, flush=True)
    reading: Reading = json.loads(done.stdout)
    reading["messages_per_s"] = count / reading["wall_s"]
    reading["cpu_us"] = reading["cpu_s"] / count * 1e6
    reading["core"] = reading["cpu_s"] / reading["wall_s"]
    return reading


def _flood_report(rounds: list[dict[str, Reading]]) -> dict[str, Reading]:
    report = {}
    for name in _FLOOD if rounds[0] else ():
        cpu = [one[name]["cpu_us"] for one in rounds]
        report[name] = {
            "messages_per_s": round(_median(one[name]["messages_per_s"] for one in rounds)),
            "cpu_s_per_million": round(statistics.median(cpu), 2),
            "cpu_range": [round(min(cpu), 2), round(max(cpu), 2)],
            "core": round(_median(one[name]["core"] for one in rounds), 2),
        }
        for peer in _PEERS if name == _BOT else ():
            ratio = _median(one[name]["cpu_us"] / one[peer]["cpu_us"] for one in rounds)
            report[name][f"cpu_to_{peer}"] = round(ratio, 3)
        if name == _BOT:
            report[name]["own_us"] = _medians(one[name]["own_us"] for one in rounds)
    return report


def _trickle_report(rounds: list[dict[str, Reading]]) -> dict[str, Reading]:
    return {
        name: {
            "cpu_percent": round(100 * _median(one[name]["core"] for one in rounds), 1),
            "latency_us": _medians(one[name]["delays_us"] for one in rounds),
        }
        for name in (_TRICKLE if rounds[0] else ())
    }


def _median(values: Any) -> float:
    return float(statistics.median(list(values)))


def _medians(readings: Any) -> dict[str, float]:
    listed = list(readings)
    return {key: round(_median(one[key] for one in listed), 1) for key in listed[0]}


def _table(report: dict[str, Any]) -> str:
    lines = [
        f"CPython {report['python']}, "
        + ", ".join(f"{name} {number}" for name, number in report["versions"].items()),
        f"medians of {report['runs']} rounds, contenders interleaved, one core each",
    ]
    if report["flood"]:
        lines += ["", f"{'flood':<46}{'messages/s':>12}{'CPU s per M':>13}{'range':>16}"]
        for name, row in report["flood"].items():
            low, high = row["cpu_range"]
            lines.append(
                f"{_NAMES[name]:<46}{row['messages_per_s']:>12,}"
                f"{row['cpu_s_per_million']:>13.2f}{f'{low:.2f} - {high:.2f}':>16}"
            )
        bot = report["flood"][_BOT]
        lines += ["", "CPU per message of this bot:"]
        lines += [_ratio_line(bot[f"cpu_to_{peer}"], name) for peer, name in _PEERS.items()]
        own = bot["own_us"]
        lines.append(
            f"  frame to end of handler, by its own count: p50 {own['p50']} µs, p99 {own['p99']} µs"
        )
    if report["trickle"]:
        title = f"trickle: {report['trickle_rate']:,} messages/s, one frame a segment"
        lines += ["", f"{title:<46}{'CPU %':>8}{'p50 µs':>10}{'p99 µs':>10}{'p99.9 µs':>10}"]
        for name, row in report["trickle"].items():
            late = row["latency_us"]
            lines.append(
                f"{_NAMES[name]:<46}{row['cpu_percent']:>8.1f}{late['p50']:>10.0f}"
                f"{late['p99']:>10.0f}{late['p99.9']:>10.0f}"
            )
    return "\n".join(lines)


def _ratio_line(ratio: float, peer: str) -> str:
    if ratio < 1:
        return f"  1/{1 / ratio:.1f} of {peer}"
    return f"  {ratio:.2f} times {peer}"


if __name__ == "__main__":
    main()
