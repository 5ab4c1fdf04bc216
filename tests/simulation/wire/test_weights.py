"""What requests weigh, as documented."""

import pytest

from bot.simulation.wire.routes import BY_ROUTE

MANY = ",".join(f'"S{i}"' for i in range(21))
LOTS = ",".join(f'"S{i}"' for i in range(101))


@pytest.mark.parametrize(
    ("route", "params", "weight"),
    [
        ("GET depth", {}, 5),
        ("GET depth", {"limit": "100"}, 5),
        ("GET depth", {"limit": "101"}, 25),
        ("GET depth", {"limit": "1000"}, 50),
        ("GET depth", {"limit": "5000"}, 250),
        ("GET depth", {"limit": "99999999999999999999"}, 5),
        ("GET depth", {"limit": "-1"}, 5),
        ("GET ticker/24hr", {"symbol": "A"}, 2),
        ("GET ticker/24hr", {}, 80),
        ("GET ticker/24hr", {"symbols": '["A","B"]'}, 2),
        ("GET ticker/24hr", {"symbols": f"[{MANY}]"}, 40),
        ("GET ticker/24hr", {"symbols": f"[{LOTS}]"}, 80),
        ("GET ticker", {"symbol": "A"}, 4),
        ("GET ticker", {"symbols": '["A","B","C"]'}, 12),
        ("GET ticker/tradingDay", {"symbols": f"[{LOTS}]"}, 200),
        ("GET ticker/price", {"symbol": "A"}, 2),
        ("GET ticker/bookTicker", {}, 4),
        ("GET executionRules", {"symbol": "A"}, 2),
        ("GET executionRules", {"symbols": f"[{MANY}]"}, 40),
        ("GET executionRules", {}, 40),
        ("GET openOrders", {"symbol": "A"}, 6),
        ("GET openOrders", {}, 80),
        ("GET myTrades", {}, 20),
        ("GET myTrades", {"orderId": "1"}, 5),
        ("GET myPreventedMatches", {"preventedMatchId": "1"}, 2),
        ("GET myPreventedMatches", {"orderId": "1"}, 20),
        ("POST order/test", {}, 1),
        ("POST order/test", {"computeCommissionRates": "true"}, 20),
        ("POST sor/order/test", {"computeCommissionRates": "false"}, 1),
        ("GET historicalBlockTrades", {}, 25),
        ("GET order", {}, 4),
        ("GET orderList", {}, 4),
        ("GET allOrderList", {}, 20),
        ("GET openOrderList", {}, 6),
        ("GET rateLimit/order", {}, 40),
        ("GET myFilters", {}, 40),
        ("GET order/amendments", {}, 4),
        ("GET account", {}, 20),
        ("PUT order/amend/keepPriority", {}, 4),
        ("POST orderList/otoco", {}, 1),
    ],
)
def test_a_request_weighs_what_the_documentation_says(route, params, weight):
    method, path = route.split()
    assert BY_ROUTE[method, f"/api/v3/{path}"].weight(params) == weight
