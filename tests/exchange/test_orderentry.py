import asyncio
from decimal import Decimal

from bot.domain.events import OrderFilled
from bot.domain.fill import Fill
from bot.domain.values import Market, Side
from bot.exchange.allowance import RateLimit
from bot.exchange.orderentry import OrderEntry
from bot.exchange.wswire import WsWireOptions

ROW = RateLimit("ORDERS", "DAY", 1, 100, 20)


def filled(cid, *, maker):
    fill = Fill(
        symbol="BTCUSDT",
        trade_id=1,
        client_order_id=cid,
        venue_order_id=1,
        side=Side.BUY,
        price=Decimal(1),
        quantity=Decimal(1),
        commission=Decimal(0),
        commission_asset="BNB",
        maker=maker,
        ts_ns=1,
        recv_ns=1,
    )
    return OrderFilled(fill=fill, recv_ns=1)


async def test_it_begins_over_rest_and_goes_on_over_the_websocket(
    peer, peer_session, quick, short, beside
):
    entry = OrderEntry(peer_session, options=WsWireOptions(liveness=short, backoff=quick))
    changes = []
    entry.listen(lambda up, cause: changes.append(up))
    assert entry.way == "rest"
    async with beside(entry.run()):
        async with asyncio.timeout(20):
            while entry.way == "rest":
                await asyncio.sleep(0.005)
        await entry.roll()
        assert (entry.way, len(peer.sockets)) == ("ws", 2)
    assert changes == [True]
    assert peer.paths == ["/ws-api/v3"] * 2


async def test_rest_alone_has_no_connection(peer, peer_session, beside):
    entry = OrderEntry(peer_session, "rest")
    async with beside(entry.run()):
        await asyncio.sleep(0.05)
        await entry.roll()
        assert (entry.way, peer.sockets) == ("rest", [])


async def test_first_fills_give_back_order_counts(peer_session):
    entry = OrderEntry(peer_session, "rest")
    allowance = peer_session.allowances[Market.SPOT]
    allowance.limit([ROW])
    allowance.read([ROW])
    for event in (filled("a", maker=True), filled("a", maker=True), filled("b", maker=False)):
        entry.hear(event)
    assert allowance.used("ORDERS", 86_400) == 14
