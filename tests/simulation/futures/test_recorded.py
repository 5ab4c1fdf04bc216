"""Every recorded answer of Binance's futures is of the form of one of ours, or named with a reason.

The keys of a recorded answer are looked for in ours, with values of the same kind. Ours may have
more: answers have grown over the years in which these were recorded.
"""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.wire.endpoints import Call
from bot.simulation.wire.futures.endpoints import endpoints
from bot.simulation.wire.futures.pace import Pace
from bot.simulation.wire.futures.rules import FuturesRules

REST = Path(__file__).parents[4] / "shared" / "data" / "rest"
LEFT_OUT = ("/convert/", "/asyn", "/pmAccountInfo")
"""Conversions, files of history, portfolio margin: docs/simulator.md, "Limits"."""
OLD = {
    # Left the answers to placing, changing and cancelling with the integration of June 2026.
    *("avgPrice", "cumQuote", "cumBase"),
    # Of conditional orders that were ordinary ones then.
    *("activatePrice", "priceRate"),
}
RARE = {
    "GET /fapi/v1/apiTradingStatus": {"BTCUSDT", "ETHUSDT"},
    # A client library's example of an order, where Binance answers with its ids alone.
    "DELETE /fapi/v1/algoOrder": {
        *("algoType", "orderType", "symbol", "side", "positionSide", "timeInForce", "quantity"),
        *("algoStatus", "triggerPrice", "price", "icebergQuantity", "selfTradePreventionMode"),
        *("workingType", "priceMatch", "closePosition", "priceProtect", "reduceOnly"),
        *("createTime", "updateTime", "triggerTime", "goodTillDate"),
    },
    # One example for both position modes.
    "GET /fapi/v1/adlQuantile": {"HEDGE"},
    "GET /dapi/v1/adlQuantile": {"HEDGE"},
    # Keys of COIN-M in an example of USDⓈ-M, and the other way round.
    "GET /fapi/v1/forceOrders": {"pair"},
    "GET /dapi/v1/allOrders": {"cumQuote"},
    # Once it was a number.
    "GET /fapi/v1/income": {"tradeId"},
    # A library's own name for ``orderType``; what version 3 has no more.
    "GET /fapi/v1/openAlgoOrders": {"type"},
    "GET /fapi/v3/positionRisk": {
        *("leverage", "maxNotionalValue", "marginType", "isAutoAddMargin"),
    },
    # One example for a success and a refusal.
    "PUT /fapi/v1/batchOrders": {"code", "msg"},
    "DELETE /dapi/v1/batchOrders": {"code", "msg"},
    "POST /fapi/v1/order": {"time"},
    "POST /dapi/v1/order": {"time"},
    # A slip of the pen.
    "GET /dapi/v2/leverageBracket": {"qtylFloor"},
    # Filters that are no more, and limits that the wire fills in.
    "GET /fapi/v1/exchangeInfo": {
        *("filters", "permissionSets", "exchangeFilters"),
        "autoAssetExchange",
    },
    "GET /dapi/v1/exchangeInfo": {"filters", "exchangeFilters"},
}
TEXTS = {"text", "decimal"}


class Leases:
    """Stands where the listen keys of the wire are."""

    def start(self, *_):
        return "key"

    renew = start

    def close(self, *_):
        pass


def rows(kind):
    path = REST / f"responses_{kind}.jsonl"
    if not path.exists():
        return []
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in found if row["body"] is not None]


def is_refusal(body):
    """Refusals have their own tests, in their own words."""
    return isinstance(body, dict) and set(body) == {"code", "msg"} and int(body["code"]) < 0


def kind_of(value):
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    if isinstance(value, int | float):
        return "number"
    if not isinstance(value, str):
        return type(value).__name__
    try:
        Decimal(value.strip())
    except InvalidOperation:
        return "text"
    return "decimal"


def unlike(theirs, ours, without, at="body"):
    """Where an answer of ours is not of the recorded form."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        wanted = theirs.keys() - without
        return [f"{at}.{key} is missing" for key in wanted - ours.keys()] + [
            found
            for key in wanted & ours.keys()
            for found in unlike(theirs[key], ours[key], without, f"{at}.{key}")
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        if theirs and not ours:
            return [f"{at}: ours is empty"]
        # Rows of several kinds may stand in one list.
        return [
            found
            for row in theirs[:5]
            for found in min((unlike(row, one, without, f"{at}[]") for one in ours), key=len)
        ]
    mine, wanted = kind_of(ours), kind_of(theirs)
    if isinstance(ours, str) and not isinstance(theirs, str):
        mine = ours
    # An id may look like a number; "" and null stand for what is not there.
    if mine == wanted or {mine, wanted} <= TEXTS or theirs in ("", "None", None):
        return []
    # A time in text is a slip of the documentation.
    is_time = at.endswith(("timestamp", "openInterest"))
    return [] if is_time or ours is None else [f"{at}: {wanted} is {mine}"]


@pytest.fixture
def lively():
    """A function: a client with everything that there is to ask about."""

    def make(client):
        first, second = client.exchange.symbols[:2]
        is_usdm = client.exchange.kind == "usdm"
        small = "0.5" if is_usdm else "10"
        client.call("margin_type", symbol=second, marginType="ISOLATED")
        client.call("leverage", symbol=second, leverage=50)
        buy = {"side": "BUY", "type": "MARKET"}
        client.call("place_order", symbol=second, **buy, quantity=small)
        client.call("position_margin", symbol=second, type=1, amount="0.5" if is_usdm else "0.0001")
        # It is closed by force, and another is opened.
        ask = "2500.00"
        client.quote(ask, "2500.10", symbol=second, quantity="5000")
        client.call("place_order", symbol=second, **buy, quantity=small)
        client.place("BUY", quantity=small)
        for name in ("open", "other"):
            client.place("BUY", "LIMIT", quantity=small, price="59000", newClientOrderId=name)
        client.call(
            "modify_order",
            symbol=first,
            side="BUY",
            origClientOrderId="other",
            quantity=small,
            price="58900",
        )
        client.algo("SELL", "TAKE_PROFIT", triggerPrice="60500", price="60500", quantity=small)
        client.wait(400_000)
        return client

    return make


def wishes(client):
    """The parameters of each request that needs some, by the end of its path."""
    first, second = client.exchange.symbols[:2]
    pair = client.exchange.pair(first)
    small = "0.5" if client.exchange.kind == "usdm" else "10"
    one = {"symbol": first}
    own = one | {"origClientOrderId": "open"}
    limit = one | {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": small}
    changed = own | {"side": "BUY", "quantity": small, "price": "58800"}
    bars = {"symbol": first, "pair": pair, "contractType": "PERPETUAL", "interval": "1m"}
    statistics = bars | {"period": "5m"}
    algo = one | {"algoType": "CONDITIONAL", "side": "SELL", "type": "STOP_MARKET"}
    refused = limit | {"price": "59000", "quantity": "0"}
    return {
        "GET openInterest": one,
        "GET constituents": {"symbol": pair},
        "GET historicalTrades": one | {"fromId": "1"},
        "GET forceOrders": {},
        "GET order": own,
        "GET openOrder": own,
        "GET allOrders": one,
        "GET orderAmendment": one,
        "GET userTrades": one,
        "GET positionMargin/history": {"symbol": second},
        "GET allAlgoOrders": one,
        "GET algoOrder": {"algoId": "1000000000000001"},
        "GET commissionRate": one,
        "DELETE order": own,
        "DELETE algoOrder": {"algoId": "1000000000000001"},
        "DELETE algoOpenOrders": one,
        "DELETE allOpenOrders": one,
        "DELETE batchOrders": one | {"origClientOrderIdList": '["open","nobody"]'},
        "POST order": limit | {"price": "59000"},
        "PUT order": changed | {"modifyId": "1"},
        "POST batchOrders": {"batchOrders": json.dumps([limit | {"price": "59000"}, refused])},
        "PUT batchOrders": {"batchOrders": json.dumps([changed | {"modifyId": 1}, refused])},
        "POST algoOrder": algo | {"triggerPrice": "50000", "quantity": small},
        "POST leverage": one | {"leverage": "10"},
        "POST marginType": {"symbol": client.exchange.symbols[-1], "marginType": "ISOLATED"}
        | ({} if client.exchange.kind == "usdm" else {"symbol": "nothing"}),
        "POST positionMargin": {"symbol": second, "type": "1", "amount": "0.001"},
        "POST positionSide/dual": {"dualSidePosition": "true"},
        "POST multiAssetsMargin": {"multiAssetsMargin": "true"},
        "POST countdownCancelAll": one | {"countdownTime": "100000"},
        **{
            f"GET {name}": bars
            for name in (
                *("klines", "continuousKlines", "indexPriceKlines", "markPriceKlines"),
                *("premiumIndexKlines", "depth", "rpiDepth", "trades", "aggTrades"),
            )
        },
        "GET /futures/data": statistics,
    }


IDLE = {"POST positionSide/dual", "POST multiAssetsMargin", "POST marginType"}
"""Possible only without orders and positions."""
ELSEWHERE = {"GET /fapi/v1/indexInfo", "GET /futures/data/delivery-price"}
"""For want of such contracts here: test_indices.py, test_statistics.py."""


def ident(row):
    return f"{row['endpoint']}-{row['id']}"


CASES = [
    pytest.param(kind, row, id=ident(row))
    for kind in ("usdm", "coinm")
    for row in rows(kind)
    if not is_refusal(row["body"])
    and not any(part in row["path"] for part in LEFT_OUT)
    and row["endpoint"] not in ELSEWHERE
]


@pytest.mark.skipif(not REST.exists(), reason=f"no recorded answers at {REST}")
@pytest.mark.parametrize(("kind", "row"), CASES)
def test_a_recorded_answer_is_one_of_ours(futures_at, lively, kind, row):
    method, path = row["method"], row["path"]
    tail = path.split("/", 3)[3] if not path.startswith("/futures") else path
    fresh = futures_at(kind, funding_ms=60_000)
    client = fresh if f"{method} {tail}" in IDLE else lively(fresh)
    known = wishes(client)
    params = known.get(f"{method} {tail}", {})
    exchange = client.exchange
    if path.startswith("/futures"):
        params = known["GET /futures/data"]
        # Statistics of COIN-M were recorded through clients of USDⓈ-M, too.
        if "pair" in json.dumps(row["body"]) and "basis" not in path:
            client = lively(futures_at("coinm"))
            params, exchange = wishes(client)["GET /futures/data"], client.exchange
    table = {
        (e.method, e.path): e for e in endpoints(exchange.kind, Leases(), Pace(FuturesRules()))
    }
    assert (method, path) in table
    body, bodies, refusals = row["body"], [], []
    params = {name: str(value) for name, value in params.items()}
    # Of one symbol, of all, or of an asset: whichever was recorded.
    whole = {name: value for name, value in params.items() if name != "symbol"}
    asked = [params]
    if method == "GET":
        asked += [whole, whole | {"symbol": client.symbol}, whole | {"symbol": "BTCUSD"}]
    for one in asked:
        client.clock[0] += 1
        now_ms = client.clock[0]
        call = Call(exchange, client.key, one, now_ms, now_ms, FuturesRules())
        try:
            bodies.append(table[method, path].answer(call))
        except ApiError as e:
            refusals.append(str(e))
    without = RARE.get(row["endpoint"], set()) | OLD
    assert bodies, refusals
    found = min((unlike(body, ours, without) for ours in bodies), key=len)
    assert not found, "; ".join(found)


def test_most_recorded_answers_are_compared():
    every = [row for kind in ("usdm", "coinm") for row in rows(kind)]
    if not every:
        pytest.skip(f"no recorded answers at {REST}")
    assert len(every) - len(CASES) < 25
