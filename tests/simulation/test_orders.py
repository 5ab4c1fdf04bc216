"""REST bodies have Binance's keys, no more and no fewer, and values of its types."""

import pytest


def documented(records, method_and_path, *present):
    bodies = []
    for record in records:
        if record["endpoint"] != method_and_path or record["nature"] != "doc-example":
            continue
        body = record["body"]
        body = body[0] if isinstance(body, list) and body else body
        if isinstance(body, dict) and "code" not in body and all(k in body for k in present):
            bodies.append(body)
    assert bodies, method_and_path
    return bodies


def alike(mine, theirs):
    assert list(mine) == list(theirs) or set(mine) == set(theirs)
    for key, value in theirs.items():
        assert type(mine[key]) is type(value), key


@pytest.fixture
def rest_bodies(shared_json):
    return shared_json("rest/responses_spot.jsonl")


@pytest.mark.parametrize("kind", ["ACK", "RESULT"])
def test_answers_to_placing(alice, rest_bodies, kind):
    known = documented(rest_bodies, "POST /api/v3/order", "transactTime")
    mine = alice.place(quantity="0.1", price="59000", newOrderRespType=kind)
    assert any(set(mine) == set(theirs) for theirs in known)


def test_full_answer_and_its_fills(alice, shared_json):
    fixture = next(
        r["body"]
        for r in shared_json("rest/responses_spot.jsonl")
        if r.get("note") == "new_order_full_response"
    )
    mine = alice.place(kind="MARKET", quantity="1.5")
    alike(mine, fixture)
    alike(mine["fills"][0], fixture["fills"][0])


def test_cancelled(alice, rest_bodies):
    alice.place(quantity="0.1", price="59000", newClientOrderId="a")
    (theirs,) = documented(rest_bodies, "DELETE /api/v3/order", "origClientOrderId")[:1]
    alike(alice.cancel(origClientOrderId="a"), theirs)


def test_all_cancelled(alice, rest_bodies):
    alice.place(quantity="0.1", price="59000")
    (theirs,) = documented(rest_bodies, "DELETE /api/v3/openOrders", "origClientOrderId")[:1]
    alike(alice.call("cancel_open_orders", symbol="BTCUSDT")[0], theirs)


def test_queried(alice, rest_bodies):
    placed = alice.place(quantity="0.1", price="59000")
    for endpoint, mine in (
        ("GET /api/v3/allOrders", alice.call("all_orders", symbol="BTCUSDT")[0]),
        ("GET /api/v3/openOrders", alice.call("open_orders", symbol="BTCUSDT")[0]),
    ):
        alike(mine, documented(rest_bodies, endpoint)[0])
        assert mine == alice.query(orderId=placed["orderId"])


def test_account_trades_and_commission(alice, rest_bodies):
    alice.place(kind="MARKET", quantity="0.1")
    account = alice.call("account_info")
    alike(account, documented(rest_bodies, "GET /api/v3/account", "commissionRates")[0])
    fixture = next(r["body"][0] for r in rest_bodies if r.get("note") == "account_trades_response")
    alike(alice.call("my_trades", symbol="BTCUSDT")[0], fixture)
    rates = alice.call("commission", symbol="BTCUSDT")
    assert {
        k for body in documented(rest_bodies, "GET /api/v3/account/commission") for k in body
    } <= set(rates)


@pytest.mark.parametrize(
    ("endpoint", "call", "params"),
    [
        ("GET /api/v3/avgPrice", "avg_price", {}),
        ("GET /api/v3/ticker/price", "ticker_price", {}),
        ("GET /api/v3/ticker/bookTicker", "book_ticker", {}),
        ("GET /api/v3/ticker/24hr", "ticker_24hr", {}),
        ("GET /api/v3/ticker/24hr", "ticker_24hr", {"type": "MINI"}),
        ("GET /api/v3/historicalTrades", "historical_trades", {}),
    ],
)
def test_market_data(alice, rest_bodies, endpoint, call, params):
    alice.place(kind="MARKET", quantity="0.1")
    mine = getattr(alice.exchange, call)({"symbol": "BTCUSDT", **params})
    mine = mine[0] if isinstance(mine, list) else mine
    assert any(set(mine) == set(body) for body in documented(rest_bodies, endpoint))


def test_exchange_info_has_the_keys_that_clients_read(alice, rest_bodies):
    recorded = next(
        r["body"]
        for r in rest_bodies
        if r["endpoint"] == "GET /api/v3/exchangeInfo" and r["nature"] == "recorded"
    )
    mine = alice.exchange.exchange_info({})
    alike(mine, recorded)
    assert set(recorded["symbols"][0]) <= set(mine["symbols"][0])
    for theirs in recorded["symbols"][0]["filters"]:
        ours = [f for f in mine["symbols"][0]["filters"] if f["filterType"] == theirs["filterType"]]
        assert set(ours[0]) == set(theirs)
