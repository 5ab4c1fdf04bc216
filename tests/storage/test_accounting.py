"""Instruments, funding, hedge sides and late fees: stored, recovered, verified, in views."""

from decimal import Decimal

import msgspec
import pytest
import sqlalchemy as sa

from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.records import EquitySaved, FeeValued, FillSaved, FundingSaved, InstrumentSaved
from bot.domain.terms import PositionSide
from bot.domain.values import Market, Side
from bot.storage.connection import normalise_url, writing_engine
from bot.storage.memory import MemoryStore
from bot.storage.open import open_store
from bot.storage.reader import TradeReader
from bot.storage.verify import verify

D = Decimal
HERE = "sim:spot"
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


def payment(amount="-0.002", number=77):
    return FundingPaid(
        symbol="BTCUSD_PERP",
        asset="BTC",
        amount=D(amount),
        ts_ns=1_700_000_000_000_000_000,
        recv_ns=1_700_000_001_000_000_000,
        transaction_id=number,
    )


def part(amount, strategy_id="sma", side=PositionSide.BOTH, of=None):
    return FundingSaved(
        payment=of or payment(),
        strategy_id=strategy_id,
        run_id="r1",
        position_side=side,
        amount=D(amount),
    )


def bought(ledger):
    """Records of an order with a fill whose fee has no value yet."""
    records = ledger.life("a", fills=[("1", "100")], fee="0.001", fee_asset="BNB")
    *others, row = records
    return [*others, msgspec.structs.replace(row, fee_quote=None)]


def late_fee():
    return FeeValued(
        symbol="BTCUSDT", trade_id=1, side=Side.BUY, fee_quote=D("0.6"), valued_ns=1_700_000_100
    )


async def test_everything_comes_back(any_url, ledger, fill_database):
    both = (part("-0.0015"), part("-0.0005", "other", PositionSide.LONG))
    seen = InstrumentSaved(instrument=PERPETUAL, seen_ns=5)
    records = [ledger.run(), seen, *bought(ledger), *both, late_fee()]
    await fill_database(any_url, *records)
    store = open_store(any_url)
    recovery = store.recover(HERE)
    await store.close()
    memory = MemoryStore()
    memory.append(records)

    assert recovery.instruments == {"BTCUSD_PERP": PERPETUAL}
    assert [(row.strategy_id, row.position_side, row.amount) for row in recovery.fundings] == [
        ("sma", PositionSide.BOTH, D("-0.0015")),
        ("other", PositionSide.LONG, D("-0.0005")),
    ]
    assert {row.payment for row in recovery.fundings} == {payment()}
    assert recovery.fills[0].fee_quote == D("0.6")
    assert memory.recover(HERE) == recovery


async def test_a_late_fee_is_marked(any_url, ledger, fill_database):
    await fill_database(any_url, ledger.run(), *bought(ledger), late_fee())
    with TradeReader(any_url) as reader:
        (row,) = reader.fills()
    assert (row.fee_quote, row.fee_valued_ns) == (D("0.6"), 1_700_000_100)


async def test_a_payment_that_is_written_twice_stands_once(any_url, ledger, fill_database):
    await fill_database(any_url, ledger.run(), part("-0.002"), part("-0.002"))
    with TradeReader(any_url) as reader:
        assert len(reader.fundings()) == 1


async def test_the_newest_rules_of_a_symbol_stand(any_url, ledger, fill_database):
    newer = msgspec.structs.replace(PERPETUAL, tick_size=D("0.5"))
    await fill_database(
        any_url,
        ledger.run(),
        InstrumentSaved(instrument=PERPETUAL, seen_ns=5),
        InstrumentSaved(instrument=newer, seen_ns=6),
    )
    with TradeReader(any_url) as reader:
        (row,) = reader.instruments()
        assert reader.instruments("elsewhere") == []
    assert (row.environment, row.instrument, row.seen_ns) == (HERE, newer, 6)


async def test_parts_that_are_not_the_payment_are_found(any_url, ledger, fill_database):
    await fill_database(any_url, ledger.run(), part("-0.0015"), part("-0.0004", "other"))
    found = verify(any_url)
    assert found.fundings == 1
    (difference,) = found.differences
    assert (difference.kind, difference.subject) == ("funding_sum", "BTCUSD_PERP 77")
    assert (D(difference.expected), D(difference.found)) == (D("-0.002"), D("-0.0019"))


def contract_fill(row, realised):
    """The fill of a row as one of the contract, with what it realised in BTC."""
    fill = msgspec.structs.replace(row.fill, commission=D("0.0001"), commission_asset="BTC")
    return msgspec.structs.replace(
        row, fill=fill, fee_quote=D("0.0001"), realised_quote=D(realised)
    )


async def test_contracts_are_folded_by_their_stored_rules(any_url, ledger, fill_database):
    lives = [
        *ledger.life("a", fills=[("100", "50000")], quantity="100", symbol="BTCUSD_PERP"),
        *ledger.life("b", Side.SELL, [("100", "62500")], quantity="100", symbol="BTCUSD_PERP"),
    ]
    realised = iter(["0", "0.04"])
    records = [
        contract_fill(one, next(realised)) if isinstance(one, FillSaved) else one for one in lives
    ]
    rules = InstrumentSaved(instrument=PERPETUAL, seen_ns=1)
    await fill_database(any_url, ledger.run(), rules, *records)
    assert verify(any_url).differences == ()


async def test_a_wrong_profit_is_found(any_url, ledger, fill_database):
    await fill_database(
        any_url,
        ledger.run(),
        *ledger.life("a", fills=[("1", "100")]),
        *ledger.life("b", Side.SELL, [("1", "110")]),
    )
    assert verify(any_url).differences == ()
    engine = writing_engine(normalise_url(any_url))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE fills SET realised_quote = '9' WHERE trade_id = 2"))
    engine.dispose()
    (difference,) = verify(any_url).differences
    assert (difference.kind, difference.expected, difference.found) == ("fill_realised", "10", "9")


@pytest.fixture
def rows(any_url):
    engine = writing_engine(normalise_url(any_url))

    def ask(query):
        with engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(sa.text(query))]

    yield ask
    engine.dispose()


async def test_the_views_show_funding_and_sides(any_url, ledger, fill_database, rows):
    snapshot = EquitySaved(
        run_id="r1",
        strategy_id="sma",
        symbol="BTCUSD_PERP",
        position=D(1),
        price=None,
        realised=D(0),
        unrealised=D(0),
        fees=D(0),
        ts_ns=9,
        funding=D("-0.002"),
    )
    await fill_database(any_url, ledger.run(), *bought(ledger), part("-0.002"), snapshot)
    (paid,) = rows("SELECT * FROM v_funding")
    assert (paid["strategy_id"], D(paid["amount"])) == ("sma", D("-0.002"))
    (fill,) = rows("SELECT * FROM v_fills")
    assert (fill["position_side"], fill["fee_valued_ns"]) == ("BOTH", None)
    days = {row["symbol"]: row for row in rows("SELECT * FROM v_pnl_daily")}
    perpetual, spot = days["BTCUSD_PERP"], days["BTCUSDT"]
    assert (perpetual["fills"], D(perpetual["funding_quote"])) == (0, D("-0.002"))
    assert D(perpetual["net_quote"]) == D("-0.002")
    assert (spot["fills"], spot["fees_unvalued"], D(spot["funding_quote"])) == (1, 1, 0)
    with TradeReader(any_url) as reader:
        assert reader.equity()[0].funding == D("-0.002")
