"""What the account holds, as rows of what changed."""

from decimal import Decimal

import pytest

from bot.domain.events import Balance, BalancesReported, SnapshotDue
from bot.domain.market import QuoteTick
from bot.domain.records import BalanceSaved, EquitySaved
from bot.domain.values import Side


@pytest.fixture
def report(live_engine):
    def feed(*balances, complete=False, source="stream"):
        now_ns = live_engine.tick()
        effects = live_engine.feed(
            BalancesReported(
                balances=tuple(
                    Balance(asset, Decimal(free), Decimal(0)) for asset, free in balances
                ),
                complete=complete,
                ts_ns=now_ns,
                recv_ns=now_ns,
                source=source,
            )
        )
        return [r.balance for r in effects.records if isinstance(r, BalanceSaved)]

    return feed


def test_only_what_changed_is_written_down(report, live_engine):
    assert len(report(("USDT", "1000"), ("BTC", "1"))) == 2
    assert report(("USDT", "1000"), ("BTC", "2")) == [Balance("BTC", Decimal(2), Decimal(0))]
    assert live_engine.engine.balances["USDT"].free == 1000


def test_a_partial_report_says_nothing_of_other_assets(report, live_engine):
    report(("USDT", "1000"), ("BTC", "1"))
    assert report(("BTC", "1")) == []
    assert live_engine.engine.balances["USDT"].free == 1000


def test_in_a_complete_report_what_is_absent_is_zero(report, live_engine):
    report(("USDT", "1000"), ("BTC", "1"))
    gone = report(("USDT", "1000"), complete=True)
    assert gone == [Balance("BTC", Decimal(0), Decimal(0))]
    assert report(("USDT", "1000"), complete=True) == []


def test_a_snapshot_has_a_row_for_each_strategy_and_symbol(live_engine):
    d = live_engine
    cid = d.opened(quantity=2)
    d.filled(cid, quantity=Decimal(2), price=Decimal(90), commission=Decimal("0.5"))
    sold = d.sell(1, 100)
    d.filled(sold, side=Side.SELL, price=Decimal(95))
    effects = d.feed(SnapshotDue(recv_ns=d.tick()))
    (row,) = [r for r in effects.records if isinstance(r, EquitySaved)]
    assert row == EquitySaved(
        run_id="run1",
        strategy_id="puppet",
        symbol="BTCUSDT",
        position=Decimal(1),
        price=Decimal(100),
        realised=Decimal(5),
        unrealised=Decimal(10),
        fees=Decimal("0.5"),
        ts_ns=d.now_ns,
    )


def test_without_a_price_nothing_is_made_of_what_is_held(engine_driver):
    d = engine_driver()
    d.user()
    d.swept()
    d.filled("venue-1", venue_order_id=1)
    effects = d.feed(SnapshotDue(recv_ns=d.tick()))
    (row,) = [r for r in effects.records if isinstance(r, EquitySaved)]
    assert (row.price, row.unrealised, row.position) == (None, 0, 1)
    assert QuoteTick not in d.engine.cache.quotes
