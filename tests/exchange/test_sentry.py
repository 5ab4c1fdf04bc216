"""The process that can only cancel: it waits for silence, and knows whose orders are whose."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest

from bot.exchange.direct import Access, DirectLine, Patience
from bot.exchange.endpoints import from_url
from bot.exchange.sentry import Sentry
from bot.runtime.control.server import ControlServer
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.server import serve

D = Decimal
KEY, SECRET = "sim-key", "sim-secret"
SCRIPT = Path(__file__).parents[2] / "bot" / "exchange" / "sentry.py"
BIDS = {"BTCUSDT": [("50000", "1")]}
ASKS = {"BTCUSDT": [("50010", "1")]}


def orders_for(url, folder, **changes):
    return {
        "rest": f"{url}/api",
        "key": KEY,
        "secret": SECRET,
        "recv_window_ms": 5000,
        "symbols": ["BTCUSDT"],
        "prefixes": ["bot-a-run2-"],
        "ids": ["bot-a-run1-7"],
        "spare_stops": True,
        "silence_s": 0.5,
        "give_up_s": 20,
        "socket": str(folder / "s"),
        "pid": os.getpid(),
        "deeds": str(folder / "deeds"),
    } | changes


class Watch:
    """The process, as the bot starts it."""

    def __init__(self, orders):
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SCRIPT)], stdin=subprocess.PIPE
        )
        self.say(json.dumps(orders))

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        return self.process.wait(15)


@pytest.fixture
async def still():
    exchange = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS,
        accounts=[AccountSpec(key=KEY, secret=SECRET, balances={"USDT": D(10**6), "BTC": D(10)})],
        market=StillMarket(BIDS, ASKS),
        start_ms=int(time.time() * 1000),
    )
    plan = FaultPlan()
    server = await serve(exchange, faults=plan)
    yield f"http://127.0.0.1:{server.port}", plan
    await server.close()


def resting(line):
    """Orders of this run, of an earlier one, of a later one, of somebody else, and a stop."""
    for name in ("bot-a-run2-1", "bot-a-run1-7", "bot-a-run1-8", "bot-a-run3-1", "else"):
        line.place(
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.01",
            price="40000",
            newClientOrderId=name,
        )
    line.place(
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_LOSS_LIMIT",
        timeInForce="GTC",
        quantity="0.01",
        price="39000",
        stopPrice="40000",
        newClientOrderId="bot-a-run2-2",
    )


def open_names(line):
    found = line.ask("openOrders", Patience(5), symbol="BTCUSDT")
    return {order["clientOrderId"] for order in found}


async def in_thread(url, work):
    def inside():
        with DirectLine(Access(endpoints=from_url(url), api_key=KEY, api_secret=SECRET)) as line:
            resting(line)
            return work(line)

    return await asyncio.to_thread(inside)


KEPT = {"bot-a-run1-8", "bot-a-run3-1", "else"}


async def test_silence_cancels_what_this_run_had_and_spares_stops(still, tmp_path):
    url, plan = still
    plan.add(
        parse_faults(
            [{"kind": "http", "match": "DELETE /api/v3/order", "status": 503, "times": 2}]
        ),
        int(time.time() * 1000),
    )

    def work(line):
        watch = Watch(orders_for(url, tmp_path))
        for _ in range(6):
            watch.say("b 0")
            time.sleep(0.2)
        before = open_names(line)
        code = watch.end()
        return before, open_names(line), code

    before, after, code = await in_thread(url, work)
    assert len(before) == 6, "a heart that beats is left alone"
    assert (after, code) == (KEPT | {"bot-a-run2-2"}, 0)
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "deeds").read_text().splitlines()]
    assert set(kinds) == {"watchdog_cancel"}


async def test_stops_go_as_well_if_so_told(still, tmp_path):
    def work(line):
        Watch(orders_for(still[0], tmp_path, spare_stops=False)).end()
        return open_names(line)

    assert await in_thread(still[0], work) == KEPT


async def test_after_a_goodbye_everything_stays(still, tmp_path):
    def work(line):
        watch = Watch(orders_for(still[0], tmp_path))
        watch.say("bye")
        code = watch.end()
        return len(open_names(line)), code

    assert await in_thread(still[0], work) == (6, 0)


async def test_a_bot_that_was_started_again_has_taken_over(still, tmp_path):
    server = ControlServer(tmp_path / "s", lambda _: {"ok": True, "pid": 1}, look=lambda: None)
    server.start()

    def work(line):
        Watch(orders_for(still[0], tmp_path)).end()
        return len(open_names(line))

    assert await in_thread(still[0], work) == 6
    server.stop()


async def test_the_same_bot_answering_is_no_successor(tmp_path):
    answer = {"ok": True, "pid": os.getpid()}
    server = ControlServer(tmp_path / "s", lambda _: answer, look=lambda: None)
    server.start()
    sentry = Sentry(orders_for("http://127.0.0.1:9", tmp_path))
    assert await asyncio.to_thread(sentry._successor) is False
    server.stop()
    assert sentry._successor() is False
    assert threading.active_count() >= 1


async def test_it_gives_up_in_the_end_and_says_so(tmp_path):
    watch = Watch(orders_for("http://127.0.0.1:9", tmp_path, give_up_s=0.5, silence_s=0.1))
    assert await asyncio.to_thread(watch.end) == 0
    (deed,) = map(json.loads, (tmp_path / "deeds").read_text().splitlines())
    assert (deed["kind"], deed["subject"]) == ("watchdog_gave_up", "BTCUSDT")
