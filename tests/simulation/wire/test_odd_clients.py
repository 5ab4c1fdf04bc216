"""Clients that do odd things get what Binance gives them, and learn nothing about the server."""

import io
import time

import pytest
from yarl import URL

KEY = {"X-MBX-APIKEY": "sim-key"}
FORM = KEY | {"Content-Type": "application/x-www-form-urlencoded"}
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
ORDER |= {"quantity": "0.01", "price": "40000"}
PLAIN = "&".join(f"{name}={value}" for name, value in ORDER.items())
LEGAL = r"[\w\-._&&[^a-z]]{1,50}"


async def asked(sim, method, path, *, body=None, headers=KEY):
    """(status, text, headers)."""
    url = URL(f"{sim.http}{path}", encoded=True)
    async with sim.session.request(method, url, data=body, headers=headers) as response:
        return response.status, await response.text(), response.headers


# --- signatures ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["query", "body", "both", "signature apart", "signature first"])
async def test_a_signature_holds_for_query_and_body_as_they_were_sent(sim, way):
    stamp = f"timestamp={int(time.time() * 1000)}"
    whole = f"{PLAIN}&{stamp}"
    signature = f"signature={sim.sign(whole)}"
    query, body = {
        "query": (f"{whole}&{signature}", None),
        "body": ("", f"{whole}&{signature}"),
        # Query and body are signed with nothing between them.
        "both": (PLAIN, f"{stamp}&signature={sim.sign(PLAIN + stamp)}"),
        "signature apart": (whole, signature),
        "signature first": (f"{signature}&{whole}", None),
    }[way]
    answer = await asked(sim, "POST", f"/api/v3/order?{query}", body=body, headers=FORM)
    assert answer[0] == 200, answer[1]


async def test_a_signature_of_other_words_is_refused(sim):
    stamp = f"timestamp={int(time.time() * 1000)}"
    signature = sim.sign(f"{PLAIN}&{stamp}")
    for sent in (f"{stamp}&{PLAIN}", f"{PLAIN}&{stamp}&recvWindow=9000"):
        status, text, _ = await asked(sim, "POST", f"/api/v3/order?{sent}&signature={signature}")
        assert (status, "-1022" in text) == (400, True)
    other = {"X-MBX-APIKEY": "other"}
    path = f"/api/v3/order?{PLAIN}&{stamp}&signature={signature}"
    assert "-1022" in (await asked(sim, "POST", path, headers=other))[1]


@pytest.mark.parametrize(
    ("window", "code"),
    [
        *(("5000", None), ("5000.123", None), ("60000", None)),
        *(("5000.1234", -1130), ("1e3", -1130), ("+5", -1130), (" 5", -1130), ("٣", -1130)),
        *(("", -1105), ("60000.001", -1131)),
    ],
)
async def test_a_window_has_up_to_three_places(sim, window, code):
    _, body = await sim.call("GET", "openOrders", recvWindow=window)
    assert (body.get("code") if isinstance(body, dict) else None) == code


# --- parameters ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["symbol=BTCUSDT&symbol=BTCUSDT", "symbol=BTCUSDT&limit=5&limit=5"]
)
async def test_a_parameter_stands_once(sim, query):
    status, body = await sim.get(f"/api/v3/depth?{query}")
    assert (status, body["code"]) == (400, -1101)
    # In the query and in the body it may: the query's holds.
    path = f"/api/v3/order/test?{sim.signed(**ORDER)}"
    answer = await asked(sim, "POST", path, body="price=1", headers=FORM)
    assert "-1022" in answer[1]


@pytest.mark.parametrize("path", ["ping", "time"])
async def test_what_takes_no_parameter_refuses_them(sim, path):
    status, body = await sim.get(f"/api/v3/{path}?a=1&b=2")
    assert (status, body) == (
        400,
        {"code": -1101, "msg": "Too many parameters; expected '0' and received '2'."},
    )


@pytest.mark.parametrize("name", ["btcusdt", "BTC=USDT", "BTC USDT", "X" * 51])
async def test_what_cannot_be_a_symbol_is_told_what_is_legal(sim, name):
    msg = f"Illegal characters found in parameter 'symbol'; legal range is '^{LEGAL}$'."
    for path in ("klines", "depth", "ticker/price"):
        quoted = name.replace(" ", "%20").replace("=", "%3D")
        more = "&interval=1m" if path == "klines" else ""
        status, text, _ = await asked(sim, "GET", f"/api/v3/{path}?symbol={quoted}{more}")
        assert status == 400
        assert text == '{"code":-1100,"msg":"' + msg.replace("\\", "\\\\") + '"}'
    assert (await sim.call("POST", "order", **ORDER | {"symbol": name}))[1]["msg"] == msg
    assert (await sim.call("GET", "myTrades", symbol=name))[1]["msg"] == msg


@pytest.mark.parametrize("name", ["NOSUCH", "这是测试币456", "A.B-C_D"])
async def test_what_might_be_a_symbol_is_unknown(sim, name):
    assert (await sim.call("GET", "myTrades", symbol=name))[1]["code"] == -1121


@pytest.mark.parametrize(
    "names", ['["BTCUSDT", "ETHUSDT"]', '["btcusdt"]', "BTCUSDT", '["BTCUSDT"', '[""]', "[1]"]
)
async def test_a_list_of_symbols_has_no_space_in_it(sim, names):
    quoted = names.replace(" ", "%20").replace('"', "%22")
    _, text, _ = await asked(sim, "GET", f"/api/v3/ticker/price?symbols={quoted}")
    assert text.startswith('{"code":-1100')
    assert "'symbols'; legal range" in text


async def test_too_many_bars_are_a_thousand(sim):
    status, rows = await sim.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1500")
    assert (status, len(rows) <= 1000) == (200, True)


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("permissions=SPOT", 3),
        ("permissions=MARGIN", 0),
        ('permissions=["SPOT","MARGIN"]', 3),
        ("symbolStatus=TRADING", 3),
        ("symbolStatus=HALT", 0),
        ("permissions=LOTTERY", -1130),
        ("permissions=[1]", -1130),
        ("permissions=[", -1130),
        ("symbol=BTCUSDT&permissions=SPOT", -1128),
        ("symbol=BTCUSDT&symbolStatus=TRADING", -1128),
        ("symbol=BTCUSDT&colour=red", -1104),
    ],
)
async def test_exchange_info_is_asked_in_parts(sim, query, known):
    _, body = await sim.get(f"/api/v3/exchangeInfo?{query}")
    assert body.get("code", len(body.get("symbols", []))) == known


async def test_permission_sets_may_be_left_out(sim):
    with_sets = (await sim.get("/api/v3/exchangeInfo?symbol=BTCUSDT"))[1]["symbols"][0]
    path = "/api/v3/exchangeInfo?symbol=BTCUSDT&showPermissionSets=false"
    without = (await sim.get(path))[1]["symbols"][0]
    assert with_sets.keys() - without.keys() == {"permissionSets"}


async def test_symbols_of_another_status_are_left_out(sim):
    sim.exchange._floor.listings["ETHUSDT"].status = "HALT"
    halted = (await sim.get("/api/v3/ticker/bookTicker?symbolStatus=HALT"))[1]
    assert [row["symbol"] for row in halted] == ["ETHUSDT"]
    assert (await sim.get("/api/v3/depth?symbol=ETHUSDT&symbolStatus=TRADING"))[1]["code"] == -1220


# --- accounts -----------------------------------------------------------------------------


async def test_nobody_reaches_the_orders_of_another(sim):
    mine = await sim.order("BUY", "0.01", "40000", newClientOrderId="mine")
    other = {"key": "other", "secret": "hush"}
    by_id = {"symbol": "BTCUSDT", "orderId": mine["orderId"], **other}
    by_name = {"symbol": "BTCUSDT", "origClientOrderId": "mine", **other}
    for named in (by_id, by_name):
        assert (await sim.call("GET", "order", **named))[1]["code"] == -2013
        assert (await sim.call("DELETE", "order", **named))[1]["code"] == -2011
        amended = await sim.call("PUT", "order/amend/keepPriority", **named, newQty="0.005")
        assert amended[1]["code"] == -2038
    assert (await sim.call("DELETE", "openOrders", symbol="BTCUSDT", **other))[1]["code"] == -2011
    assert (await sim.call("GET", "openOrders", **other))[1] == []
    assert (await sim.call("GET", "order", symbol="BTCUSDT", orderId=mine["orderId"]))[0] == 200


# --- walls --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", "/ws", 400), ("GET", "/ws/btcusdt@trade", 400), ("GET", "/ws-api/v3", 400)),
        *(("GET", "/", 404), ("GET", "/api/v3/ping/", 404), ("GET", "//api/v3/ping", 404)),
    ],
)
async def test_a_door_that_is_not_there_is_a_page(sim, method, path, status):
    found, text, headers = await asked(sim, method, path)
    assert (found, text.startswith("<html>")) == (status, True)
    assert headers["Server"] == "nginx"
    assert headers["Content-Type"].startswith("text/html")


async def test_too_large_a_body_is_a_page(sim):
    body = io.BytesIO(b"a=" + b"x" * 2_000_000)
    status, text, _ = await asked(sim, "POST", "/api/v3/order", body=body, headers=FORM)
    assert (status, "413 Request Entity Too Large" in text) == (413, True)


async def test_every_answer_comes_from_the_same_server(sim):
    for path in ("/api/v3/ping", "/api/v3/nothing", "/api/v1/time"):
        assert (await asked(sim, "GET", path))[2]["Server"] == "nginx"
    socket = await sim.connect("/ws")
    assert socket.raw._response.headers["Server"] == "nginx"


# --- sockets ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"id":1,"method":"ping","params":[]}', -1135),
        ('{"id":1,"method":"ping","params":""}', -1135),
        ('{"id":1,"method":"ping","params":0}', -1135),
        ('{"id":1}', -1135),
        ('{"id":1,"method":null}', -1135),
        ('{"id":1.5,"method":"ping"}', -1135),
        ('{"id":true,"method":"ping"}', -1135),
        ('{"id":1,"method":"PING"}', -1020),
        ('{"id":1,"method":"depth","params":{"symbol":null}}', -1100),
        ('{"id":1,"method":"depth","params":{"symbol":["BTCUSDT"]}}', -1100),
        ('{"id":1,"method":"ping","params":null}', None),
        ('{"id":-9223372036854775808,"method":"ping"}', None),
        ('{"id":null,"method":"v3/ping"}', None),
    ],
)
async def test_a_request_has_one_form(sim, message, code):
    api = await sim.connect("/ws-api/v3")
    reply = await api.tell(message)
    assert reply.get("error", {}).get("code") == code
    assert reply["status"] == (200 if code is None else 400)


async def test_binary_frames_are_read_like_text(sim):
    api, market = await sim.connect("/ws-api/v3"), await sim.connect("/ws")
    await api.raw.send_bytes(b'{"id":1,"method":"ping"}')
    await market.raw.send_bytes(b'{"id":1,"method":"LIST_SUBSCRIPTIONS"}')
    assert ((await api.next())["status"], await market.next()) == (200, {"result": [], "id": 1})


async def test_a_huge_frame_ends_the_connection(sim):
    socket = await sim.connect("/ws")
    await socket.raw.send_str("x" * 300_000)
    assert await socket.ended() == 1009
