"""The futures WebSocket API over real sockets."""

import base64
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from bot.simulation.account import AccountSpec

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.01", "price": "5"}


async def ask(futures, socket, method, *, signed=True, **params):
    if signed:
        params = futures.sim.ws_signed(**params)
    return await socket.until_reply({"id": 1, "method": method, "params": params})


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("order.modify", "modify_order"),
        ("order.cancel", "cancel_order"),
        ("order.status", "query_order"),
        ("algoOrder.place", "place_algo"),
        ("algoOrder.cancel", "cancel_algo"),
        ("account.status", "account"),
        ("account.balance", "balance"),
        ("account.position", "position_risk"),
        ("v2/account.status", "account"),
        ("v2/account.balance", "balance"),
        ("v2/account.position", "position_risk"),
    ],
)
async def test_every_method_reaches_the_exchange(futures, method, asked):
    socket = await futures.sim.connect("/ws-fapi/v1")
    reply = await ask(futures, socket, method, symbol="BTCUSDT")
    assert (reply["status"], reply["result"]["asked"]) == (200, asked)


async def test_an_order_answers_with_its_limits(futures):
    socket = await futures.sim.connect("/ws-fapi/v1")
    reply = await ask(futures, socket, "order.place", **ORDER)
    assert reply["result"]["status"] == "NEW"
    limits = [(row["rateLimitType"], row["interval"], row["limit"]) for row in reply["rateLimits"]]
    assert limits == [
        ("ORDERS", "SECOND", 300),
        ("ORDERS", "MINUTE", 1200),
        ("REQUEST_WEIGHT", "MINUTE", 2400),
    ]


async def test_public_requests_need_no_signature(futures):
    socket = await futures.sim.connect("/ws-fapi/v1")
    reply = await ask(futures, socket, "ticker.price", signed=False, symbol="BTCUSDT")
    assert reply["result"] == {"symbol": "BTCUSDT", "price": "50000.5"}


async def test_a_refusal_has_status_and_error(futures):
    socket = await futures.sim.connect("/ws-fapi/v1")
    reply = await ask(futures, socket, "order.place", **ORDER | {"type": "STOP_MARKET"})
    assert (reply["status"], reply["error"]["code"]) == (400, -4120)
    reply = await ask(futures, socket, "userDataStream.subscribe.signature")
    assert (reply["status"], reply["error"]["code"]) == (400, -1020)


async def test_a_user_data_stream_is_a_listen_key(futures):
    socket = await futures.sim.connect("/ws-fapi/v1")
    started = await ask(futures, socket, "userDataStream.start", signed=False, apiKey="sim-key")
    key = started["result"]["listenKey"]
    assert await futures.listen_key() == key
    pinged = await ask(futures, socket, "userDataStream.ping", signed=False, apiKey="sim-key")
    assert pinged["result"] == {"listenKey": key}
    stopped = await ask(futures, socket, "userDataStream.stop", signed=False, apiKey="sim-key")
    assert stopped["result"] == {}
    pinged = await ask(futures, socket, "userDataStream.ping", signed=False, apiKey="sim-key")
    assert pinged["error"]["code"] == -1125


async def test_coin_margined_requests_have_their_own_socket(futures):
    socket = await futures.sim.connect("/ws-dapi/v1")
    assert (await ask(futures, socket, "account.position"))["result"]["version"] == 1
    await ask(futures, socket, "order.place", **ORDER | {"symbol": "BTCUSD_PERP"})
    assert futures.coinm.calls[-1][0] == "place_order"


async def test_only_ed25519_keys_log_on(futures):
    socket = await futures.sim.connect("/ws-fapi/v1")
    assert (await ask(futures, socket, "session.logon"))["error"]["code"] == -4056


async def test_a_session_asks_without_signatures(start_futures):
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    futures = await start_futures(accounts=(AccountSpec("ed-key", pem.decode()),))
    socket = await futures.sim.connect("/ws-fapi/v1")
    params = {"apiKey": "ed-key", "timestamp": int(time.time() * 1000)}
    payload = "&".join(f"{k}={v}" for k, v in sorted(params.items())).encode()
    params["signature"] = base64.b64encode(private.sign(payload)).decode()
    logon = await ask(futures, socket, "session.logon", signed=False, **params)
    assert logon["result"]["apiKey"] == "ed-key"
    assert "userDataStream" not in logon["result"]
    stamp = {"timestamp": int(time.time() * 1000)}
    reply = await ask(futures, socket, "account.status", signed=False, **stamp)
    assert reply["status"] == 200
    assert futures.usdm.calls[-1][:2] == ("account", "ed-key")
    # The listen key needs neither signature nor API key within a session.
    assert (
        "listenKey" in (await ask(futures, socket, "userDataStream.start", signed=False))["result"]
    )
    await ask(futures, socket, "session.logout", signed=False)
    reply = await ask(futures, socket, "account.status", signed=False, **stamp)
    assert reply["status"] == 401
