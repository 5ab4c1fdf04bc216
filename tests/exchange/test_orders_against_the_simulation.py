"""Every type of order, list and change over real sockets: what the bot sends is understood.

The engine's half is left out on purpose: commands go in, events of the answer and of the user
stream come out, and both tell the same story.
"""

import asyncio
import time
from decimal import Decimal

import pytest

from bot.domain.amendments import AmendRejected, OrderAmended, OrderTriggered
from bot.domain.commands import AmendOrder, CancelOrder, ReplaceOrder, SubmitList, SubmitOrder
from bot.domain.events import (
    CancelRejected,
    FeedState,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
)
from bot.domain.terms import Contingency, ListRole, OrderTerms
from bot.domain.values import Market, OrderType, Side, TimeInForce
from bot.exchange.endpoints import from_url
from bot.exchange.orderwire import BudgetedWire, RestWire
from bot.exchange.session import Session
from bot.exchange.user_feed import BinanceUserFeed, UserFeedOptions
from bot.exchange.venue import BinanceVenue
from bot.exchange.wswire import WsWire, WsWireOptions
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.server import serve

D = Decimal
TENTH = D("0.1")
KEY, SECRET = "sim-key", "sim-secret"
BIDS = {"BTCUSDT": [("50000", "1"), ("49990", "5"), ("49000", "50")]}
ASKS = {"BTCUSDT": [("50010", "1"), ("50020", "5"), ("51000", "50")]}


@pytest.fixture
async def exchange(wall):
    exchange = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS,
        accounts=[
            AccountSpec(key=KEY, secret=SECRET, balances={"USDT": D(1_000_000), "BTC": D(10)}),
            AccountSpec(key="other", secret="else", balances={"USDT": D(10**9), "BTC": D(1000)}),
        ],
        market=StillMarket(BIDS, ASKS),
        start_ms=int(time.time() * 1000),
    )
    server = await serve(exchange)
    exchange.url = f"http://127.0.0.1:{server.port}"
    yield exchange
    await server.close()


@pytest.fixture
async def sessions(exchange):
    """One for us and one for somebody else, who moves the price."""
    made = [
        Session(from_url(exchange.url), api_key=key, api_secret=secret, timeout_s=20.0)
        for key, secret in ((KEY, SECRET), ("other", "else"))
    ]
    yield made
    for session in made:
        await session.close()


@pytest.fixture(params=["rest", "ws"])
async def venue(request, sessions, wall, quick, short, beside):
    """The same story whichever way orders take."""
    session = sessions[0]
    if request.param == "rest":
        yield BinanceVenue(session, wall)
        return
    wire = WsWire(
        session,
        session.endpoints.spot_ws_api,
        RestWire(session),
        options=WsWireOptions(timeout_s=20.0, liveness=short, backoff=quick),
        on_limits=session.allowances[Market.SPOT].read,
    )
    async with beside(wire.run()):
        while not wire.up:
            await asyncio.sleep(0.005)
        yield BinanceVenue(session, wall, BudgetedWire(wire, session.allowances[Market.SPOT]))
    assert wire.fallbacks == 0


@pytest.fixture
async def told(sessions, collected, wall, quick, short):
    """What the user stream says; it is up."""
    options = UserFeedOptions(ping_s=0.3, reply_s=20.0, liveness=short, backoff=quick)
    feed = BinanceUserFeed(sessions[0], collected, wall, options=options)
    task = asyncio.create_task(feed.run())
    await collected.state(FeedState.UP)
    yield collected
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def somebody(sessions, wall):
    """``await somebody(Side.SELL, "50")`` takes that much at the market: the price moves."""
    other = BinanceVenue(sessions[1], wall)
    count = iter(range(1000))

    async def take(side, quantity):
        cid = f"other-{next(count)}"
        answer = await other.submit(order(cid, OrderType.MARKET, side=side, quantity=D(quantity)))
        assert any(isinstance(event, OrderFilled) for event in answer), answer

    return take


def order(cid, kind, *, side=Side.SELL, quantity=TENTH, price=None, **terms):
    return SubmitOrder(
        client_order_id=cid,
        symbol="BTCUSDT",
        side=side,
        order_type=kind,
        time_in_force=TimeInForce.GTC,
        quantity=quantity,
        price=price,
        terms=OrderTerms(**terms),
    )


def names(events):
    return [type(event).__name__ for event in events]


async def heard(told, kind, cid):
    def is_it(event):
        name = event.fill.client_order_id if isinstance(event, OrderFilled) else None
        return isinstance(event, kind) and (name or event.client_order_id) == cid

    return await told.until(is_it)


WAITING = {
    OrderType.STOP_MARKET: {"trigger_price": D(49995)},
    OrderType.STOP_LIMIT: {"trigger_price": D(49995), "price": D(48000)},
    OrderType.TRAILING_STOP_MARKET: {"trailing_bips": 10},
}


@pytest.mark.parametrize("kind", WAITING)
async def test_a_stop_waits_is_set_off_and_trades(venue, told, somebody, kind):
    answer = await venue.submit(order("s-1", kind, **WAITING[kind]))
    assert names(answer) == ["OrderAccepted"]
    accepted = await heard(told, OrderAccepted, "s-1")
    assert accepted.details.order_type == kind.value
    await somebody(Side.SELL, "0.5")
    await somebody(Side.SELL, "10")
    triggered = await heard(told, OrderTriggered, "s-1")
    assert triggered.venue_order_id == accepted.venue_order_id
    fill = (await heard(told, OrderFilled, "s-1")).fill
    assert fill.side is Side.SELL
    assert fill.price <= 49995


async def test_a_take_profit_waits_for_the_other_direction(venue, told, somebody):
    kind = OrderType.TAKE_PROFIT_LIMIT
    await venue.submit(order("t-1", kind, trigger_price=D(50015), price=D(50015)))
    await somebody(Side.BUY, "5")
    await heard(told, OrderTriggered, "t-1")


async def test_a_market_order_by_its_cost(venue):
    cost = order("q-1", OrderType.MARKET, side=Side.BUY, quote_quantity=D(1000))
    answer = await venue.submit(cost)
    fills = [event.fill for event in answer if isinstance(event, OrderFilled)]
    assert D(999) < sum(fill.notional for fill in fills) <= D(1000)
    accepted = answer[0]
    assert accepted.details.quantity == sum(fill.quantity for fill in fills)


async def test_an_iceberg_shows_a_part(venue, sessions):
    kind = OrderType.LIMIT
    answer = await venue.submit(
        order("i-1", kind, quantity=D(2), price=D(50500), iceberg_quantity=D("0.5"))
    )
    assert names(answer) == ["OrderAccepted"]
    book = await sessions[0].get_order_book(symbol="BTCUSDT", limit=100)
    assert ["50500.00000000", "0.50000000"] in book["asks"]


def oco(cid="l-1"):
    shared = {"list_id": cid, "contingency": Contingency.OCO}
    profit = order("p-1", OrderType.LIMIT, price=D(50500), list_role=ListRole.TAKE_PROFIT, **shared)
    loss = order(
        "x-1",
        OrderType.STOP_MARKET,
        trigger_price=D(49995),
        list_role=ListRole.STOP_LOSS,
        **shared,
    )
    return SubmitList(
        list_id=cid, symbol="BTCUSDT", contingency=Contingency.OCO, orders=(profit, loss)
    )


async def test_the_stop_of_a_pair_ends_its_limit(venue, told, somebody):
    answer = await venue.submit_list(oco())
    assert [event.client_order_id for event in answer] == ["p-1", "x-1"]
    assert names(answer) == ["OrderAccepted"] * 2
    await somebody(Side.SELL, "3")
    ended = await heard(told, OrderExpired, "p-1")
    assert ended.reason == "OCO_TRIGGER"
    await heard(told, OrderFilled, "x-1")


async def test_cancelling_one_of_a_pair_tells_of_both(venue):
    await venue.submit_list(oco())
    answer = await venue.cancel(CancelOrder(client_order_id="p-1", symbol="BTCUSDT"))
    assert names(answer) == ["OrderCanceled"] * 2
    assert {event.client_order_id for event in answer} == {"p-1", "x-1"}


async def test_a_list_that_is_refused_is_refused_for_each(venue):
    command = oco()
    wrong = order(
        "x-1",
        OrderType.STOP_MARKET,
        trigger_price=D(50600),
        list_id="l-1",
        contingency=Contingency.OCO,
        list_role=ListRole.STOP_LOSS,
    )
    answer = await venue.submit_list(
        SubmitList(
            list_id="l-1",
            symbol="BTCUSDT",
            contingency=Contingency.OCO,
            orders=(command.orders[0], wrong),
        )
    )
    assert names(answer) == ["OrderRejected"] * 2


def bracket(price, **changes):
    shared = {"list_id": "b-1", "contingency": Contingency.OTOCO}
    entry = order(
        "e-1",
        OrderType.LIMIT,
        side=Side.BUY,
        price=price,
        list_role=ListRole.WORKING,
        **shared,
    )
    profit = order("p-1", OrderType.LIMIT, price=D(51000), list_role=ListRole.TAKE_PROFIT, **shared)
    loss = order(
        "x-1",
        OrderType.STOP_LIMIT,
        price=D(48900),
        trigger_price=D(49000),
        list_role=ListRole.STOP_LOSS,
        **shared,
    )
    return SubmitList(
        list_id="b-1",
        symbol="BTCUSDT",
        contingency=Contingency.OTOCO,
        orders=(entry, profit, loss),
        **changes,
    )


@pytest.mark.parametrize("of_proceeds", [False, True])
async def test_a_bracket_is_one_list(venue, told, of_proceeds):
    if of_proceeds:
        # Nothing else is free that the commission could come out of.
        await venue.submit(order("all", OrderType.LIMIT, quantity=D(10), price=D(52000)))
    answer = await venue.submit_list(bracket(D(50010), of_proceeds=of_proceeds))
    assert {event.client_order_id for event in answer if isinstance(event, OrderAccepted)} == {
        "e-1",
        "p-1",
        "x-1",
    }
    fill = (await heard(told, OrderFilled, "e-1")).fill
    assert (fill.quantity, fill.commission) == (TENTH, D("0.0001"))

    # What the entry received, less its commission of a thousandth, goes out again.
    expected = D("0.0999") if of_proceeds else TENTH

    def rests(event):
        return (
            isinstance(event, OrderAccepted)
            and event.client_order_id == "p-1"
            and event.details.quantity == expected
        )

    await told.until(rests)


async def test_one_triggers_the_other(venue, told):
    shared = {"list_id": "o-1", "contingency": Contingency.OTO}
    first = order(
        "w-1", OrderType.LIMIT, side=Side.BUY, price=D(50010), list_role=ListRole.WORKING, **shared
    )
    then = order("n-1", OrderType.LIMIT, price=D(52000), list_role=ListRole.PENDING, **shared)
    await venue.submit_list(
        SubmitList(
            list_id="o-1", symbol="BTCUSDT", contingency=Contingency.OTO, orders=(first, then)
        )
    )
    await heard(told, OrderFilled, "w-1")
    await heard(told, OrderAccepted, "n-1")


async def test_an_order_is_made_smaller_in_its_place(venue, told):
    await venue.submit(order("a-1", OrderType.LIMIT, price=D(50500)))

    def amend(quantity):
        return AmendOrder(
            client_order_id="a-1",
            symbol="BTCUSDT",
            side=Side.SELL,
            quantity=D(quantity),
            price=D(50500),
        )

    (answer,) = await venue.amend(amend("0.05"))
    assert isinstance(answer, OrderAmended)
    assert answer.quantity == D("0.05")
    assert (await heard(told, OrderAmended, "a-1")).quantity == D("0.05")
    (refused,) = await venue.amend(amend("0.2"))
    assert isinstance(refused, AmendRejected)
    assert "quantity increase" in refused.reason


def replacement(old, **changes):
    return ReplaceOrder(
        cancel=CancelOrder(client_order_id=old, symbol="BTCUSDT"),
        order=order("r-2", OrderType.LIMIT, **({"price": D(50600)} | changes)),
    )


async def test_the_four_outcomes_of_replacing(venue):
    await venue.submit(order("r-1", OrderType.LIMIT, price=D(50500)))
    both = await venue.replace(replacement("r-1"))
    assert names(both) == ["OrderCanceled", "OrderAccepted"]
    # The cancel fails: the new order is not even tried.
    neither = await venue.replace(replacement("gone"))
    assert [type(event) for event in neither] == [CancelRejected, OrderNotPlaced]
    # The cancel works, and the new order has too little balance behind it.
    half = await venue.replace(replacement("r-2", quantity=D(50)))
    assert [type(event) for event in half] == [OrderCanceled, OrderRejected]
    assert half[1].code == -2010
    # A filter refuses the whole before anything is done.
    await venue.submit(order("r-3", OrderType.LIMIT, price=D(50500)))
    refused = await venue.replace(replacement("r-3", price=D("50500.001")))
    assert {type(event) for event in refused} == {OrderRejected, CancelRejected}


async def test_the_rules_of_the_symbol_say_what_it_takes(venue):
    instrument = (await venue.instruments(["BTCUSDT"]))["BTCUSDT"]
    assert {kind.value for kind in OrderType} <= set(instrument.order_types)
    assert instrument.lists == (Contingency.OCO, Contingency.OTO, Contingency.OTOCO)
    assert instrument.amend_allowed
    assert instrument.replace_allowed
    assert instrument.proceeds_allowed
    assert instrument.trailing_below[1] > 0
    assert instrument.max_iceberg_parts == 100
