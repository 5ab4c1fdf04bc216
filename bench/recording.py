"""What recording costs the event loop: frames decoded with a recorder listening in, and without.

Run: python bench/recording.py [--runs 5] [--count 300000] [--rate 0] [--format table|json]

Each reading is taken in a process of its own; with and without take turns. Frames of about 220
bytes, 70 % book ticker and 30 % trade, come as new objects, as they do from a socket, and are
decoded and emitted to nobody. "loop" is the CPU time of the event loop's thread, "process" that
of all threads, compression among them; the difference of the loops is what recording costs
where the whole ingest costs what bench/ingest.py says. ``--rate`` sends so many frames a second
in bursts of a millisecond; 0 is as fast as they can be decoded.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_SYMBOL = "BTCUSDT"
_START_NS = 1_700_000_000_000_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--count", type=int, default=300_000)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child is not None:
        print(json.dumps(_reading(args.count, args.rate, args.child)))
        return
    rounds = []
    for number in range(args.runs):
        order = (False, True) if number % 2 else (True, False)
        rounds.append({record: _child(args, record=record) for record in order})
    report = _report(rounds, args.count)
    print(json.dumps(report, indent=2) if args.format == "json" else _table(report))


def _child(args: argparse.Namespace, *, record: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, __file__, "--count", str(args.count), "--rate", str(args.rate)]
        command += ["--child", directory if record else ""]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    return dict(json.loads(done.stdout))


def _reading(count: int, rate: int, directory: str) -> dict[str, Any]:
    from bot.exchange.continuity import StreamState
    from bot.exchange.decode import FrameDecoder
    from bot.exchange.stream_wishes import wish
    from bot.history.session import SessionRecording

    decoder = FrameDecoder(lambda _: None)
    for stream in ("trade", "bookTicker"):
        decoder.add(StreamState(f"{_SYMBOL.lower()}@{stream}", wish(stream, _SYMBOL)))
    recording = None
    if directory:
        recording = SessionRecording(Path(directory), "bench", about={})
        recording.start()
    tap = None if recording is None else recording.frame
    decode, now_ns = decoder.decode, time.time_ns
    views = [memoryview(frame) for frame in _frames(count)]
    burst = max(1, rate // 1000) if rate else count
    began = time.perf_counter(), time.process_time(), time.thread_time()
    for at in range(0, count, burst):
        for view in views[at : at + burst]:
            frame = bytes(view)
            recv_ns = now_ns()
            if tap is not None:
                tap(recv_ns, frame)
            if decode(frame, recv_ns) is None:
                raise SystemExit("a frame was not decoded")
        if rate:
            time.sleep(max(0.0, began[0] + (at + burst) / rate - time.perf_counter()))
    wall_s, loop_s = time.perf_counter() - began[0], time.thread_time() - began[2]
    if recording is not None:
        recording.close()
    return {
        "wall_s": wall_s,
        "loop_s": loop_s,
        "cpu_s": time.process_time() - began[1],
        "lost": recording.manifest.lost_frames if recording else 0,
        "bytes": recording.manifest.size_bytes if recording else 0,
    }


def _frames(count: int) -> list[bytes]:
    frames = []
    for n in range(count):
        at = _START_NS // 1_000_000 + n // 50
        price = f"{42000 + n * 37 % 4999 / 100:.8f}"
        size = f"{(n * 7919 % 99991) / 1000:.8f}"
        if n % 10 < 7:
            data = f'"u":{400900217 + n},"s":"{_SYMBOL}","b":"{price}","B":"{size}",'
            data += f'"a":"{price}","A":"{size}"'
            frames.append(f'{{"stream":"btcusdt@bookTicker","data":{{{data}}}}}'.encode())
        else:
            data = f'"e":"trade","E":{at},"s":"{_SYMBOL}","t":{n // 10 * 3 + n % 10 - 6},'
            data += f'"p":"{price}","q":"{size}","T":{at},"m":true,"M":true'
            frames.append(f'{{"stream":"btcusdt@trade","data":{{{data}}}}}'.encode())
    return frames


def _report(rounds: list[dict[bool, dict[str, Any]]], count: int) -> dict[str, Any]:
    def of(key: str, *, record: bool) -> float:
        return round(statistics.median(one[record][key] for one in rounds) / count * 1e6, 3)

    return {
        "runs": len(rounds),
        "s_per_million": {
            name: {key: of(f"{key}_s", record=record) for key in ("loop", "cpu", "wall")}
            for name, record in (("without", False), ("recording", True))
        },
        "loop_cost_us_a_frame": round(
            statistics.median(one[True]["loop_s"] - one[False]["loop_s"] for one in rounds)
            / count
            * 1e6,
            3,
        ),
        "lost_frames": sum(one[True]["lost"] for one in rounds),
        "file_bytes_a_frame": round(of("bytes", record=True) / 1e6, 1),
    }


def _table(report: dict[str, Any]) -> str:
    lines = [f"medians of {report['runs']} rounds, in turns, CPU s per M frames", ""]
    lines += [f"{'':<12}{'loop':>10}{'process':>10}{'wall':>10}"]
    for name, row in report["s_per_million"].items():
        lines.append(f"{name:<12}" + "".join(f"{value:>10.2f}" for value in row.values()))
    lines += [
        f"recording costs the event loop {report['loop_cost_us_a_frame']:.3f} µs a frame",
        f"lost frames {report['lost_frames']}, bytes a frame {report['file_bytes_a_frame']}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
