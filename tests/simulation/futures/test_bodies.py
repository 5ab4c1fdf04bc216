"""Answers and events against bodies that Binance published or sent: keys and types."""

import json
from decimal import Decimal, InvalidOperation

import pytest

# No order that waits at its matching engine is conditional any more, and what trailed is an algo.
GONE = {"activatePrice", "priceRate"}
# The wire fills them in.
LIMITS = {"rateLimits"}
# Removed from answers to placing, changing and cancelling on 2026-06-30.
REMOVED = {"avgPrice", "cumQuote", "cumBase"}


def kind_of(value):
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        try:
            Decimal(value.strip())
        except InvalidOperation:
            return "text"
        return "decimal text"
    return type(value).__name__


def check(ours, theirs, where, *, without=frozenset()):
    """Every key of theirs is in ours, with a value of the same kind."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict), where
        missing = set(theirs) - set(ours) - without
        assert not missing, f"{where}: {sorted(missing)} missing"
        for name, value in theirs.items():
            if name not in without:
                check(ours[name], value, f"{where}.{name}", without=without)
    elif isinstance(theirs, list) and theirs and isinstance(theirs[0], dict):
        assert ours, f"{where} is empty"
        check(ours[0], theirs[0], f"{where}[0]", without=without)
    elif isinstance(theirs, list):
        assert isinstance(ours, list), where
    else:
        mine, wanted = kind_of(ours), kind_of(theirs)
        texts = {"text", "decimal text"}
        # An id may look like a number; "" and null stand for what is not there.
        same = (
            mine == wanted
            or {mine, wanted} <= texts
            or theirs in {"", "None", None}
            or ours is None
        )
        assert same, f"{where}: {ours!r} is not like {theirs!r}"


@pytest.fixture
def bodies(known_lines):
    """A function: the bodies of an endpoint, without refusals."""

    def of(kind, endpoint, *, note=None):
        rows = known_lines(f"rest/responses_{kind}.jsonl")
        found = [
            row["body"]
            for row in rows
            if row["endpoint"] == endpoint and (note is None or row["note"] == note)
        ]
        return [b for b in found if b and not (isinstance(b, dict) and "code" in b and len(b) == 2)]

    return of


@pytest.fixture
def busy(trader):
    """A client with trades, a position, an open order, an algo and incomes."""
    return occupied(trader, "1", "59000", "60500")


@pytest.fixture
def coin_busy(coin_trader):
    return occupied(coin_trader, "10", "59000", "60500")


def occupied(client, quantity, price, trigger):
    client.place("BUY", quantity=quantity)
    client.place("BUY", "LIMIT", quantity=quantity, price=price, newClientOrderId="open")
    client.algo("SELL", "TAKE_PROFIT", triggerPrice=trigger, price=trigger, quantity=quantity)
    return client


ORDER_CASES = ["POST", "DELETE", "PUT"]


def test_answers_to_placing_changing_and_cancelling(busy, bodies):
    placed = busy.place("BUY", "LIMIT", quantity="1", price="59000", newClientOrderId="x")
    changed = busy.call(
        "modify_order",
        symbol="BTCUSDT",
        side="BUY",
        origClientOrderId="x",
        price="59100",
        quantity="1",
    )
    cancelled = busy.call("cancel_order", symbol="BTCUSDT", origClientOrderId="x")
    # ``pair`` of a changed order and ``time`` of a placed one are of older answers.
    without = GONE | REMOVED | {"pair", "time"}
    for ours, endpoint in (
        (placed, "POST /fapi/v1/order"),
        (changed, "PUT /fapi/v1/order"),
        (cancelled, "DELETE /fapi/v1/order"),
    ):
        known = bodies("usdm", endpoint)
        assert known
        for theirs in known:
            check(ours, theirs, endpoint, without=without)
        assert not REMOVED & set(ours)


def test_answers_to_batches(busy, bodies):
    wish = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
    ours = busy.call("batch_place", batchOrders=json.dumps([wish, {**wish, "reduceOnly": "true"}]))
    for theirs in bodies("usdm", "POST /fapi/v1/batchOrders"):
        check(ours, theirs, "batchOrders", without=GONE | REMOVED)
        check(ours[1], theirs[1], "batchOrders[1]")


USDM_READS = {
    "GET /fapi/v1/order": ("query_order", {"symbol": "BTCUSDT", "origClientOrderId": "open"}),
    "GET /fapi/v1/openOrder": ("open_order", {"symbol": "BTCUSDT", "origClientOrderId": "open"}),
    "GET /fapi/v1/allOrders": ("all_orders", {"symbol": "BTCUSDT"}),
    "GET /fapi/v1/userTrades": ("user_trades", {"symbol": "BTCUSDT"}),
    "GET /fapi/v1/income": ("income", {}),
    "GET /fapi/v1/algoOrder": ("query_algo", {"algoId": 1_000_000_000_000_001}),
    "GET /fapi/v1/allAlgoOrders": ("all_algos", {"symbol": "BTCUSDT"}),
    "GET /fapi/v1/leverageBracket": ("leverage_brackets", {}),
    "GET /fapi/v1/commissionRate": ("commission_rate", {"symbol": "BTCUSDT"}),
    "GET /fapi/v1/accountConfig": ("account_config", {}),
    "GET /fapi/v1/symbolConfig": ("symbol_config", {}),
    "GET /fapi/v1/positionSide/dual": ("position_mode", {}),
    "GET /fapi/v1/feeBurn": ("fee_burn", {}),
    "GET /fapi/v2/balance": ("balance", {"version": 2}),
    "GET /fapi/v3/balance": ("balance", {"version": 3}),
    "GET /fapi/v2/account": ("account", {"version": 2}),
    "GET /fapi/v3/account": ("account", {"version": 3}),
    "GET /fapi/v2/positionRisk": ("position_risk", {"version": 2}),
}


@pytest.mark.parametrize("endpoint", USDM_READS)
def test_own_data_of_usdm(busy, bodies, endpoint):
    name, params = USDM_READS[endpoint]
    known = bodies("usdm", endpoint)
    assert known
    for theirs in known:
        check(busy.call(name, **params), theirs, endpoint, without=GONE)


def test_open_algos(busy, bodies):
    name = "GET /fapi/v1/openAlgoOrders"
    theirs = bodies("usdm", name, note="test_current_all_algo_open_orders_success")
    assert theirs
    check(busy.call("open_algos"), theirs[0], name)


def test_a_placed_algo(busy, bodies):
    ours = busy.algo("SELL", "STOP_MARKET", triggerPrice="59000", quantity="1")
    for theirs in bodies("usdm", "POST /fapi/v1/algoOrder"):
        check(ours, theirs, "algoOrder")


def test_positions_of_version_three_are_those_of_the_socket(busy, known_lines):
    rows = known_lines("wsapi/exchanges_usdm.jsonl")
    (known,) = [row for row in rows if row["wsMethod"] == "v2/account.position"]
    ours = busy.call("position_risk", version=3)
    check(ours, known["response"]["result"], "positionRisk v3")
    assert set(ours[0]) == set(known["response"]["result"][0])


def test_a_cancelled_algo_is_as_the_socket_answers(busy, known_lines):
    rows = known_lines("wsapi/exchanges_usdm.jsonl")
    (known,) = [row for row in rows if row["wsMethod"] == "algoOrder.cancel"]
    ours = busy.call("cancel_algo", algoId=1_000_000_000_000_001)
    check(ours, known["response"]["result"], "algoOrder.cancel")


def test_settings_of_usdm(trader, bodies):
    calls = {
        "POST /fapi/v1/leverage": ("leverage", {"symbol": "BTCUSDT", "leverage": 21}),
        "POST /fapi/v1/marginType": (
            "margin_type",
            {"symbol": "BTCUSDT", "marginType": "ISOLATED"},
        ),
        "POST /fapi/v1/positionSide/dual": ("change_position_mode", {"dualSidePosition": "true"}),
    }
    for endpoint, (name, params) in calls.items():
        ours = trader.call(name, **params)
        for theirs in bodies("usdm", endpoint):
            check(ours, theirs, endpoint)
    trader.place("BUY", quantity="1", positionSide="LONG")
    moved = {"symbol": "BTCUSDT", "amount": "100", "type": 1, "positionSide": "LONG"}
    for theirs in bodies("usdm", "POST /fapi/v1/positionMargin"):
        check(trader.call("position_margin", **moved), theirs, "positionMargin")


USDM_PUBLIC = {
    "depth": ("depth", {"symbol": "BTCUSDT"}),
    "trades": ("trades", {"symbol": "BTCUSDT"}),
    "historicalTrades": ("historical_trades", {"symbol": "BTCUSDT", "fromId": "1"}),
    "aggTrades": ("agg_trades", {"symbol": "BTCUSDT"}),
    "premiumIndex": ("premium_index", {"symbol": "BTCUSDT"}),
    "ticker/24hr": ("ticker_24hr", {"symbol": "BTCUSDT"}),
    "ticker/price": ("ticker_price", {"symbol": "BTCUSDT"}),
    "ticker/bookTicker": ("book_ticker", {"symbol": "BTCUSDT"}),
    "openInterest": ("open_interest", {"symbol": "BTCUSDT"}),
    "fundingInfo": ("funding_info", {}),
    "constituents": ("constituents", {"symbol": "BTCUSDT"}),
    "assetIndex": ("asset_index", {"symbol": "BTCUSD"}),
    "insuranceBalance": ("insurance_balance", {"symbol": "BTCUSDT"}),
    "tradingSchedule": ("trading_schedule", {}),
    "rpiDepth": ("rpi_depth", {"symbol": "BTCUSDT"}),
    "symbolAdlRisk": ("adl_risk", {"symbol": "BTCUSDT"}),
}


@pytest.mark.parametrize("kind", ["usdm", "coinm"])
@pytest.mark.parametrize("path", USDM_PUBLIC)
def test_public_data(busy, coin_busy, bodies, kind, path):
    client = busy if kind == "usdm" else coin_busy
    name, params = USDM_PUBLIC[path]
    if params.get("symbol") == "BTCUSDT":
        params = {**params, "symbol": client.symbol}
    ours = getattr(client.exchange, name)(params)
    for theirs in bodies(kind, f"GET /{kind[0] if kind != 'usdm' else 'f'}api/v1/{path}"):
        whole = isinstance(theirs, list) and isinstance(ours, dict)
        check([ours] if whole else ours, theirs, path)


@pytest.mark.parametrize("kind", ["usdm", "coinm"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("klines", "klines"),
        ("continuousKlines", "continuous_klines"),
        ("indexPriceKlines", "index_price_klines"),
        ("markPriceKlines", "mark_price_klines"),
    ],
)
def test_klines_have_the_kinds_of_binances_rows(busy, coin_busy, bodies, kind, path, name):
    client = busy if kind == "usdm" else coin_busy
    pair = client.exchange.pair(client.symbol)
    params = {"symbol": client.symbol, "pair": pair, "contractType": "PERPETUAL", "interval": "1m"}
    (row, *_) = getattr(client.exchange, name)(params)
    known = bodies(kind, f"GET /{'f' if kind == 'usdm' else 'd'}api/v1/{path}")
    assert known
    for theirs in (rows[0] for rows in known if len(rows[0]) > 1):
        assert [kind_of(v) for v in row] == [kind_of(v) for v in theirs]


def test_exchange_info_of_usdm(trader, known_gzip):
    theirs = known_gzip("rest/exchange_info/usdm_2026-03-31.json.gz")
    ours = trader.exchange.exchange_info({})
    symbol = next(s for s in theirs["symbols"] if s["symbol"] == "BTCUSDT")
    filters = {f["filterType"]: f for f in symbol.pop("filters")}
    check(ours["symbols"][0], symbol, "symbols[0]")
    check(ours, theirs, "exchangeInfo", without=LIMITS | {"symbols"})
    for mine in ours["symbols"][0]["filters"]:
        if mine["filterType"] in filters:
            wanted = {k: v for k, v in filters[mine["filterType"]].items() if v is not None}
            check(mine, wanted, mine["filterType"])


def test_exchange_info_of_coinm(coin_trader, bodies):
    (theirs, *_) = bodies("coinm", "GET /dapi/v1/exchangeInfo")
    check(coin_trader.exchange.exchange_info({}), theirs, "exchangeInfo", without=LIMITS)


OPEN = {"symbol": "BTCUSD_PERP", "origClientOrderId": "open"}
COINM_READS = {
    "GET /dapi/v1/order": ("query_order", OPEN),
    "GET /dapi/v1/openOrder": ("open_order", OPEN),
    "GET /dapi/v1/openOrders": ("open_orders", {}),
    "GET /dapi/v1/allOrders": ("all_orders", {"symbol": "BTCUSD_PERP"}),
    "GET /dapi/v1/userTrades": ("user_trades", {"symbol": "BTCUSD_PERP"}),
    "GET /dapi/v1/income": ("income", {}),
    "GET /dapi/v1/account": ("account", {"version": 1}),
    "GET /dapi/v1/balance": ("balance", {"version": 1}),
    "GET /dapi/v1/positionRisk": ("position_risk", {"version": 1}),
    "GET /dapi/v1/commissionRate": ("commission_rate", {"symbol": "BTCUSD_PERP"}),
    "POST /dapi/v1/leverage": ("leverage", {"symbol": "BTCUSD_PERP", "leverage": 10}),
    "POST /dapi/v1/countdownCancelAll": (
        "countdown_cancel_all",
        {"symbol": "BTCUSD_PERP", "countdownTime": 100_000},
    ),
}


@pytest.mark.parametrize("endpoint", COINM_READS)
def test_own_data_of_coinm(coin_busy, bodies, endpoint):
    name, params = COINM_READS[endpoint]
    known = bodies("coinm", endpoint)
    assert known
    for theirs in known:
        # USDⓈ-M turnover in an answer of COIN-M is an error of its documentation.
        check(coin_busy.call(name, **params), theirs, endpoint, without=GONE | {"cumQuote"})


@pytest.fixture
def sent(known_lines):
    """A function: the events of a type that Binance sent."""

    def of(kind, event):
        rows = known_lines(f"ws/messages_{kind}.jsonl")
        messages = [row["msg"] for row in rows if row["event"] == event]
        return [m.get("data", m) for m in messages]

    return of


# Of other order types, or of later and earlier versions of the event.
RARE = GONE | {"AP", "cr", "si", "ss", "i", "gtd", "er", "pm", "V", "rm", "W"}


@pytest.mark.parametrize(
    "event", ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ALGO_UPDATE"]
)
def test_user_events_of_usdm(busy, sent, event):
    ours = {e["e"]: e for e in busy.events()}
    known = sent("usdm", event)
    assert known
    for theirs in known:
        # The outer ``i`` is the alias of an account in old recordings.
        check(ours[event], theirs, event, without=RARE if event != "TRADE_LITE" else frozenset())


def test_user_events_of_coinm(coin_busy, sent):
    ours = {e["e"]: e for e in coin_busy.events()}
    for event in ("ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"):
        for theirs in sent("coinm", event):
            check(ours[event], theirs, event, without=RARE)


@pytest.fixture
def known_gzip():
    """A function that reads a compressed file of known answers, or skips."""
    import gzip
    from pathlib import Path

    def read(name):
        path = Path(__file__).parents[4] / "shared/data" / name
        if not path.exists():
            pytest.skip(f"{path} is not there")
        found = json.loads(gzip.decompress(path.read_bytes()))
        return found.get("body", found)

    return read
