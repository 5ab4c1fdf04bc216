from decimal import Decimal

from bot.review.overview import overview
from bot.review.port import Where


def test_the_latest_run_is_what_one_sees_first(day_reader):
    page = overview(day_reader, Where())

    assert page.run.run_id == "run2"
    assert page.orders_by_status["FILLED"] == 2
    assert (page.orders, page.refused, page.fills) == (6, 1, 2)
    assert page.volume == {"USDT": 325}
    assert page.fees == {"USDT": Decimal("1.105")}
    assert page.incidents == {"order_unknown": 1, "user_blind": 1}
    assert [row.strategy for row in page.open_positions] == ["maker"]
    assert [row.client_order_id for row in page.open_orders] == ["bot-maker-run2-2"]
    assert [row.client_order_id for row in page.unresolved_orders] == ["bot-maker-run2-5"]


def test_what_nobody_can_explain_is_listed(day_reader):
    assert overview(day_reader, Where()).unexplained == [
        "order bot-maker-run2-5 is UNKNOWN",
        "order_unknown bot-maker-run2-5: the connection was closed (not healed)",
    ]


def test_a_run_without_an_end_was_killed(day_reader):
    page = overview(day_reader, Where(run_id="run1"))

    assert "runs that were killed, without an end: run1" in page.unexplained


def test_a_range_is_about_all_runs_in_it(day_reader, trading_day):
    page = overview(day_reader, Where(from_ns=trading_day.DAY_NS))

    assert page.run is None
    assert (page.orders, page.fills) == (7, 4)


def test_a_fill_that_is_missing_is_noticed(tmp_path, trading_day):
    from bot.cli.review_scope import opened

    def is_lost(row) -> bool:
        return type(row).__name__ == "FillSaved" and row.fill.trade_id == 502

    url = f"sqlite:///{tmp_path / 'lossy.db'}"
    trading_day.write(url, [row for row in trading_day.records() if not is_lost(row)])
    with opened(url) as reader:
        page = overview(reader, Where(from_ns=0))

    assert "order bot-sma-run1-1 says filled 2, its fills add up to 0.5" in page.unexplained
    assert any("is not what the fills add up to" in reason for reason in page.unexplained)


def test_an_unknown_run_and_an_empty_range_are_nothing(day_reader):
    assert overview(day_reader, Where(run_id="nobody")) is None
    assert overview(day_reader, Where(to_ns=1)) is None
