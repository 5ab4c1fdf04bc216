"""One match of one of our orders."""

from decimal import Decimal

from bot.domain.fill import Fill
from bot.domain.values import Side


def test_the_notional_is_exact():
    fill = Fill(
        symbol="BTCUSDT",
        trade_id=1,
        client_order_id="c",
        venue_order_id=2,
        side=Side.SELL,
        price=Decimal("0.1"),
        quantity=Decimal("0.3"),
        commission=Decimal(0),
        commission_asset="USDT",
        maker=True,
        ts_ns=1,
        recv_ns=1,
    )
    assert fill.notional == Decimal("0.03")
    assert fill.source == "stream"
