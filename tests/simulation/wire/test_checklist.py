"""What a faithful exchange must do that no test of a single module shows."""

import base64
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.simulation.account import AccountSpec

OTHER = {"key": "other", "secret": "hush"}


def order(**params):
    fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    return fields | {"quantity": "0.1", "price": "49000"} | params


# --- keys ---------------------------------------------------------------------------


def ed25519():
    key = Ed25519PrivateKey.generate()
    return key.public_key(), key.sign


def rsa_2048():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.public_key(), lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(("kind", "made"), [("Ed25519", ed25519), ("RSA", rsa_2048)])
async def test_any_kind_of_key_subscribes_by_signature_but_only_ed25519_logs_on(
    start_sim, kind, made
):
    public, sign = made()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    sim = await start_sim(accounts=(AccountSpec("pem-key", pem),))

    def signed():
        params = {"apiKey": "pem-key", "timestamp": int(time.time() * 1000)}
        payload = "&".join(f"{k}={v}" for k, v in sorted(params.items()))
        return params | {"signature": base64.b64encode(sign(payload.encode())).decode()}

    api = await sim.connect("/ws-api/v3")
    method = "userDataStream.subscribe.signature"
    reply = await api.ask({"id": 1, "method": method, "params": signed()})
    assert reply["result"] == {"subscriptionId": 0}
    reply = await api.ask({"id": 2, "method": "session.logon", "params": signed()})
    assert (reply["status"] == 200) == (kind == "Ed25519")


async def test_retired_user_stream_methods_do_not_exist(sim):
    api = await sim.connect("/ws-api/v3")
    for method in ("userDataStream.start", "userDataStream.ping", "userDataStream.stop"):
        assert (await api.ask({"id": 1, "method": method}))["status"] == 400


# --- user events --------------------------------------------------------------------


async def test_a_market_order_that_drains_the_book_is_new_traded_expired_then_the_balance(sim):
    stream = await sim.user_stream()
    status, body = await sim.call(
        *("POST", "order"), symbol="BTCUSDT", side="BUY", type="MARKET", quantity="5"
    )
    assert (status, body["status"], body["executedQty"]) == (200, "EXPIRED", "3.00000000")
    events = [(await stream.next())["event"] for _ in range(5)]
    assert [(e["e"], e.get("x"), e.get("X")) for e in events] == [
        ("executionReport", "NEW", "NEW"),
        ("executionReport", "TRADE", "PARTIALLY_FILLED"),
        ("executionReport", "TRADE", "PARTIALLY_FILLED"),
        ("executionReport", "EXPIRED", "EXPIRED"),
        ("outboundAccountPosition", None, None),
    ]
    ids = [event["I"] for event in events[:4]]
    assert ids == sorted(set(ids))
    assert [event["t"] for event in events[:4]] == [-1, *(events[i]["t"] for i in (1, 2)), -1]
    assert {asset["a"] for asset in events[4]["B"]} >= {"BTC", "USDT"}


async def test_a_cancel_has_its_own_id_and_names_the_orders(sim):
    stream = await sim.user_stream()
    await sim.order("BUY", "0.1", "49000", newClientOrderId="mine")
    await sim.call(
        *("DELETE", "order"),
        symbol="BTCUSDT",
        origClientOrderId="mine",
        newClientOrderId="my-cancel",
    )
    canceled = (await stream.until(lambda m: m["event"].get("x") == "CANCELED"))["event"]
    assert (canceled["c"], canceled["C"], canceled["X"]) == ("my-cancel", "mine", "CANCELED")


# --- orders -------------------------------------------------------------------------


async def test_a_client_id_is_unique_among_open_orders_only(sim):
    await sim.order("BUY", "0.1", "49000", newClientOrderId="mine")
    again = await sim.call("POST", "order", **order(newClientOrderId="mine"))
    assert again == (400, {"code": -2010, "msg": "Duplicate order sent."})
    # Another account's ids are its own.
    await sim.order("BUY", "0.1", "49000", newClientOrderId="mine", **OTHER)
    await sim.call("DELETE", "order", symbol="BTCUSDT", origClientOrderId="mine")
    await sim.order("BUY", "0.1", "50001", newClientOrderId="mine")
    assert (await sim.order("BUY", "0.1", "49000", newClientOrderId="mine"))["status"] == "NEW"


async def test_the_first_fill_as_maker_gives_back_five_orders_and_as_taker_one(sim):
    async def count():
        return (await sim.call("GET", "rateLimit/order"))[1][1]["count"]

    for step in range(6):
        await sim.order("BUY", "0.1", str(40_000 + step))
    await sim.order("BUY", "0.1", "50000.50")
    assert await count() == 7
    await sim.order("SELL", "0.04", "50000.50", **OTHER)
    assert await count() == 2
    # Later fills of the same order change nothing.
    await sim.order("SELL", "0.06", "50000.50", **OTHER)
    assert await count() == 2
    await sim.order("BUY", "0.1", "50001")
    assert await count() == 2
    await sim.call("DELETE", "openOrders", symbol="BTCUSDT")
    assert await count() == 2


# --- what is unknown or lost --------------------------------------------------------


async def test_an_order_may_not_be_found_for_a_while_although_it_exists(sim):
    fault = {"kind": "http", "match": "GET /api/v3/order", "status": 400, "code": -2013}
    sim.post(fault | {"times": 2})
    await sim.order("BUY", "0.1", "49000", newClientOrderId="mine")
    asked = ("GET", "order")
    params = {"symbol": "BTCUSDT", "origClientOrderId": "mine"}
    answers = [await sim.call(*asked, **params) for _ in range(3)]
    assert [body.get("code") for _, body in answers] == [-2013, -2013, None]
    assert answers[2][1]["status"] == "NEW"


async def test_a_wiped_exchange_knows_the_keys_and_nothing_else(start_sim):
    before = await start_sim()
    await before.order("BUY", "0.1", "49000", newClientOrderId="mine")
    wiped = await start_sim()
    params = {"symbol": "BTCUSDT", "origClientOrderId": "mine"}
    assert (await before.call("GET", "order", **params))[0] == 200
    assert (await wiped.call("GET", "order", **params))[1]["code"] == -2013
    assert (await wiped.call("GET", "account"))[0] == 200
