"""What is reserved of a budget is released once and exactly, however an order ends."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.amendments import AmendRejected, OrderAmended, OrderTriggered
from bot.domain.errors import StrategyError
from bot.domain.events import OrderCanceled, OrderExpired
from bot.domain.values import Market, OrderStatus, OrderType, Side
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.strategy.params import StrategyParams

LOOSE = RiskLimits(
    max_order_notional=Decimal(0),
    max_position_notional=Decimal(0),
    max_open_orders=0,
    max_daily_loss=Decimal(0),
    max_orders_per_second=0,
    price_collar=Decimal(0),
)


@pytest.fixture
def budgeted(engine_driver, puppet_type):
    def make(*names, budget="1000", instruments=None):
        specs = [
            StrategySpec(name, puppet_type, StrategyParams(), ("BTCUSDT",), budget=Decimal(budget))
            for name in names or ("puppet",)
        ]
        more = {} if instruments is None else {"instruments": instruments}
        return engine_driver(*specs, limits=LOOSE, **more).live()

    return make


@pytest.fixture
def contract(btcusdt):
    return msgspec.structs.replace(
        btcusdt, market=Market.USDM, settle="USDT", order_types=("LIMIT", "MARKET")
    )


def free(d, name="puppet"):
    return d.puppet(name).free_budget


def reason(d, cid):
    return d.engine.blotter.get(cid).reason


# --- what is reserved ------------------------------------------------------------------------


def test_without_a_budget_nothing_is_bound(live_engine):
    assert live_engine.puppet().budget is None
    assert live_engine.puppet().free_budget is None
    with pytest.raises(ValueError, match=r"has no budget .* --strategy puppet:budget=500"):
        live_engine.puppet().size_by_budget("BTCUSDT", 50)


def test_an_order_reserves_its_cost_and_one_beyond_what_is_free_is_refused(budgeted):
    d = budgeted()
    first = d.opened(quantity=6, price=100)
    assert (d.puppet().budget, free(d)) == (1000, 400)

    second = d.buy(quantity=5, price=100)

    assert d.status(second) is OrderStatus.REFUSED
    needed = "BUDGET: needs 500.00000000 USDT, 400.00000000 of 1000 are free"
    assert reason(d, second) == needed
    assert d.puppet().told("on_order")[-1].reason == needed
    assert [i.cause for i in d.incidents("order_refused")] == [needed]
    third = d.buy(quantity=4, price=100)
    assert d.status(third) is OrderStatus.INTENT
    assert free(d) == 0
    d.canceled(first)
    assert free(d) == 600


@pytest.mark.parametrize("end", ["rejected", "not_placed", "canceled"])
def test_every_end_releases_the_whole_once(budgeted, end):
    d = budgeted()
    cid = d.opened(quantity=6) if end == "canceled" else d.buy(quantity=6)
    assert free(d) == 400
    getattr(d, end)(cid)
    assert free(d) == 1000
    getattr(d, end)(cid)
    assert free(d) == 1000


def test_an_unknown_order_stays_reserved(budgeted):
    d = budgeted()
    cid = d.buy(quantity=6)
    d.submitted(cid)
    d.unknown(cid)
    assert free(d) == 400


def test_a_fill_at_a_better_price_gives_the_difference_back(budgeted):
    d = budgeted()
    cid = d.opened(quantity=6, price=100)
    d.filled(cid, quantity=Decimal(2), price=Decimal(90))
    assert free(d) == 1000 - 180 - 400
    d.canceled(cid, "2")
    assert free(d) == 820


def test_fills_that_are_still_to_come_after_the_end_stay_reserved(budgeted):
    d = budgeted()
    cid = d.opened(quantity=6, price=100)
    d.canceled(cid, "4")
    assert free(d) == 600
    d.filled(cid, quantity=Decimal(4))
    assert free(d) == 600


def test_what_closes_reserves_nothing_and_passes_when_nothing_is_free(budgeted):
    d = budgeted()
    d.filled(d.opened(quantity=10, price=100), quantity=Decimal(10), commission=Decimal(1))
    assert free(d) == -1
    sale = d.sell(quantity=10, price=110)
    assert d.status(sale) is OrderStatus.INTENT
    assert free(d) == -1
    d.accepted(sale)
    d.filled(sale, quantity=Decimal(10), price=Decimal(110), side=Side.SELL)
    assert free(d) == 1000 + 100 - 1


def test_what_is_sold_beyond_the_holding_costs_as_much_as_a_purchase(budgeted):
    d = budgeted()
    d.filled(d.opened(quantity=1), quantity=Decimal(1))
    d.sell(quantity=3, price=200)
    assert free(d) == 900 - 2 * 200


def test_a_market_order_by_its_cost_reserves_that(budgeted):
    d = amendable(budgeted())
    order = d.act(lambda s: s.buy_for("BTCUSDT", 700))
    assert free(d) == 300
    d.accepted(order)
    d.filled(order, quantity=Decimal("6.9"), price=Decimal(101))
    d.canceled(order, "6.9")
    assert free(d) == 1000 - Decimal("6.9") * 101


def test_a_part_of_the_budget_is_a_size(budgeted):
    d = budgeted()
    assert d.puppet().size_by_budget("BTCUSDT", 50, 100) == 5
    d.opened(quantity=6, price=100)
    assert d.puppet().size_by_budget("BTCUSDT", 100) == 4
    assert d.puppet().size_by_budget("BTCUSDT", "33.3", 100) == Decimal("1.332")


def test_a_budget_is_in_one_asset(engine_driver, puppet_type):
    eth_in_btc = msgspec.structs.replace(
        engine_driver().engine.cache.instruments["ETHUSDT"], symbol="ETHBTC", quote="BTC"
    )
    btc = engine_driver().engine.cache.instruments["BTCUSDT"]
    spec = StrategySpec(
        "two", puppet_type, StrategyParams(), ("BTCUSDT", "ETHBTC"), budget=Decimal(5)
    )
    with pytest.raises(StrategyError, match="counted in BTC and USDT: run it once for each"):
        engine_driver(spec, instruments=(btc, eth_in_btc))


# --- amendments, lists, stops ----------------------------------------------------------------


def amendable(d):
    known = d.engine.cache.instruments
    known["BTCUSDT"] = msgspec.structs.replace(
        known["BTCUSDT"],
        amend_allowed=True,
        order_types=tuple(kind.value for kind in OrderType),
    )
    return d


def test_more_is_reserved_from_the_moment_it_is_asked_for(budgeted):
    d = amendable(budgeted())
    cid = d.opened(quantity=4, price=100)
    d.act(lambda s: s.amend(cid, quantity=9))
    assert free(d) == 100
    refused = d.buy(quantity=2, price=100)
    assert reason(d, refused).startswith("BUDGET: needs 200")
    d.feed(AmendRejected(client_order_id=cid, code=-1, reason="no", recv_ns=d.tick()))
    assert free(d) == 600


def test_an_amendment_beyond_the_budget_is_refused(budgeted):
    d = amendable(budgeted())
    cid = d.opened(quantity=4, price=100)
    d.act(lambda s: s.amend(cid, quantity=11))
    assert free(d) == 600
    assert d.rows(cid)[-1].event.reason.startswith("BUDGET: needs 1100")


def test_what_the_venue_amended_upward_is_reserved_and_released_whole(budgeted):
    d = amendable(budgeted())
    cid = d.opened(quantity=4, price=100)
    d.filled(cid, quantity=Decimal(1))
    now_ns = d.tick()
    d.feed(
        OrderAmended(
            client_order_id=cid,
            venue_order_id=7,
            quantity=Decimal(7),
            price=None,
            ts_ns=now_ns,
            recv_ns=now_ns,
        )
    )
    assert free(d) == 1000 - 100 - 600
    d.canceled(cid, "1")
    assert free(d) == 900


@pytest.mark.parametrize("kind", [OrderCanceled, OrderExpired])
def test_a_stop_that_is_refused_when_it_is_set_off_releases_its_budget(budgeted, kind):
    d = amendable(budgeted())
    cid = d.act(lambda s: s.stop("BTCUSDT", Side.BUY, 3, 110))
    d.accepted(cid)
    assert free(d) == 1000 - 330
    now_ns = d.tick()
    d.feed(OrderTriggered(client_order_id=cid, venue_order_id=8, ts_ns=now_ns, recv_ns=now_ns))
    assert free(d) == 1000 - 330
    # What the matching engine does not take ends so, on spot and in the algo service.
    d.canceled(cid, "0", kind=kind, venue_order_id=8)
    assert d.status(cid).is_terminal
    assert free(d) == 1000


def test_a_pair_counts_once_with_the_dearer_of_the_two(budgeted):
    d = amendable(budgeted())
    pair = d.act(lambda s: s.oco("BTCUSDT", Side.BUY, 4, take_profit=90, stop=120))
    assert [d.status(cid) for cid in pair] == [OrderStatus.INTENT] * 2
    assert free(d) == 1000 - 4 * 120
    for number, cid in enumerate(pair, 11):
        d.accepted(cid, number)
    d.canceled(pair.stop_loss)
    assert free(d) == 1000 - 4 * 90
    d.canceled(pair.take_profit)
    assert free(d) == 1000


def test_the_orders_that_protect_an_entry_cost_nothing(budgeted):
    d = amendable(budgeted())
    ids = d.act(lambda s: s.bracket("BTCUSDT", Side.BUY, 9, 100, take_profit=110, stop=90))
    assert free(d) == 100
    d.accepted(ids.entry)
    d.filled(ids.entry, quantity=Decimal(9))
    assert d.status(ids.stop_loss) is OrderStatus.INTENT
    assert free(d) == 100


def test_an_order_that_may_only_reduce_reserves_nothing(budgeted, contract):
    d = budgeted(instruments=(contract,))
    d.filled(d.opened(quantity=5), quantity=Decimal(5))
    d.act(lambda s: s.sell("BTCUSDT", 5, 120, reduce_only=True))
    assert free(d) == 500
    # What is held is spoken for: another sale would open a short position.
    d.act(lambda s: s.sell("BTCUSDT", 2, 120))
    assert free(d) == 500 - 240
