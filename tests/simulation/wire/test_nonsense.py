"""Nonsense among sound parameters: obeyed, or refused with a code of Binance, whatever it is."""

import contextlib
import json
import random
import time

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.wire.endpoints import Call
from bot.simulation.wire.routes import BY_ROUTE

PAIR = {"symbol": "BTCUSDT"}
ORDER = PAIR | {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
ORDER |= {"price": "60000"}
OCO = PAIR | {"side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER"}
OCO |= {"abovePrice": "60000", "belowType": "STOP_LOSS", "belowStopPrice": "45000"}
OLD = PAIR | {"side": "SELL", "quantity": "0.01", "price": "60000", "stopPrice": "45000"}
WORKING = PAIR | {"workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC"}
WORKING |= {"workingPrice": "40000", "workingQuantity": "0.01"}
ONE = {"pendingType": "LIMIT", "pendingSide": "SELL", "pendingPrice": "60000"}
ONE |= {"pendingTimeInForce": "GTC"}
TWO = {"pendingSide": "SELL", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "60000"}
TWO |= {"pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "45000"}
PENDING = {"pendingQuantity": "0.01"}
FORM = ["stopPrice", "trailingDelta", "icebergQty", "quoteOrderQty", "newClientOrderId"]
FORM += ["newOrderRespType", "selfTradePreventionMode", "strategyId", "strategyType"]
FORM += ["pegPriceType", "pegOffsetType", "pegOffsetValue", "computeCommissionRates"]
LEGS = ["StopPrice", "TrailingDelta", "IcebergQty", "TimeInForce", "PegPriceType", "Price", "Type"]
LIST = ["listClientOrderId", "newOrderRespType", "selfTradePreventionMode"]
PAGE = ["limit", "fromId", "orderId", "startTime", "endTime", "symbol", "symbols"]
TICKER = ["windowSize", "timeZone", "type", "symbolStatus", "limit"]
REPLACE = ORDER | {"cancelReplaceMode": "ALLOW_FAILURE", "cancelOrigClientOrderId": "mine"}
SOUND = {
    "POST order": (ORDER, FORM),
    "POST order/test": (ORDER, FORM),
    "POST sor/order": (ORDER, FORM),
    "POST sor/order/test": (ORDER, FORM),
    "POST order/cancelReplace": (
        REPLACE,
        [*FORM, "cancelOrderId", "cancelRestrictions", "orderRateLimitExceededMode"],
    ),
    "PUT order/amend/keepPriority": (
        PAIR | {"origClientOrderId": "mine", "newQty": "0.05"},
        ["orderId", "newClientOrderId"],
    ),
    "DELETE order": (PAIR | {"origClientOrderId": "mine"}, ["orderId", "cancelRestrictions"]),
    "POST order/oco": (OLD, [*LIST, "stopLimitPrice", "stopLimitTimeInForce", "trailingDelta"]),
    "POST orderList/oco": (OCO, LIST + [f"{leg}{k}" for leg in ("above", "below") for k in LEGS]),
    "POST orderList/oto": (
        WORKING | ONE | PENDING,
        LIST + [f"{leg}{k}" for leg in ("working", "pending") for k in LEGS],
    ),
    "POST orderList/opo": (WORKING | ONE, LIST + [f"pending{k}" for k in LEGS]),
    "POST orderList/otoco": (
        WORKING | TWO | PENDING,
        LIST + [f"pending{leg}{k}" for leg in ("Above", "Below") for k in LEGS],
    ),
    "POST orderList/opoco": (
        WORKING | TWO,
        LIST + [f"pending{leg}{k}" for leg in ("Above", "Below") for k in LEGS],
    ),
    "DELETE orderList": (PAIR, ["orderListId", "listClientOrderId", "newClientOrderId"]),
    "GET orderList": ({}, ["orderListId", "origClientOrderId"]),
    "GET klines": (PAIR | {"interval": "1d"}, [*PAGE, *TICKER]),
    "GET ticker": (PAIR, TICKER),
    "GET ticker/tradingDay": (PAIR, TICKER),
}
VALUES = [
    *("", "0", "1", "-1", "0.01", "0.005", "40000", "45000", "50001", "60000", "1e400", "NaN"),
    *("abc", "0.00000001", "0.000000001", "9" * 20, "9" * 40, "é", "BTCUSDT", "ETHUSDT", "NOSUCH"),
    *("BUY", "SELL", "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"),
    *("TAKE_PROFIT", "TAKE_PROFIT_LIMIT", "GTC", "IOC", "FOK", "true", "100", "2000", "1000000"),
    *("PRIMARY_PEG", "MARKET_PEG", "PRICE_LEVEL", "NONE", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"),
    *("ACK", "RESULT", "FULL", "MINI", "STOP_ON_FAILURE", "ONLY_NEW", "CANCEL_ONLY", "mine"),
    *("[", "[]", '["BTCUSDT"]', "[1]", "1m", "7d", "1M", "99d", "-99:99", "8", "1700000000000"),
    *(str(2**63), str(2**70), "1e5", "+1", " 1", "0x1"),
]
DEFAULT = (PAIR, PAGE)


def nonsense(rng, sound, optional):
    """A sound request with one to three parameters changed, added or left out."""
    params = dict(sound)
    for _ in range(rng.randrange(1, 4)):
        name = rng.choice([*sound, *optional])
        if rng.random() < 0.2:
            params.pop(name, None)
        else:
            params[name] = rng.choice(VALUES)
    return params


@pytest.mark.parametrize("route", BY_ROUTE, ids=" ".join)
async def test_nonsense_is_obeyed_or_refused_with_a_code_of_binance(sim, route):
    endpoint, exchange, now_ms = BY_ROUTE[route], sim.exchange, int(time.time() * 1000)
    sound, optional = SOUND.get(f"{route[0]} {route[1].removeprefix('/api/v3/')}", DEFAULT)
    rng = random.Random(str(route))
    refusals = []
    for step in range(200):
        # The counters of orders begin anew with every ten seconds.
        at_ms = now_ms + step * 10_000
        with contextlib.suppress(ApiError):
            mine = ORDER | {"newClientOrderId": "mine", "quantity": "0.1"}
            exchange.place_order("sim-key", mine, at_ms)
        params = nonsense(rng, sound, optional)
        try:
            body = endpoint.answer(Call(exchange, "sim-key", params, at_ms, at_ms))
        except ApiError as e:
            refusals.append(e)
            body = e.body
        json.dumps(body, allow_nan=False)
    assert {e.status for e in refusals} <= {400, 409}
    assert all(e.code < -1000 for e in refusals)
    funds = exchange.state()["balances"].values()
    assert not any(amount.startswith("-") for row in funds for amount in row.values())
