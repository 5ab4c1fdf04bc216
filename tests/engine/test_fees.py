"""Commission in an asset that nobody trades here: a price is asked for, and counted later."""

from decimal import Decimal

import pytest

from bot.domain.commands import StreamKind, Subscribe, Subscription
from bot.domain.records import FeeValued, FillSaved
from bot.domain.values import Market, Side
from bot.engine.engine import Engine, EngineConfig
from bot.engine.recovery import restore

D = Decimal
BNB = Subscription(StreamKind.QUOTES, "BNBUSDT")


def paid_in_bnb(d, **changes):
    d.filled(d.opened(), commission=D("0.001"), commission_asset="BNB", **changes)


def of(d, kind):
    return [record for record in d.records if isinstance(record, kind)]


def watched(d):
    return [wish for command in d.sent(Subscribe) for wish in command.subscriptions]


def test_the_first_fee_in_bnb_has_its_price_watched_and_is_valued_when_it_comes(live_engine):
    d = live_engine
    assert BNB not in watched(d)
    paid_in_bnb(d)
    assert of(d, FillSaved)[-1].fee_quote is None
    assert watched(d).count(BNB) == 1
    position = d.engine.blotter.position("puppet", "BTCUSDT")
    d.wait(1)
    assert position.fees == 0
    d.quote(599, 601, symbol="BNBUSDT")
    d.wait(1)
    (valued,) = of(d, FeeValued)
    assert (valued.symbol, valued.trade_id, valued.side) == ("BTCUSDT", 1, Side.BUY)
    assert valued.fee_quote == D("0.6000")
    assert position.fees == D("0.6")
    d.wait(1)
    assert len(of(d, FeeValued)) == 1


def test_the_next_one_is_valued_at_the_time(live_engine):
    d = live_engine
    paid_in_bnb(d)
    d.quote(599, 601, symbol="BNBUSDT")
    d.wait(1)
    d.filled(d.opened(), commission=D("0.002"), commission_asset="BNB", venue_order_id=8)
    assert of(d, FillSaved)[-1].fee_quote == D("1.2")
    assert watched(d).count(BNB) == 1


def test_a_fee_of_before_a_restart_is_still_valued(live_engine, engine_driver):
    d = live_engine
    paid_in_bnb(d)
    row = of(d, FillSaved)[-1]
    again = engine_driver(run_id="run2")
    restore(
        again.engine,
        now_ns=d.now_ns,
        orders=[],
        fills=[(row.fill, "puppet", None)],
        engine_state={},
        open_incidents=[],
    )
    again.take()
    assert BNB in watched(again)
    again.quote(599, 601, symbol="BNBUSDT")
    again.wait(1)
    assert of(again, FeeValued)[0].fee_quote == D("0.6")


def test_a_contract_asks_the_spot_market_for_the_price(btcusdt, live_engine):
    engine = Engine(EngineConfig(run_id="r", market=Market.USDM), {"BTCUSDT": btcusdt})
    fill = live_engine.make_fill("c", commission=D(1), commission_asset="BNB")
    assert engine.fees.value(fill) is None
    engine.fees.await_price("s", fill)
    (command,) = engine.take().commands
    assert command.subscriptions == (Subscription(StreamKind.QUOTES, "spot:BNBUSDT"),)


@pytest.mark.parametrize(
    ("asset", "worth"), [("USDT", "0.5"), ("BTC", "50"), ("ETH", "50"), ("", "0")]
)
def test_what_is_known_at_the_time_is_valued_at_the_time(live_engine, asset, worth):
    d = live_engine
    commission = D("0.5") if asset else D(0)
    fill = d.make_fill("c", commission=commission, commission_asset=asset)
    assert d.engine.fees.value(fill) == D(worth)
