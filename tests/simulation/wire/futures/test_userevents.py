"""User events of the real core as they arrive on a socket, beside recorded ones."""

import json
import time
from pathlib import Path

import pytest

from bot.simulation.futures.account import opened
from bot.simulation.futures.exchange import DEFAULT_CONTRACTS, FuturesExchange
from bot.simulation.stillmarket import StillMarket

DATA = Path(__file__).resolve().parents[5] / "shared" / "data" / "ws"
# Binance added these after the frames were recorded, or sends them for some orders only.
SOMETIMES = {"er", "bep", "ma", "V", "pm", "gtd", "AP", "cr", "si", "ss", "W", "rm", "ia", "S", "M"}
MARKETS = {
    "usdm": ("fapi", "/private/ws/{}", "BTCUSDT", "0.1"),
    "coinm": ("dapi", "/dstream/ws/{}", "BTCUSD_PERP", "10"),
}


def recorded(market, kind):
    path = DATA / f"messages_{market}.jsonl"
    if not path.exists():
        pytest.skip(f"no recorded frames at {path}")
    for line in path.read_text().splitlines():
        message = json.loads(line)["msg"]
        event = message.get("data", message) if isinstance(message, dict) else {}
        if isinstance(event, dict) and event.get("e") == kind:
            yield event


def types(body):
    """The type of each key that is always there, whatever the order; entries of lists merged."""
    if isinstance(body, dict):
        return {k: types(v) for k, v in body.items() if k not in SOMETIMES and v is not None}
    if isinstance(body, list):
        return [types(body[0])] if body else []
    return "number" if isinstance(body, int | float) and not isinstance(body, bool) else type(body)


def is_like(ours, theirs):
    """Whether every key of one is a key of the other, with the same type; lists may be empty."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(is_like(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return not ours or not theirs or is_like(ours[0], theirs[0])
    return ours == theirs


@pytest.fixture(params=MARKETS)
async def market(request, start_sim):
    """One real market: (its kind, its client, its private socket)."""
    kind = request.param
    api, path, symbol, quantity = MARKETS[kind]
    exchange = FuturesExchange(
        market=kind,
        symbols=DEFAULT_CONTRACTS[kind][:1],
        accounts=[opened("sim-key", "sim-secret", kind, {})],
        source=StillMarket({symbol: [("50000", "500")]}, {symbol: [("50001", "500")]}),
        start_ms=int(time.time() * 1000),
    )
    sim = await start_sim(futures=[exchange])
    url, headers = f"{sim.http}/{api}/v1/", {"X-MBX-APIKEY": "sim-key"}
    async with sim.session.post(f"{url}listenKey", headers=headers) as response:
        socket = await sim.connect(path.format((await response.json())["listenKey"]))

    async def ask(route, **params):
        query = sim.signed(symbol=symbol, **params)
        async with sim.session.post(f"{url}{route}?{query}", headers=headers) as response:
            assert response.status == 200, await response.text()

    return kind, ask, socket, quantity


async def events_until(socket, kind):
    seen = []
    while not seen or seen[-1]["e"] != kind:
        seen.append(await socket.next())
    return seen


async def test_an_orders_events_are_like_recorded_ones(market):
    kind, ask, socket, quantity = market
    await ask("order", side="BUY", type="MARKET", quantity=quantity)
    events = [await socket.next() for _ in range(4)]
    names = {event["e"] for event in events}
    assert names == {"ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE"}
    for event in events:
        # COIN-M has said the same as USDⓈ-M since the two were joined.
        known = [*recorded(kind, event["e"]), *recorded("usdm", event["e"])]
        assert any(is_like(types(event), types(frame)) for frame in known), event


async def test_a_conditional_orders_events_are_like_recorded_ones(market):
    _, ask, socket, quantity = market
    conditional = {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "workingType": "MARK_PRICE"}
    await ask("algoOrder", side="SELL", quantity=quantity, triggerPrice="40000", **conditional)
    (event,) = await events_until(socket, "ALGO_UPDATE")
    known = recorded("usdm", "ALGO_UPDATE")
    assert any(is_like(types(event), types(frame)) for frame in known), event


async def test_a_change_of_leverage_is_told_like_a_recorded_one(market):
    _, ask, socket, _ = market
    await ask("leverage", leverage=7)
    event = await socket.next()
    known = recorded("usdm", "ACCOUNT_CONFIG_UPDATE")
    assert any(is_like(types(event), types(frame)) for frame in known), event
