from decimal import Decimal

import pytest
from aiohttp import web

from bot.domain.commands import OrderRef, Sweep
from bot.domain.events import (
    BalancesReported,
    OrderFilled,
    OrderNotFound,
    OrderReported,
    SweepCompleted,
    SweepFailed,
)
from bot.domain.values import OrderStatus
from bot.exchange.sweep import sweep


def _trade(trade_id, order_id=1):
    return {
        "symbol": "BTCUSDT", "id": trade_id, "orderId": order_id, "price": "50000", "qty": "0.1",
        "commission": "0.0001", "commissionAsset": "BTC", "time": 1000 + trade_id,
        "isBuyer": True, "isMaker": False,
    }  # fmt: skip


def _order(order_id, client_id, status="NEW", executed="0"):
    return {
        "symbol": "BTCUSDT", "orderId": order_id, "clientOrderId": client_id, "price": "50000",
        "origQty": "1", "executedQty": executed, "status": status, "timeInForce": "GTC",
        "type": "LIMIT", "side": "BUY", "time": 1, "updateTime": 2,
    }  # fmt: skip


class Account:
    """What the exchange holds, served as Binance serves it."""

    def __init__(self):
        self.trades = []
        self.orders = {}
        self.broken = set()

    def __call__(self, method, path, params):
        name = path.rpartition("/")[2]
        if name in self.broken:
            return web.json_response({"code": -1001, "msg": "oops"}, status=500)
        return getattr(self, name)(params)

    def myTrades(self, params):  # noqa: N802
        if "fromId" not in params:
            return self.trades[-int(params["limit"]) :]
        rows = [trade for trade in self.trades if trade["id"] >= int(params["fromId"])]
        return rows[: int(params["limit"])]

    def openOrders(self, params):  # noqa: N802
        return [o for o in self.orders.values() if o["status"] in {"NEW", "PARTIALLY_FILLED"}]

    def order(self, params):
        for order in self.orders.values():
            if str(order["orderId"]) == params.get("orderId"):
                return order
            if order["clientOrderId"] == params.get("origClientOrderId"):
                return order
        return web.json_response({"code": -2013, "msg": "Order does not exist."}, status=400)

    def account(self, params):
        assert params["omitZeroBalances"] == "true"
        return {"balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}], "updateTime": 9}


@pytest.fixture
def account(http_peer):
    http_peer.answer = Account()
    return http_peer.answer


@pytest.fixture
def swept(http_session, wall):
    async def run(*orders, since=None):
        command = Sweep(
            generation=7,
            cause="test",
            symbols=("BTCUSDT",),
            orders=orders,
            since={"BTCUSDT": -1} if since is None else since,
        )
        return await sweep(http_session, wall, command)

    return run


async def test_the_answers_come_in_the_promised_order(account, swept):
    account.orders = {
        1: _order(1, "filled", "FILLED", "1"),
        2: _order(2, "open"),
        3: _order(3, "external"),
    }
    account.trades = [_trade(10), _trade(11)]
    events = await swept(OrderRef("filled", "BTCUSDT", 1), OrderRef("open", "BTCUSDT", 2))
    assert [type(event) for event in events] == [
        OrderFilled, OrderFilled, OrderReported, OrderReported, OrderReported, BalancesReported,
        SweepCompleted,
    ]  # fmt: skip
    assert [e.client_order_id for e in events[2:5]] == ["open", "external", "filled"]
    assert events[4].status is OrderStatus.FILLED
    assert events[5].complete is True
    assert events[5].balances[0].free == Decimal("1.5")
    assert events[6].generation == 7
    assert events[6].last_trade_ids == {"BTCUSDT": 11}


async def test_fills_after_the_known_one_are_told_and_no_others(account, swept):
    account.orders = {1: _order(1, "ours")}
    account.trades = [_trade(n) for n in range(5, 9)]
    events = await swept(OrderRef("ours", "BTCUSDT", 1), since={"BTCUSDT": 6})
    assert [e.fill.trade_id for e in events if isinstance(e, OrderFilled)] == [7, 8]
    assert {e.fill.client_order_id for e in events if isinstance(e, OrderFilled)} == {"ours"}
    assert events[-1].last_trade_ids == {"BTCUSDT": 8}


async def test_pages_are_read_until_a_short_one(account, swept, http_peer):
    account.orders = {1: _order(1, "ours")}
    account.trades = [_trade(n) for n in range(2500)]
    events = await swept(OrderRef("ours", "BTCUSDT", 1))
    fills = [event.fill.trade_id for event in events if isinstance(event, OrderFilled)]
    assert fills == list(range(2500))
    pages = [params for _, path, params in http_peer.requests if path.endswith("myTrades")]
    assert [params["fromId"] for params in pages] == ["0", "999", "1998"]


async def test_a_match_of_two_own_orders_is_two_fills_even_across_pages(account, swept):
    account.orders = {1: _order(1, "ours")}
    account.trades = [_trade(n) for n in range(1000)] + [_trade(999) | {"isBuyer": False}]
    events = await swept(OrderRef("ours", "BTCUSDT", 1))
    fills = [event.fill for event in events if isinstance(event, OrderFilled)]
    assert len(fills) == 1001
    assert [(fill.trade_id, fill.side.value) for fill in fills[-2:]] == [
        (999, "BUY"),
        (999, "SELL"),
    ]


async def test_without_a_known_trade_history_starts_now(account, swept):
    account.trades = [_trade(n) for n in range(5)]
    events = await swept(since={})
    assert not any(isinstance(event, OrderFilled) for event in events)
    assert events[-1].last_trade_ids == {"BTCUSDT": 4}


async def test_an_account_without_trades_has_minus_one(account, swept):
    for since in ({}, {"BTCUSDT": -1}):
        assert (await swept(since=since))[-1].last_trade_ids == {"BTCUSDT": -1}


async def test_a_fill_of_an_order_that_we_do_not_know_gets_its_id_and_details(
    account, swept, http_peer
):
    account.orders = {9: _order(9, "web_by_hand", "FILLED", "0.2")}
    account.trades = [_trade(1, 9), _trade(2, 9)]
    events = await swept()
    assert [e.client_order_id for e in events[:2]] == ["web_by_hand", "web_by_hand"]
    assert events[0].details.quantity == Decimal(1)
    asked = [path for _, path, _ in http_peer.requests if path.endswith("/order")]
    assert len(asked) == 1


async def test_a_fill_of_an_order_that_nobody_knows_is_still_told(account, swept):
    account.trades = [_trade(1, 77)]
    events = await swept()
    assert events[0].client_order_id == "venue-77"
    assert isinstance(events[-1], SweepCompleted)


async def test_an_order_that_is_not_there_is_told(account, swept):
    events = await swept(OrderRef("lost", "BTCUSDT", None))
    assert isinstance(events[0], OrderNotFound)
    assert events[0].client_order_id == "lost"
    assert isinstance(events[-1], SweepCompleted)


@pytest.mark.parametrize("broken", ["myTrades", "openOrders", "order", "account"])
async def test_a_failing_request_fails_the_sweep_and_keeps_the_facts(account, swept, broken):
    account.orders = {1: _order(1, "ours", "FILLED", "1")}
    account.trades = [_trade(1)]
    account.broken = {broken}
    events = await swept(OrderRef("ours", "BTCUSDT", 1))
    assert isinstance(events[-1], SweepFailed)
    assert events[-1].generation == 7
    assert "oops" in events[-1].reason
    assert not any(isinstance(event, SweepCompleted) for event in events)
    assert any(isinstance(event, OrderFilled) for event in events) == (broken != "myTrades")


async def test_an_answer_that_cannot_be_read_fails_the_sweep(account, swept):
    account.orders = {1: _order(1, "ours", "GLOWING")}
    events = await swept(OrderRef("ours", "BTCUSDT", 1))
    assert isinstance(events[-1], SweepFailed)
