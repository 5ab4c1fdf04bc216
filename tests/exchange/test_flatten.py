"""A flatten past the engine, over real sockets: what the exchange has counts."""

import asyncio
import time
from decimal import Decimal

import pytest

from bot.domain.errors import OutcomeUnknown, Rejected, Unavailable
from bot.domain.values import Side
from bot.exchange.direct import Access, DirectLine, Patience
from bot.exchange.endpoints import from_url
from bot.exchange.flatten import DirectFlatten, Holding, KnownOrder
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.server import serve

D = Decimal
KEY, SECRET = "sim-key", "sim-secret"
BIDS = {"BTCUSDT": [("50000", "1"), ("49990", "5"), ("49000", "50")]}
ASKS = {"BTCUSDT": [("50010", "1"), ("50020", "5"), ("51000", "50")]}


class Case:
    """A line, a flatten over it, and what was told of its deeds."""

    def __init__(self, url):
        self.deeds = []
        access = Access(endpoints=from_url(url), api_key=KEY, api_secret=SECRET)
        self.line = DirectLine(access)
        self.patience = Patience(20)

    def flatten(self, *holdings, symbols=("BTCUSDT",)):
        names = iter(f"bot-flatten-a-run-{n}" for n in range(9))
        run = DirectFlatten(
            self.line,
            patience=self.patience,
            is_ours=lambda name: name.startswith("bot-"),
            fresh_id=lambda _: next(names),
            tell=lambda kind, subject, *_: self.deeds.append((kind, subject)),
        )
        return run.run(symbols, holdings)

    def place(self, name, side="BUY", quantity="0.01", **more):
        kind = {"type": "LIMIT", "timeInForce": "GTC"} if "price" in more else {"type": "MARKET"}
        return self.line.place(
            symbol="BTCUSDT", side=side, quantity=quantity, newClientOrderId=name, **kind, **more
        )

    def open(self):
        found = self.line.ask("openOrders", self.patience, symbol="BTCUSDT")
        return [order["clientOrderId"] for order in found]

    def free(self, asset="BTC"):
        account = self.line.ask("account", self.patience)
        return sum(D(b["free"]) for b in account["balances"] if b["asset"] == asset)


def holding(quantity, **more):
    return Holding(strategy_id="a", symbol="BTCUSDT", quantity=D(quantity), **more)


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
    yield exchange, f"http://127.0.0.1:{server.port}", plan
    await server.close()


@pytest.fixture
def in_case(still):
    """Run ``work(case)`` in a thread, where the blocking line belongs."""

    async def run(work):
        def inside():
            case = Case(still[1])
            with case.line:
                return work(case)

        return await asyncio.to_thread(inside)

    return run


async def test_ours_is_cancelled_and_closed_and_what_is_somebody_elses_stays(in_case):
    def work(case):
        case.place("bot-a-run-1")
        case.place("bot-a-run-2", price="40000")
        case.place("else-1", price="40000")
        before = case.free()
        outcome = case.flatten(holding("0.01"))
        return case, outcome, before - case.free(), case.open()

    case, outcome, sold, left = await in_case(work)
    assert (outcome.cancelled, outcome.left, outcome.dust) == (["bot-a-run-2"], [], [])
    assert outcome.closed == ["SELL 0.01000000 BTCUSDT"]
    assert sold == D("0.01"), "the rest of the balance is not ours to sell"
    assert left == ["else-1"]
    assert case.deeds == [
        ("flatten_cancel", "bot-a-run-2"),
        ("flatten_order", "bot-flatten-a-run-0"),
    ]


async def test_fills_that_we_had_not_counted_are_closed_too_and_counted_ones_once(in_case):
    def work(case):
        counted = case.place("bot-a-run-1")
        case.place("bot-a-run-2", quantity="0.02")
        trades = case.line.ask(
            "myTrades", case.patience, symbol="BTCUSDT", orderId=str(counted["orderId"])
        )
        known = (
            KnownOrder(client_order_id="bot-a-run-1"),
            KnownOrder(client_order_id="bot-a-run-2"),
            KnownOrder(client_order_id="bot-a-run-3"),
        )
        ids = frozenset((trade["id"], Side.BUY) for trade in trades)
        before = case.free()
        outcome = case.flatten(holding("0.01", orders=known, trades=ids))
        return outcome, before - case.free()

    outcome, sold = await in_case(work)
    assert outcome.left == []
    assert D("0.0299") < sold <= D("0.03")


async def test_a_short_position_is_bought_back(in_case):
    outcome = await in_case(lambda case: case.flatten(holding("-0.01")))
    assert outcome.closed == ["BUY 0.01000000 BTCUSDT"]


async def test_dust_and_a_holding_that_is_not_there_are_told_apart(in_case):
    outcome = await in_case(lambda case: case.flatten(holding("0.000004")))
    assert outcome.dust == ["a holds 0.000004 BTCUSDT"]

    def without_coins(case):
        case.place("else-1", side="SELL", quantity="10", price="60000")
        return case.flatten(holding("0.01"))

    outcome = await in_case(without_coins)
    assert outcome.closed == []
    (left,) = outcome.left
    assert left.startswith("a holds 0.01 BTCUSDT: only 0.00000000 BTC are free")


async def test_errors_are_outlasted_and_an_order_with_a_false_503_is_sent_once(still, in_case):
    _, _, plan = still

    def work(case):
        case.place("bot-a-run-2", price="40000")
        plan.add(
            parse_faults(
                [
                    {"kind": "http", "match": "GET /api/v3/openOrders", "status": 503, "times": 3},
                    {"kind": "http", "match": "DELETE /api/v3/order", "status": 503, "times": 2},
                    {
                        "kind": "http",
                        "match": "POST /api/v3/order",
                        "status": 503,
                        "when": "after",
                        "times": 1,
                    },
                ]
            ),
            int(time.time() * 1000),
        )
        before = case.free()
        outcome = case.flatten(holding("0.01"))
        return outcome, before - case.free()

    outcome, sold = await in_case(work)
    assert outcome.left == []
    assert sold == D("0.01")


async def test_a_line_asks_again_until_its_patience_ends(in_case):
    slept = []

    def work(case):
        clock = iter(range(100))
        case.patience = Patience(6, now=lambda: next(clock), sleep=slept.append)
        case.line.API_URL = "http://127.0.0.1:9/api"
        with pytest.raises(Unavailable) as failure:
            case.line.ask("openOrders", case.patience, symbol="BTCUSDT")
        with pytest.raises(OutcomeUnknown):
            case.place("bot-a-run-1")
        return str(failure.value)

    text = await in_case(work)
    assert text == "GET /api/v3/openOrders: no answer (ConnectionError)"
    assert slept[:3] == [0.25, 0.5, 1.0]


async def test_a_refusal_is_not_tried_again_and_a_clock_that_is_off_is_set(in_case):
    def work(case):
        case.line.timestamp_offset = -60_000
        assert case.open() == []
        assert abs(case.line.timestamp_offset) < 5_000
        with pytest.raises(Rejected) as failure:
            case.place("bot-a-run-1", quantity="0.000001", price="40000")
        return failure.value.code

    assert await in_case(work) == -1013
