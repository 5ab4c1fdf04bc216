"""Payloads as they are signed, and the rule of time."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.wire.requests import (
    check_time,
    rest_params,
    rest_payload,
    ws_params,
    ws_payload,
)

NOW_MS = 1_800_000_000_000


def test_the_payload_is_query_then_body_without_separator_and_signature():
    assert rest_payload("a=1&b=%E2%82%AC", b"c=3&signature=ff") == b"a=1&b=%E2%82%ACc=3"
    assert rest_payload("signature=ff&a=1", b"") == b"a=1"
    assert rest_payload("", b"") == b""


def test_a_parameter_in_the_query_wins_over_the_body():
    assert rest_params("a=1&b=", b"a=2&c=%2B") == {"a": "1", "b": "", "c": "+"}


@pytest.mark.parametrize("body", [b"\xff=1", b"a=%ff"])
def test_text_that_is_not_utf8_is_refused(body):
    with pytest.raises(ApiError) as caught:
        rest_params("", body)
    assert caught.value.code == -1100


def test_too_many_parameters_are_refused():
    with pytest.raises(ApiError) as caught:
        rest_params("&".join(f"p{i}=1" for i in range(500)), b"")
    assert caught.value.code == -1101


def test_numbers_keep_the_spelling_in_which_they_were_signed():
    message = '{"params":{"quantity":0.00001,"price":50000.10,"orderId":7,"ok":true,"t":1e3}}'
    sent = {"quantity": 1e-05, "price": 50000.1, "orderId": 7, "ok": True, "t": 1e3}
    params = ws_params(message, sent)
    assert params == {
        "quantity": "0.00001",
        "price": "50000.10",
        "orderId": "7",
        "ok": "true",
        "t": "1e3",
    }


def test_the_websocket_payload_is_sorted_by_name():
    assert ws_payload({"b": "2", "signature": "x", "a": "€"}) == "a=€&b=2".encode()


@pytest.mark.parametrize(
    ("timestamp", "window", "code"),
    [
        (NOW_MS, None, None),
        (NOW_MS + 999, None, None),
        (NOW_MS + 1000, "60000", -1021),
        (NOW_MS - 5000, None, None),
        (NOW_MS - 5001, None, -1021),
        (NOW_MS - 5001, "5001", None),
        (NOW_MS - 1, "0.5", -1021),
        (NOW_MS * 1000, None, None),
        (NOW_MS * 1000 - 5_000_001, None, -1021),
        (NOW_MS, "60001", -1131),
        (NOW_MS, "abc", -1130),
        (NOW_MS, "NaN", -1130),
        (NOW_MS, "-1", -1130),
        ("", None, -1102),
        ("12x", None, -1100),
    ],
)
def test_the_rule_of_time(timestamp, window, code):
    params = {"timestamp": str(timestamp)} | ({"recvWindow": window} if window else {})
    if code is None:
        check_time(params, NOW_MS)
        return
    with pytest.raises(ApiError) as caught:
        check_time(params, NOW_MS)
    assert caught.value.code == code
