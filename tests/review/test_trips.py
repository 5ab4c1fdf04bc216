import random
from decimal import Decimal

import pytest

from bot.review.legs import holdings_of
from bot.review.pnl import daily_pnl, holdings
from bot.review.port import Where
from bot.review.trips import statistics_of, trips_of


def trips_from(rows) -> list:
    return [trip for holding in holdings_of(rows) for trip in trips_of(holding)]


def test_a_trip_goes_from_flat_to_flat(made_fills):
    rows = made_fills(("BUY", "1", "100", "1"), ("BUY", "1", "110", "1"), ("SELL", "2", "120", "2"))

    (trip,) = trips_from(rows)

    assert (trip.direction, trip.status, trip.fills, trip.peak_quantity) == ("LONG", "CLOSED", 3, 2)
    assert (trip.realised, trip.fees, trip.net) == (30, 4, 26)
    assert (trip.opened_ns, trip.closed_ns) == (10**9, 3 * 10**9)


def test_crossing_zero_ends_one_trip_and_begins_the_next(made_fills):
    rows = made_fills(("BUY", "1", "100", "1"), ("SELL", "3", "120", "1"))

    first, second = trips_from(rows)

    assert (first.direction, first.status, first.net) == ("LONG", "CLOSED", 18)
    assert (second.direction, second.status, second.peak_quantity) == ("SHORT", "OPEN", 2)
    assert (second.realised, second.fees) == (0, 0)


def test_dust_that_a_fee_left_ends_a_trip(made_fills):
    rows = made_fills(("BUY", "1", "100", "0"), ("SELL", "0.999", "120", "0"))

    assert [trip.status for trip in trips_from(rows)] == ["CLOSED"]


def test_a_partial_sale_does_not_end_a_trip(made_fills):
    rows = made_fills(("BUY", "1", "100", "0"), ("SELL", "0.9", "120", "0"))

    assert [trip.status for trip in trips_from(rows)] == ["OPEN"]


def test_statistics_are_of_closed_trips(made_fills):
    rows = made_fills(
        *(("BUY", "1", "100", "0"), ("SELL", "1", "130", "0")),
        *(("BUY", "1", "100", "0"), ("SELL", "1", "90", "0")),
        *(("BUY", "1", "100", "0"), ("SELL", "1", "100", "0")),
        *(("BUY", "1", "100", "0"), ("SELL", "1", "150", "0")),
        ("BUY", "1", "100", "0"),
    )

    found = statistics_of(trips_from(rows))

    assert (found.trips, found.wins, found.losses) == (4, 2, 1)
    assert (found.win_rate, found.profit_factor) == (0.5, 8.0)
    assert (found.average_win, found.average_loss) == (40, -10)
    assert (found.best, found.worst) == (50, -10)


def test_statistics_of_nothing_are_undefined():
    found = statistics_of([])

    assert (found.trips, found.win_rate, found.profit_factor, found.best) == (0, None, None, None)


def test_trips_are_those_of_the_view(day_reader, day_sql):
    found = [trip for h in holdings(day_reader, Where()) for trip in trips_of(h)]

    assert compared(found) == viewed(day_sql)


@pytest.mark.parametrize("seed", range(3))
def test_trips_and_days_of_random_fills_are_those_of_the_views(tmp_path, trading_day, seed):
    """Two implementations of one definition: this fold, and SQL on the stored rows."""
    import sqlite3

    from bot.cli.review_scope import opened

    path = tmp_path / "random.db"
    trading_day.write(f"sqlite:///{path}", random_records(trading_day, random.Random(seed)))
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    with opened(f"sqlite:///{path}") as reader:
        found = [trip for h in holdings(reader, Where()) for trip in trips_of(h)]
        days = [
            (d.day, d.strategy, d.fills, d.volume, d.realised, d.fees, d.net)
            for d in daily_pnl(reader, Where())
        ]
    in_sql = connection.execute("select * from v_pnl_daily order by day, strategy_id").fetchall()

    assert len(found) > 5
    assert compared(found) == viewed(connection)
    assert len(days) == len(in_sql)
    for mine, row in zip(days, in_sql, strict=True):
        assert mine[:3] == (row["day"], row["strategy_id"], row["fills"])
        sums = [row[f"{name}_quote"] for name in ("volume", "realised", "fees", "net")]
        assert [float(x) for x in mine[3:]] == pytest.approx([float(x) for x in sums], abs=1e-9)
    connection.close()


def random_records(trading_day, dice: random.Random) -> list:
    book = trading_day.Book()
    book.run("run", trading_day.DAY_NS)
    for number in range(1, 81):
        at_ns = trading_day.DAY_NS + number * trading_day.HOUR
        side = dice.choice(list(trading_day.Side))
        order = book.order(number, dice.choice(["sma", "maker"]), "run", side, "9", at_ns)
        book.submit(order, at_ns + 1)
        book.accept(order, number, at_ns + 2)
        for part in range(dice.randint(1, 3)):
            quantity = str(Decimal(dice.randint(1, 4)) / 2)
            fee, asset = dice.choice([("0.01", "USDT"), ("0.001", "BTC"), ("0.0001", "BNB")])
            price = str(dice.randint(90, 110))
            book.fill(order, quantity, price, fee, asset, at_ns + 10**7 * (part + 1))
    return book.records


def compared(trips) -> list[tuple]:
    return sorted(
        (
            *(t.strategy, t.trade, t.direction, t.status, t.fills, t.opened_ns, t.closed_ns),
            *(round(float(x), 6) for x in (t.peak_quantity, t.realised, t.fees, t.net)),
        )
        for t in trips
    )


def viewed(connection) -> list[tuple]:
    names = ("peak_quantity", "realised_quote", "fees_quote", "net_quote")
    return sorted(
        (
            *(r["strategy_id"], r["trade"], r["direction"], r["status"], r["fills"]),
            *(r["opened_ns"], r["closed_ns"]),
            *(round(float(r[name]), 6) for name in names),
        )
        for r in connection.execute("select * from v_trades")
    )
