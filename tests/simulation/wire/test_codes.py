"""Every documented error code comes over the wire with its text, or it is named why not."""

import json
import re
import time
from pathlib import Path

import pytest

from bot.simulation.wire.rules import WireRules

VECTORS = Path(__file__).parents[4] / "shared/data/vectors/error_codes.json"
CASES = json.loads(VECTORS.read_text())["cases"] if VECTORS.exists() else []

FIX = "of the FIX gateway, which is not simulated"
SBE = "of SBE, which is not simulated"
NEVER = {
    **dict.fromkeys((-1152, -1155, -1161), SBE),
    **dict.fromkeys((-1169, -1171, -1172, -1174, -1175, -1177, -1178, -1180, -1181), FIX),
    **dict.fromkeys((-1033, -1183, -1184, -1186, -1187, -1189, -1190, -1225), FIX),
    -1002: "-2015 says what is wrong with a key",
    -1014: "-2010 says it, or the parameter that is not required",
    -1103: "-1104 tells of unknown parameters",
    -1112: "an order that finds no depth expires",
    -1114: "-1106 says that timeInForce is not required",
    -1119: "-1105 tells of empty parameters",
    -1125: "spot has no listen keys; futures' say it (futures/test_listenkeys.py)",
    -2010: "its texts are those of test_refusals.py",
    -2016: "every symbol is always in a trading window",
    -2026: "no order here is 90 days old",
}
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
ORDER |= {"quantity": "0.01", "price": "40000"}
OCO = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER"}
OCO |= {"abovePrice": "60000", "belowType": "STOP_LOSS", "belowStopPrice": "40000"}
BUY_OCO = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.01", "aboveType": "STOP_LOSS"}
BUY_OCO |= {"aboveStopPrice": "60000", "belowType": "LIMIT_MAKER", "belowPrice": "40000"}
OPO = {"symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "pendingSide": "SELL"}
OPO |= {"workingTimeInForce": "GTC", "workingPrice": "40000", "workingQuantity": "0.01"}
OPO |= {"pendingType": "MARKET"}
REPLACE = ORDER | {"cancelReplaceMode": "ALLOW_FAILURE", "cancelOrigClientOrderId": "nobody"}
NOW_MS = int(time.time() * 1000)

# code -> a signed request
SIGNED = {
    -1021: ("POST order", ORDER | {"timestamp": NOW_MS - 3_600_000}),
    -1100: ("POST order", ORDER | {"price": "-1"}),
    -1104: ("POST order", ORDER | {"colour": "red"}),
    -1106: ("POST order", ORDER | {"stopPrice": "1"}),
    -1108: ("GET order", {"symbol": "BTCUSDT", "orderId": "9" * 20}),
    -1116: ("POST order", ORDER | {"type": "LIMITED"}),
    -1117: ("POST order", ORDER | {"side": "LONG"}),
    -1128: ("GET myTrades", {"symbol": "BTCUSDT", "fromId": "1", "startTime": "1"}),
    -1130: ("POST order", ORDER | {"newOrderRespType": "LONG"}),
    -1158: ("POST orderList/oco", OCO | {"belowType": "MARKET", "belowStopPrice": None}),
    -1165: (
        "POST orderList/oco",
        BUY_OCO
        | {"aboveType": "LIMIT_MAKER", "abovePrice": "6", "aboveStopPrice": None}
        | {"belowType": "TAKE_PROFIT", "belowStopPrice": "4", "belowPrice": None},
    ),
    -1168: (
        "POST orderList/oco",
        OCO | {"belowType": "LIMIT_MAKER", "belowPrice": "4", "belowStopPrice": None},
    ),
    -1196: (
        "POST orderList/oco",
        BUY_OCO | {"belowType": "STOP_LOSS", "belowStopPrice": "4", "belowPrice": None},
    ),
    -1198: ("POST orderList/oco", BUY_OCO | {"aboveType": "TAKE_PROFIT"}),
    -1199: ("POST orderList/oco", OCO | {"belowType": "TAKE_PROFIT"}),
    -1211: (
        "POST order",
        ORDER | {"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "TICK", "pegOffsetValue": "1"},
    ),
    -1222: ("POST orderList/opo", OPO | {"workingSide": "SELL"}),
    -1223: ("POST orderList/opo", OPO | {"pendingSide": "BUY"}),
    -2013: ("GET order", {"symbol": "BTCUSDT", "orderId": "777"}),
}
# code -> a request without a signature
PUBLIC = {
    -1101: "/api/v3/depth?symbol=BTCUSDT&symbol=ETHUSDT",
    -1120: "/api/v3/klines?symbol=BTCUSDT&interval=7m",
    -1122: "/api/v3/ticker/price?symbol=BTCUSDT&symbolStatus=ASLEEP",
    -1139: "/api/v3/ticker/24hr?symbol=BTCUSDT&type=HUGE",
    -1151: '/api/v3/ticker/price?symbols=["BTCUSDT","BTCUSDT"]',
    -1220: "/api/v3/ticker/price?symbol=BTCUSDT&symbolStatus=HALT",
    -2043: "/api/v3/referencePrice?symbol=BTCUSDT",
}
# code -> a fault that says it
FAULTS = {-1000: 500, -1007: 503, -1008: 503}


async def by_limits(start_sim, code):
    rules = {"weight_per_minute": 30} if code == -1003 else {"connects": 0}
    sim = await start_sim(rules=WireRules(**rules))
    path = "/ws/btcusdt@trade" if code == -1034 else "/api/v3/exchangeInfo"
    answers = [await sim.get(path) for _ in range(2)]
    return answers[-1][1]


async def of_the_counters(sim):
    for _ in range(101):
        _, body = await sim.call("POST", "order/cancelReplace", **REPLACE)
        if body["code"] == -1015:
            return body
    return None


async def of_a_key(sim):
    _, body = await sim.call("POST", "order", key="no key!", **ORDER)
    return body


async def of_a_unit(sim):
    headers = {"X-MBX-TIME-UNIT": "DAY"}
    async with sim.session.get(f"{sim.http}/api/v3/time", headers=headers) as response:
        return await response.json()


async def of_a_mismatch(sim):
    made = await sim.order("BUY", "0.01", "40000", newClientOrderId="mine")
    asked = {"symbol": "BTCUSDT", "orderId": made["orderId"], "origClientOrderId": "yours"}
    return (await sim.call("GET", "order", **asked))[1]


async def of_half_a_replacement(sim):
    return (await sim.call("POST", "order/cancelReplace", **REPLACE))[1]


async def of_the_websocket_api(sim, message):
    api = await sim.connect("/ws-api/v3")
    return (await api.tell(message))["error"]


OTHERS = {
    -1015: of_the_counters,
    -1020: lambda sim: of_the_websocket_api(sim, '{"id": 1, "method": "order.forget"}'),
    -1135: lambda sim: of_the_websocket_api(sim, "{"),
    -1194: of_a_unit,
    -2014: of_a_key,
    -2036: lambda sim: of_the_websocket_api(
        sim, '{"id": 1, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 7}}'
    ),
    -2039: of_a_mismatch,
    -2021: of_half_a_replacement,
}
KNOWN = [case for case in CASES if case["code"] not in NEVER]


def test_the_file_is_walked_as_a_whole():
    if not CASES:
        pytest.skip(f"no known answers at {VECTORS}")
    assert len(CASES) == 69
    provoked = {*SIGNED, *PUBLIC, *FAULTS, *OTHERS, -1003, -1034}
    assert not provoked & set(NEVER)
    assert provoked | set(NEVER) == {case["code"] for case in CASES}


def says(text):
    """A documented text, with its placeholders for anything."""
    return re.compile(r".+".join(re.escape(part) for part in re.split(r"%[sd]", text)))


async def refusal(start_sim, code):
    """The body with which the exchange says that code."""
    if code in (-1003, -1034):
        return await by_limits(start_sim, code)
    sim = await start_sim()
    if code in SIGNED:
        route, params = SIGNED[code]
        return (await sim.call(*route.split(), **params))[1]
    if code in PUBLIC:
        return (await sim.get(PUBLIC[code]))[1]
    if code in FAULTS:
        fault = {"kind": "http", "match": "GET /api/v3/ping", "code": code}
        sim.post(fault | {"status": FAULTS[code]})
        return (await sim.get("/api/v3/ping"))[1]
    return await OTHERS[code](sim)


@pytest.mark.skipif(not CASES, reason=f"no known answers at {VECTORS}")
@pytest.mark.parametrize("case", KNOWN, ids=lambda case: str(case["code"]))
async def test_a_documented_code_is_said(start_sim, case):
    body = await refusal(start_sim, case["code"])
    assert body["code"] == case["code"], body
    if case["code"] == -2021:
        # The file has the table's sentence about the code in place of its text.
        case = case | {"messages": ["Order cancel-replace partially failed."]}
    assert any(says(text).fullmatch(body["msg"]) for text in case["messages"]), body
