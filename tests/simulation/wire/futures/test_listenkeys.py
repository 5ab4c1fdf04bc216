"""Listen keys and the private sockets that they open."""

import pytest

from bot.simulation.wire.futures.listenkeys import is_listen_key

FORMS = (
    "/private/ws/{key}",
    "/private/ws?listenKey={key}",
    "/private/ws?listenKey={key}&events=ACCOUNT_UPDATE/listenKeyExpired",
    "/private/stream?listenKey={key}",
    "/private/stream?streams={key}",
)


def event_of(message):
    return message.get("data", message)["e"]


async def test_a_key_is_the_same_while_it_is_valid(futures):
    first = await futures.listen_key()
    assert is_listen_key(first)
    assert await futures.listen_key() == first
    assert await futures.listen_key(key="other") != first
    assert await futures.listen_key("dapi") != first


async def test_a_key_is_renewed_and_closed_without_a_signature(futures):
    key = await futures.listen_key()
    renewed = await futures.call("PUT", "/fapi/v1/listenKey", signed=False)
    assert renewed == (200, {"listenKey": key})
    assert await futures.call("DELETE", "/fapi/v1/listenKey", signed=False) == (200, {})
    status, body = await futures.call("PUT", "/fapi/v1/listenKey", signed=False)
    assert (status, body["code"]) == (400, -1125)
    assert await futures.listen_key() != key


@pytest.mark.parametrize(("key", "code"), [("", -2014), ("nobody", -2015)])
async def test_a_key_needs_a_known_api_key(futures, key, code):
    status, body = await futures.call("POST", "/fapi/v1/listenKey", key=key, signed=False)
    assert (status, body["code"]) == (401, code)


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_private_socket_hears_its_account(futures, form):
    key = await futures.listen_key()
    socket = await futures.sim.connect(form.format(key=key))
    futures.usdm.tell("other")
    futures.usdm.tell("sim-key")
    message = await socket.next()
    assert event_of(message) == "ACCOUNT_UPDATE"
    if "stream?" in form:
        assert message["stream"] == key
    assert await socket.is_silent()


async def test_a_private_socket_may_subscribe_to_its_key(futures):
    key = await futures.listen_key()
    socket = await futures.sim.connect("/private/stream")
    request = {"id": 1, "method": "SUBSCRIBE", "params": [key]}
    assert (await socket.ask(request))["result"] is None
    futures.usdm.tell()
    assert (await socket.next())["data"]["e"] == "ACCOUNT_UPDATE"


async def test_only_the_events_that_were_asked_for_arrive(futures):
    key = await futures.listen_key()
    path = f"/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE/TRADE_LITE"
    socket = await futures.sim.connect(path)
    futures.usdm.tell(kind="ACCOUNT_UPDATE")
    futures.usdm.tell(kind="TRADE_LITE")
    assert (await socket.next())["e"] == "TRADE_LITE"
    assert await socket.is_silent()


async def test_coin_margined_events_come_by_path_on_dstream(futures):
    key = await futures.listen_key("dapi")
    socket = await futures.sim.connect(f"/dstream/ws/{key}")
    futures.usdm.tell(kind="MARGIN_CALL")
    futures.coinm.tell(kind="ACCOUNT_UPDATE")
    assert (await socket.next())["e"] == "ACCOUNT_UPDATE"
    (described,) = await futures.sim.connections()
    assert described["kind"] == "user"


async def test_market_streams_are_silent_on_the_private_path(futures):
    socket = await futures.sim.connect("/private/ws/btcusdt@aggTrade")
    futures.usdm.trade("BTCUSDT")
    assert await socket.is_silent()


async def test_a_key_that_is_not_renewed_expires_with_a_goodbye(start_futures, futures_rules):
    futures = await start_futures(futures_rules=futures_rules(listen_key_s=0.3))
    key = await futures.listen_key()
    socket = await futures.sim.connect(f"/private/ws/{key}")
    goodbye = await socket.next()
    assert (goodbye["e"], goodbye["listenKey"]) == ("listenKeyExpired", key)
    futures.usdm.tell()
    assert await socket.is_silent()
    status, body = await futures.call("PUT", "/fapi/v1/listenKey", signed=False)
    assert (status, body["code"]) == (400, -1125)
    assert await futures.listen_key() != key


async def test_time_scale_shortens_the_validity(start_futures):
    futures = await start_futures(time_scale=0.0001)
    key = await futures.listen_key()
    socket = await futures.sim.connect(f"/private/ws/{key}")
    assert (await socket.until(lambda m: m["e"] == "listenKeyExpired"))["listenKey"] == key


async def test_the_fault_expires_all_keys_of_both_markets(futures):
    sockets = [
        await futures.sim.connect(f"/private/ws/{await futures.listen_key()}"),
        await futures.sim.connect(f"/dstream/ws/{await futures.listen_key('dapi')}"),
    ]
    futures.sim.post({"kind": "listen_key_expired"})
    for socket in sockets:
        assert (await socket.next())["e"] == "listenKeyExpired"
    status, body = await futures.call("PUT", "/dapi/v1/listenKey", signed=False)
    assert (status, body["code"]) == (400, -1125)
