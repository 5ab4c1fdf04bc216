"""What the simulated exchange answers to each kind of request, over REST and the WebSocket API."""

import base64
import time
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.simulation.account import AccountSpec
from bot.simulation.rules import DEFAULT_SYMBOLS, symbol_rules
from bot.simulation.wire.routes import BY_ROUTE

PAIR = {"symbol": "BTCUSDT"}
LIMIT = PAIR | {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
FAR = LIMIT | {"price": "40000"}
CROSSING = PAIR | {"side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.01", "price": "50001"}
TAKE = LIMIT | {"price": "50001"}
MARKET = PAIR | {"side": "SELL", "type": "MARKET", "quantity": "0.01"}
STOP = PAIR | {"side": "SELL", "quantity": "0.01", "timeInForce": "GTC", "price": "44000"}
STOP |= {"type": "STOP_LOSS_LIMIT", "stopPrice": "45000", "newOrderRespType": "RESULT"}
OCO = PAIR | {"side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER"}
OCO |= {"abovePrice": "60000", "belowType": "STOP_LOSS_LIMIT", "belowPrice": "44000"}
OCO |= {"belowStopPrice": "45000", "belowTimeInForce": "GTC"}
ICEBERGS = OCO | {"aboveIcebergQty": "0.005", "belowIcebergQty": "0.005"}
OLD_OCO = PAIR | {"side": "SELL", "quantity": "0.01", "price": "60000", "stopPrice": "45000"}
OLD_OCO |= {"stopLimitPrice": "44000", "stopLimitTimeInForce": "GTC"}
WORKING = PAIR | {"workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC"}
WORKING |= {"workingPrice": "40000", "workingQuantity": "0.01"}
OTO = WORKING | {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "0.01"}
OTO_LIMIT = OTO | {"pendingType": "LIMIT", "pendingPrice": "60000", "pendingTimeInForce": "GTC"}
LEGS = {"pendingSide": "SELL", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "60000"}
LEGS |= {"pendingBelowType": "STOP_LOSS_LIMIT", "pendingBelowPrice": "44000"}
LEGS |= {"pendingBelowStopPrice": "45000", "pendingBelowTimeInForce": "GTC"}
STOP_LEGS = LEGS | {"pendingBelowType": "STOP_LOSS"}
STOP_LEGS = {k: v for k, v in STOP_LEGS.items() if k[12:] not in ("Price", "TimeInForce")}
OPO = WORKING | {"pendingType": "MARKET", "pendingSide": "SELL"}
ALL_OR_NOTHING = {"cancelReplaceMode": "ALLOW_FAILURE"}
UNKNOWN = {"cancelOrigClientOrderId": "nobody"}


RANGE = {"ruleType": "PRICE_RANGE", "bidLimitMultUp": "5", "bidLimitMultDown": "0.2"}
RANGE |= {"askLimitMultUp": "5", "askLimitMultDown": "0.2"}
# The last one has neither.
SYMBOL_RULES = [
    *(replace(one, execution_rule=RANGE, reference_seconds=10) for one in DEFAULT_SYMBOLS[:2]),
    DEFAULT_SYMBOLS[2],
    symbol_rules("BTCUSDC", tick="0.01", step="0.00001"),
]
WIDE = [{"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1000}]
# Two accounts of one trade group; the first may not put more than a million into one order.
FIRST = AccountSpec(
    "sim-key", "sim-secret", trade_group=1, asset_limits={"USDT": Decimal(1_000_000)}
)
OTHER = AccountSpec("other", "hush", trade_group=1)


class Exchange:
    """Asks over one of the two ways; the answers have the same bodies."""

    def __init__(self, sim, way):
        self.sim = sim
        self.way = way

    async def ask(self, route, **params):
        """(status, body, whole reply)."""
        endpoint = BY_ROUTE[tuple(route.split())]
        if self.way == "rest":
            path = endpoint.path.removeprefix("/api/v3/")
            if endpoint.signed:
                status, body = await self.sim.call(endpoint.method, path, **params)
            else:
                query = "&".join(f"{k}={v}" for k, v in params.items())
                status, body = await self.sim.get(f"{endpoint.path}?{query}")
            return status, body, body
        api = await self.sim.connect("/ws-api/v3")
        if "symbols" in params:
            params["symbols"] = orjson.loads(params["symbols"])
        if endpoint.signed:
            params = self.sim.ws_signed(**params)
        reply = await api.ask({"id": "1", "method": endpoint.name, "params": params})
        return reply["status"], reply.get("result", reply.get("error")), reply

    async def do(self, route, **params):
        """The body of what must succeed."""
        status, body, _ = await self.ask(f"{route.split()[0]} /api/v3/{route.split()[1]}", **params)
        assert status == 200, (route, body)
        return body


@pytest.fixture
async def reach(start_sim):
    """An exchange to be asked ``rest`` or ``ws``; two trades of the account are in its past."""

    async def start(way):
        sim = await start_sim(symbols=SYMBOL_RULES, first=FIRST, other=OTHER, exchange_filters=WIDE)
        exchange = Exchange(sim, way)
        await exchange.do("POST order", **TAKE)
        await exchange.do("POST order", **MARKET)
        return exchange

    return start


@pytest.fixture
async def logged_on(start_sim):
    """A WebSocket API connection with a session, and its exchange."""
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sim = await start_sim(accounts=(AccountSpec("ed-key", pem.decode()),))
    api = await sim.connect("/ws-api/v3?returnRateLimits=false")
    params = {"apiKey": "ed-key", "timestamp": int(time.time() * 1000)}
    payload = "&".join(f"{k}={v}" for k, v in sorted(params.items()))
    params["signature"] = base64.b64encode(private.sign(payload.encode())).decode()
    reply = await api.ask({"id": "1", "method": "session.logon", "params": params})
    assert reply["status"] == 200, reply
    return sim, api


# --- what leads to each kind of answer; a request is (params) or (preparation, params) ---------


async def resting(x):
    order = await x.do("POST order", **FAR)
    return {"orderId": order["orderId"]}


async def filled(x):
    return {"orderId": (await x.do("POST order", **TAKE))["orderId"]}


async def replaced(x):
    order = await x.do("POST order", **FAR)
    return {"cancelOrderId": order["orderId"]}


async def listed(x):
    return {"orderListId": (await x.do("POST orderList/oco", **ICEBERGS))["orderListId"]}


async def resting_and_listed(x):
    await x.do("POST order", **FAR)
    await x.do("POST orderList/oco", **ICEBERGS)
    return {}


async def pending(x):
    made = await x.do("POST orderList/oto", **OTO_LIMIT)
    return {"orderId": made["orders"][1]["orderId"]}


async def amended(x):
    order = await resting(x)
    await x.do("PUT order/amend/keepPriority", **PAIR, **order, newQty="0.005")
    return order


async def prevented(x, mode="DECREMENT", quantity="0.01"):
    inside = LIMIT | {"price": "50000.5", "quantity": quantity}
    maker = await x.do("POST order", **inside, selfTradePreventionMode=mode)
    taker = LIMIT | {"price": "50000.5", "side": "SELL", "selfTradePreventionMode": mode}
    await x.do("POST order", **taker)
    return {"orderId": maker["orderId"]}


async def expired_maker(x):
    return await prevented(x, "EXPIRE_MAKER")


async def prevented_taker(x):
    maker = await prevented(x)
    return {"orderId": maker["orderId"] + 1}


async def large_prevented(x):
    return await prevented(x, quantity="0.02")


async def met(x):
    """An own order in the way of the next one."""
    await x.do("POST order", **LIMIT, price="50000.5")
    return {}


async def exhausted(x):
    """As many orders as ten seconds allow."""
    while True:
        now_ms = int(time.time() * 1000)
        count = x.sim.exchange.unfilled_order_count("sim-key", {}, now_ms)[0]
        if count["count"] >= count["limit"]:
            return {}
        x.sim.exchange.place_order("sim-key", FAR | {"quantity": "0.001"}, now_ms)


async def replaced_and_exhausted(x):
    order = await replaced(x)
    await exhausted(x)
    return order


async def met_in_the_group(x):
    """An order of another account of the group in the way of the next one."""
    mine = LIMIT | {"price": "50000.5", "selfTradePreventionMode": "TRANSFER"}
    await x.sim.call("POST", "order", key="other", secret="hush", **mine)
    return {}


async def routed(x):
    """Some of it in another book."""
    rests = LIMIT | {"symbol": "BTCUSDC", "side": "SELL", "price": "50000.8"}
    await x.sim.call("POST", "order", key="other", secret="hush", **rests)
    await x.do("POST sor/order", **TAKE)
    return {}


async def nothing(x):
    return {}


UNTRADED, UNRULED = {"symbol": "ETHUSDT"}, {"symbol": "BNBUSDT"}
ACK, RESULT = {"newOrderRespType": "ACK"}, {"newOrderRespType": "RESULT"}
SELF = LIMIT | {"side": "SELL", "price": "50000.5"}
PEGGED = LIMIT | {"pegPriceType": "PRIMARY_PEG"}
BEYOND = PAIR | {"side": "BUY", "type": "MARKET", "quantity": "5"}
SYMBOLS = {"symbols": '["BTCUSDT","ETHUSDT"]'}
DAY = {"startTime": int(time.time() - 40_000) * 1000, "endTime": int(time.time() + 40_000) * 1000}
STRATEGY = {"strategyId": "7", "strategyType": "1000000"}
TRAILING = STOP | STRATEGY | {"trailingDelta": "100"}
ICEBERG = FAR | STRATEGY | {"icebergQty": "0.005"}


async def trailing(x):
    return {"orderId": (await x.do("POST order", **TRAILING))["orderId"]}


async def iceberg(x):
    return {"orderId": (await x.do("POST order", **ICEBERG))["orderId"]}


ORDERS = [
    *((nothing, p) for p in (TAKE, TAKE | ACK, FAR | RESULT, MARKET, MARKET | RESULT, STOP)),
    *((nothing, p) for p in (PEGGED, BEYOND, TRAILING, ICEBERG | RESULT)),
    *((met, SELF | {"selfTradePreventionMode": mode}) for mode in ("EXPIRE_MAKER", "EXPIRE_BOTH")),
    *((met, SELF | {"selfTradePreventionMode": mode}) for mode in ("DECREMENT", "TRANSFER")),
    (met, SELF | {"selfTradePreventionMode": "EXPIRE_TAKER"}),
    (met_in_the_group, SELF | {"selfTradePreventionMode": "TRANSFER"}),
]
QUERIED = [(filled, PAIR), (resting, PAIR), (large_prevented, PAIR)]
QUERIED += [(trailing, PAIR), (iceberg, PAIR), (prevented, PAIR), (prevented_taker, PAIR)]
REQUESTS = {
    "GET ping": [(nothing, {})],
    "GET time": [(nothing, {})],
    "GET exchangeInfo": [(nothing, {}), (nothing, SYMBOLS)],
    "GET executionRules": [(nothing, PAIR)],
    "GET depth": [(nothing, PAIR)],
    "GET trades": [(nothing, PAIR)],
    "GET historicalTrades": [(nothing, PAIR)],
    "GET historicalBlockTrades": [(nothing, PAIR | {"fromId": "1"})],
    "GET aggTrades": [(nothing, PAIR)],
    "GET klines": [(nothing, PAIR | {"interval": "1m"})],
    "GET uiKlines": [(nothing, PAIR | {"interval": "1m"})],
    "GET avgPrice": [(nothing, PAIR)],
    "GET ticker": [
        (nothing, subject | form) for subject in (PAIR, SYMBOLS) for form in ({}, {"type": "MINI"})
    ],
    "GET ticker/24hr": [
        (nothing, subject | form) for subject in (PAIR, SYMBOLS) for form in ({}, {"type": "MINI"})
    ],
    "GET ticker/tradingDay": [
        (nothing, subject | form) for subject in (PAIR, SYMBOLS) for form in ({}, {"type": "MINI"})
    ],
    "GET ticker/price": [(nothing, PAIR), (nothing, SYMBOLS)],
    "GET ticker/bookTicker": [(nothing, PAIR), (nothing, SYMBOLS)],
    "GET referencePrice": [(nothing, one) for one in (PAIR, UNTRADED, UNRULED)],
    "GET referencePrice/calculation": [(nothing, PAIR), (nothing, UNRULED)],
    "POST order": ORDERS,
    "POST order/test": [(nothing, FAR), (nothing, FAR | {"computeCommissionRates": "true"})],
    "DELETE order": [
        *((prepare, PAIR) for prepare in (resting, trailing, iceberg)),
        (resting, PAIR | {"cancelRestrictions": "ONLY_PARTIALLY_FILLED"}),
        (resting, PAIR | {"cancelRestrictions": "NEVER"}),
    ],
    "DELETE openOrders": [(resting_and_listed, PAIR)],
    "POST order/cancelReplace": [
        (replaced, FAR | {"cancelReplaceMode": "STOP_ON_FAILURE"}),
        (nothing, FAR | UNKNOWN | {"cancelReplaceMode": "STOP_ON_FAILURE"}),
        (nothing, FAR | UNKNOWN | ALL_OR_NOTHING),
        (nothing, FAR | UNKNOWN | ALL_OR_NOTHING | ACK),
        (nothing, CROSSING | UNKNOWN | ALL_OR_NOTHING),
        (replaced, CROSSING | ALL_OR_NOTHING),
        (exhausted, FAR | UNKNOWN | ALL_OR_NOTHING),
        (
            replaced_and_exhausted,
            FAR | ALL_OR_NOTHING | {"orderRateLimitExceededMode": "CANCEL_ONLY"},
        ),
    ],
    "PUT order/amend/keepPriority": [
        (resting, PAIR | {"newQty": "0.005"}),
        (pending, PAIR | {"newQty": "0.005"}),
    ],
    "POST order/oco": [(nothing, OLD_OCO)],
    "POST orderList/oco": [(nothing, OCO), (nothing, ICEBERGS)],
    "POST orderList/oto": [(nothing, OTO), (nothing, OTO_LIMIT)],
    "POST orderList/otoco": [
        (nothing, WORKING | legs | {"pendingQuantity": "0.01"}) for legs in (LEGS, STOP_LEGS)
    ],
    "POST orderList/opo": [(nothing, OPO)],
    "POST orderList/opoco": [(nothing, WORKING | LEGS), (nothing, WORKING | STOP_LEGS)],
    "DELETE orderList": [(listed, PAIR)],
    "POST sor/order/test": [(nothing, FAR), (nothing, FAR | {"computeCommissionRates": "true"})],
    "GET order": QUERIED,
    "GET openOrders": [(resting, {})],
    "GET allOrders": [(resting_and_listed, PAIR), (large_prevented, PAIR)],
    "GET orderList": [(listed, {})],
    "GET allOrderList": [(resting_and_listed, DAY)],
    "GET openOrderList": [(resting_and_listed, {})],
    "GET order/amendments": [(amended, PAIR)],
    "GET myTrades": [(nothing, PAIR)],
    "GET myPreventedMatches": [(expired_maker, PAIR)],
    "GET myAllocations": [(routed, PAIR)],
    "POST sor/order": [(nothing, TAKE)],
    "GET myFilters": [(nothing, PAIR)],
    "GET account": [(nothing, {})],
    "GET account/commission": [(nothing, PAIR)],
    "GET rateLimit/order": [(nothing, {})],
}
IGNORED_IDS = {"GET openOrders", "GET allOrders"}


@pytest.fixture
def answers(reach):
    """``await answers(route, way)``: (status, body, reply) of each form of the request."""

    async def ask(route, way):
        method, path = route.split()
        rows = []
        for prepare, params in REQUESTS[f"{method} {path.removeprefix('/api/v3/')}"]:
            exchange = await reach(way)
            found = await prepare(exchange)
            known = {} if f"{method} {path.removeprefix('/api/v3/')}" in IGNORED_IDS else found
            rows.append(await exchange.ask(route, **params, **known))
        return rows

    return ask
