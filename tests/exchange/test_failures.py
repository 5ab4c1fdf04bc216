import json

import pytest

from bot.domain.errors import NotSent, OutcomeUnknown, Rejected, Throttled, Unavailable
from bot.exchange.failures import Request, closed, of_exception, of_response

POST = Request("post", "https://api.binance.com/api/v3/order?signature=abc")
GET = Request("get", "https://api.binance.com/api/v3/order?signature=abc")


def _body(code, text="text"):
    return json.dumps({"code": code, "msg": text})


@pytest.mark.parametrize(
    ("status", "body", "order", "question"),
    [
        (400, _body(-2010), Rejected, Rejected),
        (400, _body(-1021), Rejected, Rejected),
        (401, _body(-2015), Rejected, Rejected),
        (409, _body(-2021), Rejected, Rejected),
        (400, _body(-1006), OutcomeUnknown, Unavailable),
        (400, _body(-1007), OutcomeUnknown, Unavailable),
        (200, _body(-1000), OutcomeUnknown, Unavailable),
        (408, _body(-1007), OutcomeUnknown, Unavailable),
        (500, _body(-1001), OutcomeUnknown, Unavailable),
        (503, _body(-1008), OutcomeUnknown, Unavailable),
        (502, "<html>nginx</html>", OutcomeUnknown, Unavailable),
        (200, "<html>nginx</html>", OutcomeUnknown, Unavailable),
        (410, "<html>gone</html>", OutcomeUnknown, Unavailable),
        (403, "", OutcomeUnknown, Unavailable),
        (400, '{"msg":"no code"}', OutcomeUnknown, Unavailable),
        (400, "[1]", OutcomeUnknown, Unavailable),
        (429, _body(-1003), Throttled, Throttled),
        (418, "<html>banned</html>", Throttled, Throttled),
        (429, _body(-1015), Throttled, Throttled),
    ],
)
def test_each_answer_says_what_to_do_next(status, body, order, question):
    assert type(of_response(POST, status, {}, body)) is order
    assert type(of_response(GET, status, {}, body)) is question


FUTURES_POST = Request("post", "https://fapi.binance.com/fapi/v1/order?signature=abc")
FUTURES_GET = Request("get", "https://dapi.binance.com/dapi/v1/order?signature=abc")
UNKNOWN_503 = "Unknown error, please check your request or try again later."


@pytest.mark.parametrize(
    ("code", "text", "order", "question"),
    [
        (-1000, UNKNOWN_503, OutcomeUnknown, Unavailable),
        (-1000, "Service Unavailable.", Rejected, Unavailable),
        (-1008, "Request throttled by system-level protection.", Throttled, Throttled),
    ],
)
def test_a_503_of_futures_has_three_meanings(code, text, order, question):
    assert type(of_response(FUTURES_POST, 503, {}, _body(code, text))) is order
    assert type(of_response(FUTURES_GET, 503, {}, _body(code, text))) is question
    # Spot says no such thing: there every one of them is unclear.
    assert type(of_response(POST, 503, {}, _body(code, text))) is OutcomeUnknown


def test_a_refusal_carries_code_and_text():
    failure = of_response(POST, 400, {}, _body(-1013, "Filter failure: LOT_SIZE"))
    assert (failure.code, failure.reason) == (-1013, "Filter failure: LOT_SIZE")


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry-After": "7"}, 7.0), (429, {}, 10.0), (418, {"Retry-After": "x"}, 120.0)],
)
def test_the_time_to_wait_is_the_servers_or_a_careful_guess(status, headers, seconds):
    assert of_response(POST, status, headers, _body(-1003)).retry_after_s == seconds


def test_a_lost_connection_is_unclear_for_an_order_and_harmless_for_a_question():
    assert type(of_exception(POST, ConnectionResetError("cut"))) is OutcomeUnknown
    assert type(of_exception(POST, TimeoutError())) is OutcomeUnknown
    assert type(of_exception(GET, TimeoutError())) is Unavailable


def test_a_closed_session_sends_nothing():
    assert type(closed(POST)) is NotSent
    assert type(closed(GET)) is Unavailable


def test_no_text_holds_what_was_in_the_query():
    for failure in (
        of_exception(POST, OSError("https://x/?signature=abc")),
        of_response(POST, 502, {}, "<html>signature=abc</html>"),
        closed(POST),
    ):
        assert "signature" not in str(failure)
        assert "POST /api/v3/order" in str(failure)
