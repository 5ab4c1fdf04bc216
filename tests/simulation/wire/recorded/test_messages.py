"""Recorded messages about the connection itself: sessions, subscriptions, bans, controls."""

import json
from pathlib import Path

import pytest

from bot.simulation.wire.routes import BY_METHOD
from bot.simulation.wire.rules import WireRules

PATH = Path(__file__).parents[5] / "shared" / "data" / "wsapi" / "exchanges_spot.jsonl"
ROWS = [json.loads(line) for line in PATH.read_text().splitlines()] if PATH.exists() else []
OWN = [row for row in ROWS if row["wsMethod"].startswith(("session.", "userDataStream."))]
CONTROLS = [
    row
    for row in ROWS
    if row["wsMethod"].startswith("stream:") and "userDataStream" not in row["wsMethod"]
]
SIGNED = [row for row in ROWS if row["wsMethod"].endswith("userDataStream.subscribe.signature")]
HERE = {"session.", "userDataStream.", "stream:", "general"}

pytestmark = pytest.mark.skipif(not PATH.exists(), reason=f"no recorded exchanges at {PATH}")


def ident(row):
    return f"{row['wsMethod']}-{row['id']}"


def kinds(value):
    if isinstance(value, dict):
        return {key: kinds(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [kinds(value[0])] if value else []
    return type(value).__name__


def test_every_recorded_method_is_one_of_the_exchange():
    methods = {row["wsMethod"] for row in ROWS}
    unknown = {name for name in methods if not name.startswith(tuple(HERE))} - set(BY_METHOD)
    assert unknown == set()


@pytest.mark.parametrize("row", OWN, ids=ident)
async def test_a_session_answers_as_recorded(logged_on, row):
    sim, api = logged_on
    method = row["wsMethod"]
    if method != "userDataStream.subscribe.signature":
        await api.ask({"id": "0", "method": "userDataStream.subscribe"})
    if method == "userDataStream.subscribe":
        await api.until_reply({"id": "x", "method": "userDataStream.unsubscribe"})
    if method == "session.subscriptions":
        other = {"id": "1", "method": "userDataStream.subscribe.signature"}
        await api.ask(other | {"params": sim.ws_signed()})
    request = {"id": "2", "method": method}
    if method == "userDataStream.subscribe.signature":
        request["params"] = sim.ws_signed()
    reply = await api.until_reply(request)
    known = row["response"]
    assert reply["status"] == known["status"]
    assert kinds(reply["result"]) == kinds(known["result"])


@pytest.mark.parametrize("row", SIGNED, ids=ident)
async def test_a_signed_subscription_answers_as_recorded(sim, row):
    api = await sim.connect("/ws-api/v3")
    params = {"params": sim.ws_signed()}
    reply = await api.ask({"id": 1, "method": "userDataStream.subscribe.signature"} | params)
    known = row["response"]
    for key in known.keys() - {"id"}:
        assert kinds(reply[key]) == kinds(known[key])


@pytest.mark.parametrize("row", CONTROLS, ids=ident)
async def test_a_control_message_is_answered_as_recorded(sim, row):
    socket = await sim.connect("/ws")
    reply = await socket.ask(row["request"])
    assert reply == row["response"] | {"id": row["request"]["id"]}


GENERAL = {row["id"]: row["response"] for row in ROWS if row["wsMethod"] == "general"}
TIME, BAN, ORDER = "04096d2cc364", "36bc5c3fa9f2", "429fb3f7a4c4"
INVALIDATED = "fe9df8c1384b"
"""What a session is told whose key was taken away. Here no key ever is."""


def test_every_general_answer_is_walked_or_named():
    assert set(GENERAL) == {TIME, BAN, ORDER, INVALIDATED}


async def test_an_answer_has_its_limits_as_recorded(sim):
    api = await sim.connect("/ws-api/v3")
    assert kinds(await api.ask({"id": "1", "method": "time"})) == kinds(GENERAL[TIME])
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    order |= {"quantity": "0.01", "price": "40000", "newOrderRespType": "FULL"}
    signed = sim.ws_signed(**order)
    reply = await api.ask({"id": "2", "method": "order.place", "params": signed})
    known = GENERAL[ORDER]
    assert [row.keys() for row in reply["rateLimits"]] == [
        row.keys() for row in known["rateLimits"]
    ]
    for ours, theirs in zip(reply["rateLimits"], known["rateLimits"], strict=True):
        same = ("rateLimitType", "interval", "intervalNum")
        assert [ours[name] for name in same] == [theirs[name] for name in same]
    # The example is from before self-trade prevention.
    assert set(known["result"]) <= set(reply["result"])


async def test_a_ban_is_told_as_recorded(start_sim):
    (known,) = [row["response"] for row in ROWS if row["response"].get("status") == 418]
    sim = await start_sim(rules=WireRules(weight_per_minute=10, ban_after=1))
    api = await sim.connect("/ws-api/v3")
    for ident in ("1", "2"):
        reply = await api.ask({"id": ident, "method": "exchangeInfo"})
    assert kinds(reply) == kinds(known)
    assert {k: v for k, v in reply["error"].items() if k == "code"} == {"code": -1003}
    head = known["error"]["msg"].split("until")[0]
    until = reply["error"]["data"]["retryAfter"]
    assert reply["error"]["msg"].startswith(f"{head}until {until}.")
