"""How much the simulated exchange does in a second: orders in the core, over REST, and frames.

Run: python bench/simulator.py [--seconds 5] [--accounts 8] [--symbols 8] [--clients 1 4 16]
     [--subscribers 1 10 50] [--only core|rest|frames] [--format table|json]

The core is measured in this process. The server is ``bot sim serve`` in a process of its own;
its CPU time is read from the system, so that what a second of its core would do is known even
where the client is the slower one. bench/README.md says more.
"""

import argparse
import asyncio
import hashlib
import hmac
import itertools
import json
import os
import platform
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.market import SeededMarket
from bot.simulation.rules import symbol_rules

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_LIMITS = "weight_per_minute=1000000000,raw_requests=1000000000,connects=100000"
_STORM_MOST = 20.0
_CALM_RATE = 20.0
"""Events a second and symbol without a storm."""
_STREAMS = ("trade", "bookTicker", "depth@100ms")
_WARM_UP_S = 0.5

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--accounts", type=int, default=8)
    parser.add_argument("--symbols", type=int, default=8)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument(
        "--events", type=float, default=1000.0, help="a second, of all symbols, for subscribers"
    )
    parser.add_argument("--only", choices=("core", "rest", "frames"))
    parser.add_argument("--format", choices=("table", "json"), default="table")
    args = parser.parse_args()
    report = {
        "python": platform.python_version(),
        "seconds": args.seconds,
        "accounts": args.accounts,
        "symbols": args.symbols,
        "core": [] if args.only not in (None, "core") else _core(args),
        "rest": [] if args.only not in (None, "rest") else asyncio.run(_rest(args)),
        "frames": [] if args.only not in (None, "frames") else asyncio.run(_frames(args)),
    }
    print(json.dumps(report, indent=2) if args.format == "json" else _table(report))


# --- the core ------------------------------------------------------------------------------


def _core(args: argparse.Namespace) -> list[Row]:
    market = ("MARKET orders that fill", _market_order)
    return [_core_row(args, *way) for way in (market, ("LIMIT orders, then cancelled", _round))]


def _core_row(args: argparse.Namespace, name: str, act: Any) -> Row:
    symbols = _symbols(args.symbols)
    now_ms = 1_700_000_000_000
    exchange = SimulatedExchange(
        symbols=[symbol_rules(symbol, tick="0.01", step="0.001") for symbol in symbols],
        accounts=[AccountSpec(key) for key in _accounts(args.accounts)],
        market=SeededMarket(seed=1, history_minutes=5),
        start_ms=now_ms,
    )
    turns = itertools.cycle(itertools.product(_accounts(args.accounts), symbols))
    count, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < args.seconds:
        account, symbol = next(turns)
        turn = count // (args.accounts * args.symbols)
        # A second for each 500 orders, so that the market has its part in it.
        now_ms += 2
        count += act(exchange, account, symbol, now_ms, turn)
        exchange.take()
    return {"what": name, "orders_per_s": round(count / spent)}


def _market_order(exchange: Any, account: str, symbol: str, now_ms: int, number: int) -> int:
    exchange.place_order(account, _fields(symbol, number), now_ms)
    return 1


def _round(exchange: Any, account: str, symbol: str, now_ms: int, number: int) -> int:
    (bid, _), _ = exchange.best(symbol)
    price = format(round(bid * 9 / 10, 2), "f")
    fields = _fields(symbol, 0) | {"type": "LIMIT", "timeInForce": "GTC", "price": price}
    # Cancelled orders count against 100 in 10 s: some thousand of all have a window of their own.
    at_ms = now_ms + number // 10 * 10_000
    placed = exchange.place_order(account, fields, at_ms)
    cancel = {"symbol": symbol, "orderId": str(placed["orderId"])}
    exchange.cancel_order(account, cancel, at_ms)
    return 1


def _fields(symbol: str, number: int) -> dict[str, str]:
    """Buys and sells by turns; a little less is sold, for the fee is taken from what is bought."""
    if number % 2:
        return {"symbol": symbol, "side": "SELL", "type": "MARKET", "quantity": "0.450"}
    return {"symbol": symbol, "side": "BUY", "type": "MARKET", "quantity": "0.500"}


# --- orders over REST ----------------------------------------------------------------------


async def _rest(args: argparse.Namespace) -> list[Row]:
    return [await _rest_row(args, clients) for clients in args.clients]


async def _rest_row(args: argparse.Namespace, clients: int) -> Row:
    with _served(args) as (port, pid):
        accounts, symbols = _accounts(args.accounts), _symbols(args.symbols)
        workers = [
            _Client(port, accounts[number % len(accounts)], symbols[number % len(symbols)])
            for number in range(clients)
        ]
        until = time.perf_counter() + _WARM_UP_S
        await asyncio.gather(*(worker.trade(until) for worker in workers))
        for worker in workers:
            worker.delays_ms.clear()
        begun, used = time.perf_counter(), _cpu_s(pid)
        await asyncio.gather(*(worker.trade(begun + args.seconds) for worker in workers))
        wall, cpu = time.perf_counter() - begun, _cpu_s(pid) - used
        for worker in workers:
            worker.close()
    delays = sorted(itertools.chain.from_iterable(worker.delays_ms for worker in workers))
    return {
        "clients": clients,
        "accounts": min(clients, args.accounts),
        "orders_per_s": round(len(delays) / wall),
        "server_cpu_percent": round(100 * cpu / wall),
        "orders_per_server_cpu_s": round(len(delays) / cpu),
        "p50_ms": round(delays[len(delays) // 2], 2),
        "p99_ms": round(delays[len(delays) * 99 // 100], 2),
    }


class _Client:
    """One kept-alive connection that sends an order, reads the answer, and so on."""

    def __init__(self, port: int, account: str, symbol: str) -> None:
        self.delays_ms: list[float] = []
        self._port = port
        self._account = account
        self._symbol = symbol
        self._number = -1
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def trade(self, until: float) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        while (begun := time.perf_counter()) < until:
            self._number += 1
            writer.write(self._request())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if b" 200 " not in head.partition(b"\r\n")[0]:
                raise SystemExit(f"an order was refused: {body.decode()}")
            self.delays_ms.append((time.perf_counter() - begun) * 1000)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()

    def _request(self) -> bytes:
        fields = _fields(self._symbol, self._number) | {"timestamp": str(time.time_ns() // 10**6)}
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        signature = hmac.new(b"secret", query.encode(), hashlib.sha256).hexdigest()
        return (
            f"POST /api/v3/order?{query}&signature={signature} HTTP/1.1\r\nHost: bench\r\n"
            f"X-MBX-APIKEY: {self._account}\r\nContent-Length: 0\r\n\r\n"
        ).encode()


# --- frames to subscribers -----------------------------------------------------------------


async def _frames(args: argparse.Namespace) -> list[Row]:
    return [await _frames_row(args, subscribers) for subscribers in args.subscribers]


async def _frames_row(args: argparse.Namespace, subscribers: int) -> Row:
    with _served(args) as (port, pid):
        factor = min(_STORM_MOST, args.events / args.symbols / _CALM_RATE)
        scenes = [{"kind": "storm", "factor": factor, "symbol": s} for s in _symbols(args.symbols)]
        storm = json.dumps(scenes).encode()
        url = f"http://127.0.0.1:{port}/sim/scene"
        await asyncio.to_thread(urllib.request.urlopen, urllib.request.Request(url, storm))
        readers = [await _subscribed(port, args.symbols) for _ in range(subscribers)]
        counters = [_Counter(reader) for reader, _ in readers]
        await asyncio.gather(*(one.count(time.perf_counter() + _WARM_UP_S) for one in counters))
        for one in counters:
            one.frames = one.bytes = 0
        begun, used = time.perf_counter(), _cpu_s(pid)
        await asyncio.gather(*(one.count(begun + args.seconds) for one in counters))
        wall, cpu = time.perf_counter() - begun, _cpu_s(pid) - used
        for _, writer in readers:
            writer.close()
    frames = sum(one.frames for one in counters)
    return {
        "subscribers": subscribers,
        "events_per_s": round(factor * _CALM_RATE * args.symbols),
        "frames_per_s": round(frames / wall),
        "megabytes_per_s": round(sum(one.bytes for one in counters) / wall / 1e6, 1),
        "server_cpu_percent": round(100 * cpu / wall),
        "frames_per_server_cpu_s": round(frames / cpu),
    }


async def _subscribed(port: int, symbols: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    names = "/".join(f"{s.lower()}@{kind}" for s in _symbols(symbols) for kind in _STREAMS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    key = random.Random(port).randbytes(16).hex()[:22] + "=="
    writer.write(
        f"GET /stream?streams={names} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


class _Counter:
    """Counts frames without looking into them, so that the client costs little."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.frames = 0
        self.bytes = 0
        self._reader = reader
        self._rest = b""

    async def count(self, until: float) -> None:
        while (left := until - time.perf_counter()) > 0:
            try:
                async with asyncio.timeout(left):
                    data = await self._reader.read(1 << 18)
            except TimeoutError:
                return
            if not data:
                raise SystemExit("the server closed a subscriber's connection")
            self.bytes += len(data)
            self._walk(self._rest + data)

    def _walk(self, data: bytes) -> None:
        at, end = 0, len(data)
        while end - at >= 10:
            short = data[at + 1] & 0x7F
            head = {126: 4, 127: 10}.get(short, 2)
            length = short if head == 2 else int.from_bytes(data[at + 2 : at + head])
            if end - at < head + length:
                break
            at += head + length
            self.frames += 1
        self._rest = data[at:]


# --- the server ----------------------------------------------------------------------------


@contextmanager
def _served(args: argparse.Namespace) -> Iterator[tuple[int, int]]:
    """(port, process id)."""
    command = [sys.executable, "-m", "bot", "sim", "serve", "--port", "0", "--admin"]
    command += ["--limits", _LIMITS, "--exit-with-parent"]
    for symbol in _symbols(args.symbols):
        command += ["--symbol", symbol]
    for account in _accounts(args.accounts):
        command += ["--account", f"{account}:secret"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["port"], process.pid
    finally:
        process.kill()
        process.wait()


def _cpu_s(pid: int) -> float:
    """User and system time of a process."""
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - no file of ours
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def _accounts(count: int) -> list[str]:
    return [f"account-{number}" for number in range(count)]


def _symbols(count: int) -> list[str]:
    """No contracts of these names are traded, so that a storm is on spot alone."""
    return [f"COIN{number}USDT" for number in range(count)]


# --- the report ----------------------------------------------------------------------------


def _table(report: dict[str, Any]) -> str:
    many = f"{report['accounts']} accounts, {report['symbols']} symbols"
    lines = [f"CPython {report['python']}; {many}, {report['seconds']:g} s each"]
    for title in ("core", "rest", "frames"):
        rows = report[title]
        if rows:
            names = list(rows[0])
            texts = [
                names,
                *([f"{v:,}" if isinstance(v, int) else str(v) for v in r.values()] for r in rows),
            ]
            widths = [max(len(row[column]) for row in texts) for column in range(len(names))]
            lines += ["", title]
            lines += [
                "  " + "  ".join(t.rjust(w) for t, w in zip(row, widths, strict=True))
                for row in texts
            ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
