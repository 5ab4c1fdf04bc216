"""The rounds of the ingest benchmark as medians, and the table of them."""

import statistics
from collections.abc import Iterable
from typing import Any

__all__ = ["BOT", "report_of", "table"]

BOT = "bot"
_NAMES = {
    "raw": "raw reader (what the sender can do)",
    "floor": "picows + msgspec, by stream key (the floor)",
    "two-pass": "picows + msgspec, envelope then type",
    BOT: "this bot, whole",
    "unicorn": "unicorn-binance-websocket-api on picows",
    "cryptofeed": "cryptofeed (book tickers, aggregate trades)",
    "ccxt": "ccxt.pro (book tickers, trades)",
    "python-binance-uvloop": "python-binance on uvloop",
    "python-binance": "python-binance",
}

Reading = dict[str, Any]


def report_of(rounds: list[dict[str, Reading]]) -> Reading:
    """Medians of the rounds, part by part; parts that were not run are absent."""
    made = {
        "flood": _flood,
        "recording": _recording,
        "trickle": _trickle,
        "burst": _burst,
        "streams": _streams,
    }
    return {
        part: report([one[part] for one in rounds])
        for part, report in made.items()
        if part in rounds[0]
    }


def _flood(rounds: list[Reading]) -> Reading:
    report: Reading = {}
    for name in (name for name in _NAMES if name in rounds[0]):
        cpu = [one[name]["cpu_us"] for one in rounds]
        report[name] = {
            "messages_per_s": round(_median(one[name]["messages_per_s"] for one in rounds)),
            "cpu_s_per_million": round(statistics.median(cpu), 2),
            "cpu_range": [round(min(cpu), 2), round(max(cpu), 2)],
            "bot_to_it": round(_ratio(rounds, BOT, name, "cpu_us"), 3),
        }
    report[BOT]["own_us"] = _medians(one[BOT]["own_us"] for one in rounds)
    return report


def _recording(rounds: list[Reading]) -> Reading:
    for one in rounds:
        for reading in one.values():
            reading["loop_us"] = reading["cpu_us"] * reading["loop_s"] / reading["cpu_s"]
    return {
        "loop_us": {
            name: round(_median(one[name]["loop_us"] for one in rounds), 2) for name in rounds[0]
        },
        "cpu_us": {
            name: round(_median(one[name]["cpu_us"] for one in rounds), 2) for name in rounds[0]
        },
        "loop_share": round(_ratio(rounds, "with", "without", "loop_us") - 1, 3),
    }


def _trickle(rounds: list[Reading]) -> Reading:
    return {
        name: {
            "cpu_percent": round(100 * _median(one[name]["core"] for one in rounds), 1),
            "latency_us": _medians(one[name]["delays_us"] for one in rounds),
            "bot_to_it": {
                "cpu": round(_ratio(rounds, BOT, name, "core"), 3),
                "p50": round(
                    _median(
                        one[BOT]["delays_us"]["p50"] / one[name]["delays_us"]["p50"]
                        for one in rounds
                    ),
                    3,
                ),
            },
        }
        for name in _NAMES
        if name in rounds[0]
    }


def _burst(rounds: list[Reading]) -> Reading:
    def worked_off_ms(one: Reading) -> float:
        return float(statistics.median(one["bursts_ms"]))

    return {
        "bursts": sum(len(one[BOT]["bursts_ms"]) for one in rounds),
        "worked_off_ms": {
            name: round(_median(worked_off_ms(one[name]) for one in rounds), 1)
            for name in _NAMES
            if name in rounds[0]
        },
        "bot_to_two-pass": round(
            _median(worked_off_ms(one[BOT]) / worked_off_ms(one["two-pass"]) for one in rounds), 3
        ),
    }


def _streams(rounds: list[Reading]) -> Reading:
    report: Reading = {}
    for name in (name for name in _NAMES if name in rounds[0]):
        few, many = rounds[0][name]
        own = [one[name] for one in rounds]
        report[name] = {
            "cpu_us": {
                count: round(_median(one[count]["cpu_us"] for one in own), 2)
                for count in (few, many)
            },
            "many_to_few": round(_ratio(own, many, few, "cpu_us"), 3),
        }
    report["beyond_floor"] = round(
        report[BOT]["many_to_few"] / report["floor"]["many_to_few"],
        3,
    )
    return report


def _ratio(rounds: list[Reading], name: str, other: str, key: str) -> float:
    return _median(one[name][key] / one[other][key] for one in rounds)


def _median(values: Iterable[float]) -> float:
    return float(statistics.median(list(values)))


def _medians(readings: Iterable[dict[str, float]]) -> dict[str, float]:
    listed = list(readings)
    return {key: round(_median(one[key] for one in listed), 1) for key in listed[0]}


def table(report: Reading) -> str:
    """The report for people."""
    lines = [
        f"CPython {report['python']}, "
        + ", ".join(f"{name} {number}" for name, number in report["versions"].items()),
        f"medians of {report['runs']} rounds, contenders interleaved, one core each",
        *(f"not run: {name}: {why}" for name, why in report["not_run"].items()),
    ]
    tables = {
        "flood": _flood_lines,
        "recording": _recording_lines,
        "trickle": _trickle_lines,
        "burst": _burst_lines,
        "streams": _streams_lines,
    }
    for part, write in tables.items():
        if part in report:
            lines += ["", *write(report[part])]
    if "memory_mb" in report:
        used = report["memory_mb"]
        lines += [
            "",
            (f"memory, MB at each million messages: {', '.join(f'{mb:.1f}' for mb in used)}"),
        ]
    return "\n".join(lines)


def _flood_lines(flood: Reading) -> list[str]:
    lines = [f"{'flood':<46}{'messages/s':>12}{'CPU s per M':>13}{'range':>16}{'bot is':>10}"]
    for name, row in flood.items():
        low, high = row["cpu_range"]
        lines.append(
            f"{_NAMES[name]:<46}{row['messages_per_s']:>12,}{row['cpu_s_per_million']:>13.2f}"
            f"{f'{low:.2f} - {high:.2f}':>16}{_times(row['bot_to_it']):>10}"
        )
    own = flood[BOT]["own_us"]
    lines.append(
        f"frame to end of handler, by the bot's own count: p50 {own['p50']} µs, p99 {own['p99']} µs"
    )
    return lines


def _recording_lines(recording: Reading) -> list[str]:
    loop, process = recording["loop_us"], recording["cpu_us"]
    return [
        (
            f"flood with a recorder: {loop['with']:.2f} µs a message on the event loop where it is "
            f"{loop['without']:.2f}, {recording['loop_share']:+.0%}; of the whole process, which "
            f"has one core, {process['with']:.2f} where it is {process['without']:.2f}"
        )
    ]


def _trickle_lines(trickle: Reading) -> list[str]:
    title = f"{'trickle, one frame a segment':<46}{'CPU %':>8}{'p50 µs':>9}{'p99 µs':>9}"
    lines = [f"{title}{'p99.9 µs':>10}{'bot: CPU':>10}{'p50':>8}"]
    for name, row in trickle.items():
        late, bot = row["latency_us"], row["bot_to_it"]
        lines.append(
            f"{_NAMES[name]:<46}{row['cpu_percent']:>8.1f}{late['p50']:>9.0f}{late['p99']:>9.0f}"
            f"{late['p99.9']:>10.0f}{_times(bot['cpu']):>10}{_times(bot['p50']):>8}"
        )
    return lines


def _burst_lines(burst: Reading) -> list[str]:
    lines = [f"{'20,000 frames in one write':<46}{'worked off after ms':>22}"]
    lines += [f"{_NAMES[name]:<46}{ms:>22.1f}" for name, ms in burst["worked_off_ms"].items()]
    lines.append(
        f"{burst['bursts']} bursts, none lost; this bot takes {burst['bot_to_two-pass']:.2f} times "
        f"what {_NAMES['two-pass']} takes"
    )
    return lines


def _streams_lines(streams: Reading) -> list[str]:
    few, many = streams[BOT]["cpu_us"]
    title = "100,000 messages a second, CPU µs a message"
    lines = [f"{title:<46}{f'{few} streams':>14}{f'{many}, five connections':>26}{'times':>8}"]
    for name in (name for name in _NAMES if name in streams):
        row = streams[name]
        few_us, many_us = row["cpu_us"].values()
        lines.append(f"{_NAMES[name]:<46}{few_us:>14.2f}{many_us:>26.2f}{row['many_to_few']:>8.2f}")
    lines.append(f"this bot's growth is {streams['beyond_floor']:.2f} times that of the floor")
    return lines


def _times(ratio: float) -> str:
    return f"1/{1 / ratio:.1f}" if ratio < 1 else f"{ratio:.2f}x"
