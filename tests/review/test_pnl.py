from decimal import Decimal

from bot.review.pnl import daily_pnl, pnl
from bot.review.port import Where


def test_profit_and_loss_of_a_day_with_known_answers(day_reader):
    maker, sma = pnl(day_reader, Where())

    assert (sma.fills, sma.volume, sma.realised, sma.fees, sma.net) == (3, 420, 20, 2, 18)
    assert (sma.position, sma.unrealised, sma.asset) == (0, 0, "USDT")
    assert (maker.position, maker.fees) == (Decimal("0.999"), Decimal("0.105"))
    assert (maker.price, maker.unrealised) == (107, Decimal("1.998"))
    # 0.999 x 107 is held for 105: 1.893 more than before.
    assert maker.net == Decimal("0.999") * 107 - 105 == Decimal("1.893")


def test_a_range_counts_its_fills_on_the_position_of_all_before(day_reader, trading_day):
    begin = trading_day.DAY_NS + 24 * trading_day.HOUR

    _, sma = pnl(day_reader, Where(from_ns=begin))

    assert (sma.fills, sma.realised, sma.fees) == (1, 20, 1)
    assert sma.statistics.trips == 1


def test_the_end_of_a_range_hides_what_came_after(day_reader, trading_day):
    end = trading_day.DAY_NS + 24 * trading_day.HOUR

    (sma,) = pnl(day_reader, Where(to_ns=end))

    assert (sma.position, sma.realised, sma.price, sma.unrealised) == (2, 0, 100, 0)


def test_of_one_run_only_its_fills_are_counted(day_reader):
    (sma,) = (row for row in pnl(day_reader, Where(run_id="run1")) if row.fills)

    assert (sma.fills, sma.fees, sma.net) == (2, 1, -1)


def test_by_day_in_the_exchange_s_time(day_reader):
    rows = daily_pnl(day_reader, Where(strategy="sma"))

    assert [(row.day, row.fills, row.realised, row.net) for row in rows] == [
        ("2026-11-22", 2, 0, -1),
        ("2026-11-23", 1, 20, 19),
    ]


def test_nothing_gives_nothing(day_reader):
    assert pnl(day_reader, Where(symbol="ETHUSDT")) == []
    assert daily_pnl(day_reader, Where(strategy="nobody")) == []
