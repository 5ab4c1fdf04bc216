"""Profit and loss of contracts, from a database that says what a symbol is."""

from decimal import Decimal

import msgspec
import pytest

from bot.cli.review_scope import opened
from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.records import FillSaved, FundingSaved, InstrumentSaved, RunStarted
from bot.domain.terms import PositionSide
from bot.domain.values import Market, Side
from bot.review.pnl import daily_pnl, holdings, pnl
from bot.review.port import Where

D = Decimal
DAY_NS = 86_400 * 10**9
MORNING_NS = 20_000 * DAY_NS + 8 * 3600 * 10**9
PERPETUAL = Instrument(
    symbol="BTCUSD_PERP",
    base="BTC",
    quote="USD",
    settle="BTC",
    market=Market.COINM,
    inverse=True,
    contract_size=D(100),
    tick_size=D("0.1"),
    step_size=D(1),
)
ODD = Instrument(symbol="QQQ", base="QQ", quote="Q", tick_size=D("0.1"), step_size=D("0.01"))


def filled(number, side, quantity, price, *, symbol="BTCUSD_PERP", **changes):
    fields = {
        "symbol": symbol,
        "trade_id": number,
        "client_order_id": f"c{number}",
        "venue_order_id": number,
        "side": Side(side),
        "price": D(price),
        "quantity": D(quantity),
        "commission": D("0.0001"),
        "commission_asset": "BTC",
        "maker": False,
        "ts_ns": MORNING_NS + number,
        "recv_ns": MORNING_NS + number,
    }
    fill = Fill(**fields | changes)
    return FillSaved(
        fill=fill,
        strategy_id="s",
        run_id="r",
        fee_quote=fill.commission,
        realised_quote=D(0),
        position_after=D(0),
    )


def funded(amount, at_ns=MORNING_NS, strategy_id="s"):
    payment = FundingPaid(
        symbol="BTCUSD_PERP",
        asset="BTC",
        amount=D(amount),
        ts_ns=at_ns,
        recv_ns=at_ns,
        transaction_id=at_ns,
    )
    return FundingSaved(
        payment=payment,
        strategy_id=strategy_id,
        run_id="r",
        position_side=PositionSide.BOTH,
        amount=D(amount),
    )


@pytest.fixture
def read(trading_day, tmp_path):
    """A reader of a database with these records."""
    url = f"sqlite:///{tmp_path / 'books.db'}"
    run = RunStarted(
        run_id="r",
        environment="sim",
        venue="sim",
        market="coinm",
        code_version="1",
        settings_digest="",
        strategies={},
        symbols=(),
        started_ns=1,
    )
    rules = [InstrumentSaved(instrument=one, seen_ns=1) for one in (PERPETUAL, ODD)]
    readers = []

    def make(*records):
        trading_day.write(url, [run, *rules, *records])
        scope = opened(url)
        readers.append(scope)
        return scope.__enter__()

    yield make
    for scope in readers:
        scope.__exit__(None, None, None)


def test_an_inverse_contract_is_counted_in_its_settlement_asset(read):
    reader = read(
        filled(1, "BUY", 100, 50_000),
        filled(2, "BUY", 100, 40_000),
        filled(3, "SELL", 100, 50_000),
        funded("-0.002"),
        funded("0.0005", MORNING_NS + DAY_NS),
    )
    (row,) = pnl(reader, Where())
    assert (row.asset, row.volume, row.position) == ("BTC", 30_000, 100)
    # The first lot was bought where it is sold; on average it cost 0.225.
    assert (row.realised, row.realised_fifo) == (D("0.025"), 0)
    assert (row.unrealised, row.unrealised_fifo) == (D("0.025"), D("0.05"))
    assert (row.fees, row.funding) == (D("0.0003"), D("-0.0015"))
    assert row.net == D("0.025") * 2 - D("0.0003") - D("0.0015")
    days = daily_pnl(reader, Where())
    assert [(day.fills, day.funding) for day in days] == [(3, D("-0.002")), (0, D("0.0005"))]
    assert days[0].net == D("0.025") - D("0.0003") - D("0.002")


def test_payments_before_the_range_are_not_of_it(read):
    reader = read(
        filled(1, "BUY", 100, 50_000), funded("-0.002"), funded("0.0005", MORNING_NS + DAY_NS)
    )
    (row,) = pnl(reader, Where(from_ns=MORNING_NS + DAY_NS))
    assert (row.fills, row.funding) == (0, D("0.0005"))


def test_what_was_paid_for_somebody_else_is_external(read):
    (row,) = pnl(read(funded("-0.002", strategy_id="external")), Where())
    assert (row.strategy, row.net, row.price) == ("external", D("-0.002"), None)


def test_the_two_positions_of_hedge_mode_are_two_rows(read):
    long, short = PositionSide.LONG, PositionSide.SHORT
    reader = read(
        filled(1, "BUY", 100, 50_000, position_side=long),
        filled(2, "SELL", 100, 50_000, position_side=short),
    )
    rows = pnl(reader, Where())
    assert [(row.symbol, row.position) for row in rows] == [
        ("BTCUSD_PERP/LONG", 100),
        ("BTCUSD_PERP/SHORT", -100),
    ]


def test_a_symbol_whose_name_tells_nothing_is_known_by_its_rules_and_leaves_dust(read):
    reader = read(
        filled(1, "BUY", 1, 10, symbol="QQQ", commission=D("0.001"), commission_asset="QQ")
    )
    (held,) = holdings(reader, Where())
    assert (held.asset, held.position.quantity, held.dust) == ("Q", D("0.999"), D("0.009"))
    (row,) = pnl(reader, Where())
    assert row.dust == D("0.009")
    assert msgspec.to_builtins(row)["symbol"] == "QQQ"
