import asyncio
import hashlib
import hmac
import time
import traceback
from urllib.parse import urlencode

import pytest
from aiohttp import web

from bot.domain.errors import (
    NotSent,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    VenueError,
    VenueSetupError,
)
from bot.exchange.endpoints import from_url
from bot.exchange.session import Session

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}


def _time(method, path, params):
    return {"serverTime": int(time.time() * 1000) + 60_000}


async def test_an_order_is_signed_and_has_our_receive_window(http_peer, http_session):
    await http_session.create_order(**ORDER, newClientOrderId="mine")
    ((method, path, params),) = http_peer.requests
    assert (method, path) == ("POST", "/api/v3/order")
    assert params["recvWindow"] == "5000"
    assert params["newClientOrderId"] == "mine"
    signature = params.pop("signature")
    payload = urlencode(params).encode()
    assert signature == hmac.new(b"s3cret", payload, hashlib.sha256).hexdigest()
    assert http_peer.headers[0]["X-MBX-APIKEY"] == "key"


async def test_a_refusal_has_its_code_and_text(http_peer, http_session):
    http_peer.answer = lambda *_: web.json_response({"code": -2010, "msg": "no"}, status=400)
    with pytest.raises(Rejected) as caught:
        await http_session.create_order(**ORDER)
    assert (caught.value.code, caught.value.reason) == (-2010, "no")


@pytest.mark.parametrize("status", [200, 403, 410, 502])
async def test_a_page_in_place_of_json_leaves_an_order_unknown(http_peer, http_session, status):
    page = "<html><h1>nginx</h1></html>"
    http_peer.answer = lambda *_: web.Response(text=page, status=status, content_type="text/html")
    with pytest.raises(OutcomeUnknown):
        await http_session.create_order(**ORDER)
    with pytest.raises(Unavailable):
        await http_session.get_open_orders(symbol="BTCUSDT")


async def test_a_cut_after_the_request_leaves_an_order_unknown(http_peer, http_session, cut):
    http_peer.answer = lambda *_: cut
    with pytest.raises(OutcomeUnknown):
        await http_session.create_order(**ORDER)
    assert len(http_peer.requests) == 1


async def test_no_answer_in_time_leaves_an_order_unknown(http_peer):
    given_up = asyncio.Event()

    async def never(*_):
        await given_up.wait()
        return {}

    http_peer.answer = never
    session = Session(from_url(http_peer.url), api_key="k", api_secret="s", timeout_s=1.0)
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        await session.create_order(**ORDER)
    given_up.set()
    await session.close()
    assert len(http_peer.requests) == 1


async def test_where_nobody_listens_nothing_was_sent(http_peer, http_session):
    await http_peer.stop()
    with pytest.raises(NotSent):
        await http_session.create_order(**ORDER)
    with pytest.raises(Unavailable):
        await http_session.get_account()


async def test_a_throttle_holds_all_later_requests_and_cancels_go_first(http_peer, http_session):
    times = []

    def answer(*_):
        times.append(time.monotonic())
        if len(times) > 1:
            return {}
        slow = {"code": -1003, "msg": "slow"}
        return web.json_response(slow, status=429, headers={"Retry-After": "1"})

    http_peer.answer = answer
    with pytest.raises(Throttled) as caught:
        await http_session.create_order(**ORDER)
    assert caught.value.retry_after_s == 1.0
    await asyncio.gather(
        http_session.get_account(),
        http_session.cancel_order(symbol="BTCUSDT", origClientOrderId="x"),
    )
    # By the server's clock, which saw the throttle before the client did.
    assert times[1] - times[0] >= 1.0
    assert [method for method, _, _ in http_peer.requests] == ["POST", "DELETE", "GET"]


async def test_a_ban_turns_requests_away_without_sending(http_peer, http_session):
    http_peer.answer = lambda *_: web.Response(status=418, headers={"Retry-After": "300"})
    with pytest.raises(Throttled):
        await http_session.get_account()
    with pytest.raises(Throttled):
        await http_session.create_order(**ORDER)
    assert len(http_peer.requests) == 1


async def test_a_clock_that_is_off_is_set_and_the_request_repeated_once(http_peer, http_session):
    def answer(method, path, params):
        if path.endswith("/time"):
            return _time(method, path, params)
        if int(params["timestamp"]) < time.time() * 1000 + 30_000:
            return web.json_response({"code": -1021, "msg": "outside"}, status=400)
        return {"ok": True}

    http_peer.answer = answer
    assert await http_session.create_order(**ORDER, newClientOrderId="mine") == {"ok": True}
    orders = [params for _, path, params in http_peer.requests if path.endswith("/order")]
    assert [params["newClientOrderId"] for params in orders] == ["mine", "mine"]


async def test_a_clock_that_stays_off_is_a_refusal_after_two_attempts(http_peer, http_session):
    http_peer.answer = lambda method, path, params: (
        _time(method, path, params)
        if path.endswith("/time")
        else web.json_response({"code": -1021, "msg": "outside"}, status=400)
    )
    with pytest.raises(Rejected):
        await http_session.create_order(**ORDER)
    assert sum(path.endswith("/order") for _, path, _ in http_peer.requests) == 2


async def test_the_offset_is_the_servers_clock_minus_ours(http_peer, http_session):
    http_peer.answer = _time
    offset = await http_session.sync_clock()
    assert 50_000 <= offset <= 70_000
    assert http_session.timestamp_offset == offset
    assert len(http_peer.requests) == 3


async def test_the_counters_come_from_the_answer(http_peer):
    seen = []
    session = Session(from_url(http_peer.url), api_key="k", api_secret="s", on_headers=seen.append)
    http_peer.answer = lambda *_: web.json_response({}, headers={"X-MBX-USED-WEIGHT-1M": "42"})
    await session.get_account()
    await session.close()
    assert session.usage.weight_1m == 42
    assert len(seen) == 1


async def test_no_exception_holds_a_secret_not_even_in_its_chain(http_peer, http_session, cut):
    http_peer.answer = lambda *_: cut
    failures = []
    for stop in (False, True):
        if stop:
            await http_peer.stop()
        for call in (http_session.create_order(**ORDER), http_session.get_account()):
            try:
                await call
            except VenueError as failure:
                failures.append(failure)
    assert len(failures) == 4
    for failure in failures:
        assert failure.__cause__ is None
        assert failure.__context__ is None
        text = "".join(traceback.format_exception(failure))
        assert "signature=" not in text
        assert "s3cret" not in text


async def test_without_a_key_nothing_is_signed(http_peer):
    session = Session(from_url(http_peer.url))
    with pytest.raises(Rejected, match="no API key"):
        await session.get_account()
    with pytest.raises(VenueSetupError, match="API key"):
        session.sign_ws({})
    await session.close()
    assert not http_peer.requests


async def test_a_closed_session_sends_nothing(http_peer, http_session):
    await http_session.close()
    with pytest.raises(NotSent):
        await http_session.create_order(**ORDER)
    assert not http_peer.requests


def test_a_session_outside_a_loop_is_refused():
    with pytest.raises(RuntimeError, match="no running event loop"):
        Session(from_url("http://127.0.0.1:1"))
