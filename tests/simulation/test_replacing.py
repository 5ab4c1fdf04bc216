"""Every line of the documented table of what can become of a cancel-replace."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError

D = Decimal
NEW = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT_MAKER",
    "quantity": "1",
    "price": "59000",
    "newOrderRespType": "RESULT",
}
BAD_NEW = {"price": "60001"}
LIMIT = 100


@pytest.fixture
def swap(alice):
    """A function: a cancel-replace of a resting order, or of one that is not there."""

    def swapping(mode, *, cancel_works=True, new_works=True, full=False, on_limit=None, **more):
        placed = alice.place(quantity="0.5", price="58000", newClientOrderId="old")
        if full:
            for number in range(LIMIT - 1):
                alice.place(quantity="0.001", price=f"{50000 + number}")
        alice.events()
        params = NEW | ({} if new_works else BAD_NEW) | more
        params["cancelOrigClientOrderId"] = "old" if cancel_works else "other"
        if on_limit:
            params["orderRateLimitExceededMode"] = on_limit
        try:
            body, status = alice.call("cancel_replace", cancelReplaceMode=mode, **params), 200
        except ApiError as refused:
            body, status = refused.body, refused.status
        is_open = alice.query(orderId=placed["orderId"])["status"] == "NEW"
        return status, body, is_open

    return swapping


def outcome(body):
    data = body.get("data", body)
    return data["cancelResult"], data["newOrderResult"]


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_both_succeed(swap, alice, mode):
    status, body, is_open = swap(mode, cancelNewClientOrderId="bye")
    assert (status, outcome(body), is_open) == (200, ("SUCCESS", "SUCCESS"), False)
    assert body["cancelResponse"]["clientOrderId"] == "bye"
    assert body["newOrderResponse"]["status"] == "NEW"
    assert alice.funds("USDT")[1] == 59000
    kinds = [e.get("x", e["e"]) for e in alice.events()]
    position = "outboundAccountPosition"
    assert kinds == ["CANCELED", position, "NEW", position]


@pytest.mark.parametrize(
    ("mode", "cancel_works", "new_works", "status", "code", "results"),
    [
        ("STOP_ON_FAILURE", False, True, 400, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        ("STOP_ON_FAILURE", True, False, 409, -2021, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", False, False, 400, -2022, ("FAILURE", "FAILURE")),
        ("ALLOW_FAILURE", False, True, 409, -2021, ("FAILURE", "SUCCESS")),
        ("ALLOW_FAILURE", True, False, 409, -2021, ("SUCCESS", "FAILURE")),
    ],
)
def test_one_half_or_both_fail(swap, mode, cancel_works, new_works, status, code, results):
    got, body, is_open = swap(mode, cancel_works=cancel_works, new_works=new_works)
    assert (got, body["code"], outcome(body)) == (status, code, results)
    assert is_open is not cancel_works
    data = body["data"]
    if not cancel_works:
        assert data["cancelResponse"] == {"code": -2011, "msg": "Unknown order sent."}
    if results[1] == "FAILURE":
        said = {"code": -2010, "msg": "Order would immediately match and take."}
        assert data["newOrderResponse"] == said
    if results[1] == "NOT_ATTEMPTED":
        assert data["newOrderResponse"] is None


@pytest.mark.parametrize(
    ("mode", "cancel_works", "status", "code", "results"),
    [
        ("STOP_ON_FAILURE", True, 429, -2021, ("SUCCESS", "FAILURE")),
        ("STOP_ON_FAILURE", False, 429, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        ("ALLOW_FAILURE", True, 409, -2021, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", False, 400, -2022, ("FAILURE", "FAILURE")),
    ],
)
def test_too_many_orders_leave_the_cancellation_if_asked(
    swap, mode, cancel_works, status, code, results
):
    got, body, is_open = swap(mode, cancel_works=cancel_works, full=True, on_limit="CANCEL_ONLY")
    assert (got, body["code"], outcome(body)) == (status, code, results)
    assert is_open is not cancel_works
    if results[1] == "FAILURE":
        assert body["data"]["newOrderResponse"]["code"] == -1015


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_too_many_orders_do_nothing_by_default(swap, mode):
    status, body, is_open = swap(mode, full=True)
    assert (status, body["code"], is_open) == (429, -1015, True)
    assert "data" not in body


def test_a_filter_is_checked_before_anything_is_done(swap):
    status, body, is_open = swap("ALLOW_FAILURE", price="59000.001")
    assert (status, body["msg"], is_open) == (400, "Filter failure: PRICE_FILTER", True)


def test_what_was_not_attempted_counts_all_the_same(swap, alice):
    swap("STOP_ON_FAILURE", cancel_works=False)
    assert alice.call("unfilled_order_count")[0]["count"] == 2


def test_the_new_order_may_spend_what_the_old_one_held(alice):
    alice.place(quantity="16", price="60000", newClientOrderId="old")
    body = alice.call(
        "cancel_replace",
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrigClientOrderId="old",
        **NEW | {"quantity": "16.5"},
    )
    assert outcome(body) == ("SUCCESS", "SUCCESS")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cancelReplaceMode": "MAYBE"}, -1130),
        ({"cancelOrigClientOrderId": None}, -1102),
        ({"cancelRestrictions": "NEVER"}, -1145),
        ({"cancelReplaceMode": None}, -1102),
        ({"orderRateLimitExceededMode": "SOMETIMES"}, -1130),
    ],
)
def test_a_bad_form_is_refused(alice, change, code):
    form = NEW | {"cancelReplaceMode": "ALLOW_FAILURE", "cancelOrigClientOrderId": "old"} | change
    with pytest.raises(ApiError) as refused:
        alice.call("cancel_replace", **{k: v for k, v in form.items() if v is not None})
    assert refused.value.code == code


def test_bodies_have_the_documented_keys(swap, shared_json):
    records = shared_json("wsapi/exchanges_spot.jsonl")
    theirs = [r["response"] for r in records if r["wsMethod"] == "order.cancelReplace"]
    result = next(r["result"] for r in theirs if r["status"] == 200)
    _, body, _ = swap("ALLOW_FAILURE")
    assert list(body) == list(result)
    assert set(body["cancelResponse"]) == set(result["cancelResponse"])
