from decimal import Decimal

from bot.review.story import find_story


def test_the_story_of_an_order_step_by_step(day_reader):
    story = find_story(day_reader, "bot-sma-run1-1")

    steps = [(m.event, m.source, m.status_after, m.after_span_ns // 10**6) for m in story.timeline]
    assert steps == [
        ("OrderIntended", "strategy", "INTENT", 0),
        ("OrderSubmitted", "sender", "SUBMITTED", 2),
        ("OrderAccepted", "response", "OPEN", 48),
        ("OrderFilled", "stream", "PARTIALLY_FILLED", 10),
        ("OrderFilled", "stream", "FILLED", 10),
    ]
    assert story.timeline[0].details == "BUY 2 BTCUSDT LIMIT at 111.50 GTC, mid 100.5"
    assert story.timeline[0].cause == "QuoteTick"
    assert story.timeline[4].details == "1.5 at 100, fee 0.75 USDT, taker, trade 502"
    assert [fill.trade_id for fill in story.fills] == [501, 502]


def test_slippage_is_what_was_paid_over_the_mid_price_of_the_decision(day_reader):
    bought = find_story(day_reader, "bot-sma-run1-1").slippage
    sold = find_story(day_reader, "bot-sma-run2-1").slippage

    assert (bought.cost_quote, bought.basis_points) == (-1, -49.7512)
    assert (sold.cost_quote, sold.reference_price) == (-19, Decimal("100.5"))


def test_an_order_without_fills_has_no_slippage(day_reader):
    assert find_story(day_reader, "bot-maker-run2-2").slippage is None


def test_what_did_not_go_well_is_told(day_reader):
    refused = find_story(day_reader, "bot-maker-run2-4")
    lost = find_story(day_reader, "bot-maker-run2-5")

    assert refused.timeline[-1].details == "max_position: 5 is above 4"
    assert refused.timeline[-1].source == "risk"
    assert lost.timeline[-1].details == "time-out"
    assert [incident.kind for incident in lost.incidents] == ["order_unknown"]


def test_the_exchange_s_id_finds_an_order_too(day_reader):
    assert find_story(day_reader, "7005").order.client_order_id == "bot-maker-run2-3"
    assert find_story(day_reader, "1") is None
    assert find_story(day_reader, "nobody") is None
