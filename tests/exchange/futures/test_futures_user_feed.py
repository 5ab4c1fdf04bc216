"""The account's stream of futures: its key, its connection, and what is lost on either."""

import asyncio

import pytest

from bot.domain.amendments import OrderTriggered
from bot.domain.commands import ConfigureSymbol
from bot.domain.errors import VenueError
from bot.domain.events import (
    BalancesReported,
    FeedState,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    SweepDue,
)
from bot.domain.margin import PositionsReported
from bot.domain.values import OrderType, Side
from bot.engine.identity import is_forced


async def test_the_stream_is_up_once_its_key_is_confirmed(usdm, open_feed, collected):
    feed = await open_feed(usdm)
    assert len(feed.lease.key) == 64
    assert [event.state for event in collected] == [FeedState.UP]
    assert collected[0].name == "usdm user"


async def test_coin_margined_accounts_have_a_stream_of_their_own(coinm, open_feed, collected):
    feed = await open_feed(coinm)
    assert collected[0].name == "coinm user"
    await coinm.venue.submit(coinm.order("a-1", OrderType.MARKET, quantity="1"))
    await collected.until(lambda event: isinstance(event, OrderFilled))
    assert feed.unknown_frames == 0


async def test_a_fill_changes_balances_and_positions(usdm, open_feed, collected):
    feed = await open_feed(usdm)
    await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET))
    await collected.until(lambda event: isinstance(event, BalancesReported))
    held = (await collected.until(lambda event: isinstance(event, PositionsReported))).positions[0]
    assert (held.symbol, str(held.quantity), held.margin_type) == ("BTCUSDT", "0.100", "CROSSED")
    assert feed.broken_frames == 0
    assert feed.unknown_frames == 0


async def test_renewing_keeps_the_key(usdm, open_feed, collected):
    feed = await open_feed(usdm)
    key = feed.lease.key
    await feed.renew()
    assert feed.lease.key == key
    assert len(collected) == 1


async def test_a_key_that_has_expired_is_replaced_at_once(usdm, open_feed, collected):
    feed = await open_feed(usdm)
    key = feed.lease.key
    usdm.fault(kind="listen_key_expired")
    down = await collected.state(FeedState.DOWN)
    assert "listenKeyExpired" in down.cause
    await collected.state(FeedState.UP, count=2)
    assert feed.lease.key != key
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49000"))
    await collected.until(lambda event: isinstance(event, OrderAccepted))


async def test_a_key_that_ended_in_silence_is_found_by_the_renewal(usdm, open_feed, collected):
    feed = await open_feed(usdm)
    key = feed.lease.key
    # Somebody else closes the account's stream: no event tells of it.
    await usdm.sessions[0].futures(usdm.market, "delete", "listenKey", {}, signed=False)
    await feed.renew()
    assert feed.lease.key != key
    await collected.state(FeedState.DOWN)
    await collected.state(FeedState.UP, count=2)
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49000"))
    await collected.until(lambda event: isinstance(event, OrderAccepted))


async def test_a_connection_that_comes_back_after_its_key_has_ended_gets_a_new_one(
    usdm, open_feed, collected
):
    feed = await open_feed(usdm)
    key = feed.lease.key
    await usdm.sessions[0].futures(usdm.market, "delete", "listenKey", {}, signed=False)
    usdm.fault(kind="drop", target="user")
    await collected.state(FeedState.DOWN)
    await collected.state(FeedState.UP, count=2)
    assert feed.lease.key != key
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49000"))
    await collected.until(lambda event: isinstance(event, OrderAccepted))


async def test_a_dropped_connection_comes_back_with_the_same_key(usdm, open_feed, collected):
    feed = await open_feed(usdm)
    key = feed.lease.key
    usdm.fault(kind="drop", target="user")
    await collected.state(FeedState.DOWN)
    await collected.state(FeedState.UP, count=2)
    assert feed.lease.key == key
    assert feed.reconnects == 1


async def test_a_connection_that_was_opened_a_moment_before_the_new_key_came_is_opened_anew(
    usdm, open_feed, collected
):
    feed = await open_feed(usdm)
    aimed = feed._socket._aimed
    await usdm.sessions[0].futures(usdm.market, "delete", "listenKey", {}, signed=False)
    new = await usdm.sessions[0].futures(usdm.market, "post", "listenKey", {}, signed=False)

    def with_the_old_key():
        feed._socket.aim(aimed)
        path = aimed()
        feed.lease.key = new["listenKey"]
        return path

    feed._socket.aim(with_the_old_key)
    usdm.fault(kind="drop", target="user")
    await collected.state(FeedState.UP, count=2)
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49000"))
    await collected.until(lambda event: isinstance(event, OrderAccepted), 5.0)


async def test_a_half_open_connection_is_found_and_replaced(usdm, open_feed, collected):
    await open_feed(usdm)
    usdm.fault(kind="half_open", target="user", for_s=0.5)
    down = await collected.state(FeedState.DOWN)
    assert "half-open" in down.cause
    # It may have been blind since the last sign of life, not since somebody noticed.
    assert 300_000_000 <= down.recv_ns - down.since_ns < 5_000_000_000
    await collected.state(FeedState.UP, count=2)


async def test_a_new_connection_that_does_not_answer_is_not_up(usdm, open_feed, collected):
    await open_feed(usdm)
    usdm.fault(kind="half_open", target="user", for_s=1.5)
    began = (await collected.state(FeedState.DOWN)).recv_ns
    up = await collected.state(FeedState.UP, count=2)
    # Handshakes succeed all the while, and REST confirms the key.
    assert up.recv_ns - began > 500_000_000
    assert [event.state for event in collected].count(FeedState.UP) == 2


async def test_without_a_key_it_is_down_and_tries_until_there_is_one(usdm, open_feed, collected):
    usdm.fault(kind="http", match="POST /fapi/v1/listenKey", status=500, code=-1001, times=3)
    await open_feed(usdm)
    assert [event.state for event in collected] == [FeedState.DOWN, FeedState.UP]
    assert "no listenKey" in collected[0].cause


async def test_it_is_not_up_before_the_key_is_confirmed(usdm, open_feed, collected):
    await open_feed(usdm)
    usdm.fault(kind="http", match="POST /fapi/v1/listenKey", status=500, code=-1001, for_s=0.5)
    usdm.fault(kind="drop", target="user")
    await collected.state(FeedState.DOWN, count=2)
    assert "no listenKey" in collected[-1].cause
    await collected.state(FeedState.UP, count=2)


async def test_a_key_that_could_not_be_renewed_for_its_whole_life_counts_as_ended(
    usdm, open_feed, collected
):
    feed = await open_feed(usdm, valid_s=0.1)
    usdm.fault(kind="http", match="PUT /fapi/v1/listenKey", status=500, code=-1001, times=1)
    await asyncio.sleep(0.15)
    with pytest.raises(VenueError, match="500"):
        await feed.renew()
    assert "could not be renewed" in (await collected.state(FeedState.DOWN)).cause
    await collected.state(FeedState.UP, count=2)


async def test_a_fill_that_was_told_in_brief_only_makes_the_account_be_looked_at(
    usdm, open_feed, collected
):
    await open_feed(usdm)
    usdm.fault(kind="lose", target="user", match="ORDER_TRADE_UPDATE", for_s=1.0)
    await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET))
    due = await collected.until(lambda event: isinstance(event, SweepDue))
    assert "in brief only" in due.cause


async def test_nothing_is_in_doubt_where_everything_was_told(usdm, open_feed, collected):
    await open_feed(usdm)
    await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET))
    await collected.until(lambda event: isinstance(event, OrderFilled))
    await asyncio.sleep(0.5)
    assert not collected.of(SweepDue)


async def test_an_order_that_was_set_off_under_another_name_is_known_by_its_id(
    usdm, open_feed, collected, tell
):
    _, heard = tell
    await open_feed(usdm)
    await usdm.venue.submit(
        usdm.order("s-1", OrderType.STOP_MARKET, trigger_price=50015, side=Side.BUY)
    )
    # An open order of the same name: what comes of the stop must be called something else.
    await usdm.venue.submit(usdm.order("s-1", OrderType.LIMIT, price="49000"))
    await usdm.take(Side.BUY, "3")
    triggered = await heard(collected, OrderTriggered, "s-1")
    fill = (await heard(collected, OrderFilled, "s-1")).fill
    assert fill.venue_order_id == triggered.venue_order_id
    named = {order["orderId"]: order["clientOrderId"] for order in usdm.truth("orders")}
    assert named[fill.venue_order_id] != "s-1"


async def test_an_order_of_a_name_that_nobody_here_knows_is_not_taken_for_a_strangers(
    usdm, open_feed, collected
):
    await open_feed(usdm)
    await usdm.venue.submit(
        usdm.order("s-1", OrderType.STOP_MARKET, trigger_price=50015, side=Side.BUY)
    )
    await usdm.venue.submit(usdm.order("s-1", OrderType.LIMIT, price="49000"))
    usdm.fault(kind="lose", target="user", match="ALGO_UPDATE", for_s=1.0)
    await usdm.take(Side.BUY, "3")
    due = await collected.until(lambda event: isinstance(event, SweepDue))
    assert "conditional order" in due.cause
    assert {event.client_order_id for event in collected.of(OrderFilled)} == set()


async def test_a_liquidation_is_told_as_a_fill_of_the_exchanges_own_order(
    usdm, open_feed, collected
):
    feed = await open_feed(usdm)
    wish = ConfigureSymbol(symbol="BTCUSDT", leverage=125, margin_type="ISOLATED")
    await usdm.venue.configure(wish)
    await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET, quantity="0.5"))
    await usdm.take(Side.SELL, "8")
    forced = await collected.until(
        lambda e: isinstance(e, OrderFilled) and is_forced(e.client_order_id)
    )
    assert forced.fill.side is Side.SELL
    flat = await collected.until(
        lambda e: isinstance(e, PositionsReported) and not e.positions[0].quantity
    )
    assert flat.positions[0].symbol == "BTCUSDT"
    assert feed.unknown_frames == feed.broken_frames == 0


async def test_a_cancel_by_somebody_else_is_told(usdm, open_feed, collected, tell):
    _, heard = tell
    await open_feed(usdm)
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49000"))
    await usdm.sessions[0].futures(usdm.market, "delete", "allOpenOrders", {"symbol": "BTCUSDT"})
    await heard(collected, OrderCanceled, "a-1")
