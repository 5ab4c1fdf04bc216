from bot.review.listing import FillLine, IncidentLine, OrderLine, runs
from bot.review.port import Where


def test_lines_hold_what_the_rows_hold(day_reader):
    order = OrderLine.of(day_reader.orders(Where(status="CANCELED"))[0])
    fill = FillLine.of(day_reader.fills(Where(limit=1))[0])
    blind, lost = map(IncidentLine.of, day_reader.incidents(Where()))

    assert (order.order_id, order.side, order.type, order.quantity) == (7005, "BUY", "LIMIT", 4)
    assert (fill.trade_id, fill.order_id, fill.commission_asset) == (504, 7003, "BTC")
    assert (blind.lasted_span_ns, blind.healed_by) == (250_000_000, "sweep")
    assert lost.lasted_span_ns is None


def test_runs_are_found_by_what_they_traded(day_reader):
    assert [run.run_id for run in runs(day_reader, Where(strategy="sma"))] == ["run1", "run2"]
    assert runs(day_reader, Where(symbol="ETHUSDT")) == []
