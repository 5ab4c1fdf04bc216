from decimal import Decimal

from bot.domain.fill import Fill
from bot.domain.values import Side
from bot.exchange.unfilled import FirstFills


def fill(cid, trade_id=1):
    return Fill(
        symbol="BTCUSDT",
        trade_id=trade_id,
        client_order_id=cid,
        venue_order_id=1,
        side=Side.BUY,
        price=Decimal(1),
        quantity=Decimal(1),
        commission=Decimal(0),
        commission_asset="BNB",
        maker=True,
        ts_ns=1,
        recv_ns=1,
    )


def test_an_order_has_one_first_fill():
    first = FirstFills()
    assert [first.is_first(fill(cid)) for cid in ("a", "b", "a", "a")] == [True, True, False, False]


def test_it_remembers_a_bounded_number_of_orders():
    first = FirstFills(kept=2)
    for cid in ("a", "b", "c"):
        first.is_first(fill(cid))
    assert not first.is_first(fill("c"))
    assert first.is_first(fill("a"))
