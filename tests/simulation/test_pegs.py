"""Pegged orders take the price of a level of the book when they reach it."""

import pytest


@pytest.mark.parametrize(
    ("side", "peg", "offset", "price"),
    [
        ("BUY", "PRIMARY_PEG", 0, "60000.00000000"),
        ("BUY", "PRIMARY_PEG", 1, "59999.00000000"),
        ("SELL", "PRIMARY_PEG", 2, "60010.00000000"),
        ("BUY", "MARKET_PEG", 0, "60001.00000000"),
        ("SELL", "MARKET_PEG", 1, "59999.00000000"),
    ],
)
def test_the_level_is_counted_from_the_best_price(alice, side, peg, offset, price):
    more = {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": offset} if offset else {}
    body = alice.place(side, quantity="0.1", pegPriceType=peg, **more)
    assert (body["price"], body["peggedPrice"]) == ("0.00000000", price)
    assert body["pegPriceType"] == peg
    new = alice.events()[0]
    assert (new["gP"], new["gp"]) == (peg, price)
    assert ("gOV" in new) is bool(offset)


def test_a_pegged_order_rests_where_it_was_pegged(alice):
    body = alice.place(quantity="0.1", pegPriceType="PRIMARY_PEG")
    assert alice.funds("USDT")[1] == 6000
    alice.place(quantity="0.1", price="60000.50")
    assert alice.query(orderId=body["orderId"])["peggedPrice"] == "60000.00000000"
    assert alice.exchange.depth({"symbol": "BTCUSDT"})["bids"][1] == [
        "60000.00000000",
        "1.10000000",
    ]


def test_the_documented_answer_has_the_same_keys(alice, shared_json):
    theirs = next(
        r["body"]
        for r in shared_json("rest/responses_spot.jsonl")
        if isinstance(r["body"], dict) and r["body"].get("pegPriceType")
    )
    mine = alice.place(quantity="0.1", pegPriceType="PRIMARY_PEG")
    assert set(mine) == set(theirs)
