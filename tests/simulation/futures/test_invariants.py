"""Whatever clients and market do: money, positions and margin add up, and replays agree."""

import json
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.simulation.emissions import UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.futures.account import opened
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.emissions import BookChanged
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.futures.tempers import seeded_source
from bot.simulation.stillmarket import StillMarket

START_MS = 1_700_000_000_000
# So little that liquidations come about.
BALANCES = {
    "usdm": {"USDT": Decimal(3000)},
    "coinm": {"BTC": Decimal("0.05"), "ETH": Decimal(1)},
}
SIZES = {"BTCUSDT": "0.001", "ETHUSDT": "0.01", "BNBUSDT": "0.1"}


class LineJournal:
    def __init__(self):
        self.lines = []

    def write(self, record):
        self.lines.append(json.dumps(record))


def built(kind, journal=None, lines=(), source=None, insurance=None):
    return FuturesExchange.restore(
        lines,
        market=kind,
        symbols=DEFAULT_CONTRACTS[kind],
        accounts=[opened(key, "s", kind, BALANCES[kind]) for key in ("alice", "bob")],
        source=source or seeded_source(kind, seed=7, rate=5, history_minutes=1),
        start_ms=START_MS,
        journal=journal,
        funding_ms=20_000,
        insurance=insurance,
    )


keys = st.sampled_from(["alice", "bob"])
numbers = st.integers(0, 1)
sides = st.sampled_from(["BUY", "SELL"])


class Market(RuleBasedStateMachine):
    @initialize(
        kind=st.sampled_from(["usdm", "coinm"]), insured=st.sampled_from([None, Decimal(0)])
    )
    def begin(self, kind, insured):
        self.kind = kind
        self.journal = LineJournal()
        # Without insurance the clients pay for each other.
        funds = {"USDT": insured, "BTC": insured, "ETH": insured} if insured is not None else None
        self.exchange = built(kind, self.journal, insurance=funds)
        self.insured = dict(self.exchange._floor.fund.balances)
        # The same commands to a second one must give the same.
        self.twin = built(kind, insurance=funds)
        self.now = START_MS
        self.reports = {}
        self.update_ids = {}
        self.exchange.take()
        self.twin.take()

    def call(self, name, key, **params):
        answers = []
        for exchange in (self.exchange, self.twin):
            try:
                answers.append(getattr(exchange, name)(key, params, self.now))
            except ApiError as refusal:
                answers.append(refusal.body)
        assert answers[0] == answers[1]
        return answers[0]

    def symbol(self, number):
        return self.exchange.symbols[number]

    def size(self, symbol, lots):
        return str(Decimal(SIZES.get(symbol, "1")) * lots)

    def slot(self, key, side, *, closing):
        """In hedge mode an order says which position it means."""
        if not self.call("position_mode", key)["dualSidePosition"]:
            return {}
        return {"positionSide": "LONG" if (side == "BUY") != closing else "SHORT"}

    @rule(ms=st.integers(1, 4000))
    def time_passes(self, ms):
        self.now += ms
        self.exchange.advance(self.now)
        self.twin.advance(self.now)

    @rule(number=numbers, percent=st.sampled_from([-12, -6, -2, 2, 6, 12]))
    def everybody_changes_his_mind(self, number, percent):
        for exchange in (self.exchange, self.twin):
            exchange._source._crowds[number].fair *= 1 + percent / 100
        self.time_passes(1500)

    @rule(
        key=keys,
        number=numbers,
        side=sides,
        tif=st.sampled_from(["GTC", "IOC", "FOK", "GTX"]),
        ticks=st.integers(-30, 30),
        lots=st.integers(1, 60),
        closing=st.booleans(),
        stp=st.sampled_from(["NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH"]),
    )
    def limit_order(self, key, number, side, tif, ticks, lots, closing, stp):
        symbol = self.symbol(number)
        tick = self.exchange.contract(symbol).tick
        best = self.exchange.best(symbol)
        price = best[0][0] + ticks * tick
        slot = self.slot(key, side, closing=closing)
        if not slot and closing:
            slot = {"reduceOnly": "true"}
        self.call(
            "place_order",
            key,
            symbol=symbol,
            side=side,
            type="LIMIT",
            timeInForce=tif,
            price=format(price, "f"),
            quantity=self.size(symbol, lots),
            selfTradePreventionMode=stp,
            newOrderRespType="RESULT",
            **slot,
        )

    @rule(key=keys, number=numbers, side=sides, lots=st.integers(1, 900), closing=st.booleans())
    def market_order(self, key, number, side, lots, closing):
        symbol = self.symbol(number)
        slot = self.slot(key, side, closing=closing)
        self.call(
            "place_order",
            key,
            symbol=symbol,
            side=side,
            type="MARKET",
            quantity=self.size(symbol, lots),
            **slot,
        )

    @rule(
        key=keys,
        number=numbers,
        side=sides,
        kind=st.sampled_from(["STOP_MARKET", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"]),
        ticks=st.integers(-40, 40),
        working=st.sampled_from(["MARK_PRICE", "CONTRACT_PRICE"]),
        lots=st.integers(1, 60),
    )
    def algo_order(self, key, number, side, kind, ticks, working, lots):
        symbol = self.symbol(number)
        contract = self.exchange.contract(symbol)
        price = self.exchange.best(symbol)[0][0] + ticks * contract.tick
        self.call(
            "place_algo",
            key,
            algoType="CONDITIONAL",
            symbol=symbol,
            side=side,
            type=kind,
            triggerPrice=format(price, "f"),
            callbackRate="0.1",
            workingType=working,
            quantity=self.size(symbol, lots),
            **self.slot(key, side, closing=False),
        )

    @rule(key=keys, number=numbers, ticks=st.integers(-30, 30), lots=st.integers(1, 60))
    def change_an_order(self, key, number, ticks, lots):
        symbol = self.symbol(number)
        rows = self.call("open_orders", key, symbol=symbol)
        if rows:
            price = self.exchange.best(symbol)[0][0] + ticks * self.exchange.contract(symbol).tick
            self.call(
                "modify_order",
                key,
                symbol=symbol,
                side=rows[0]["side"],
                orderId=str(rows[0]["orderId"]),
                price=format(price, "f"),
                quantity=self.size(symbol, lots),
            )

    @rule(key=keys, number=numbers, leverage=st.integers(1, 125))
    def change_leverage(self, key, number, leverage):
        self.call("leverage", key, symbol=self.symbol(number), leverage=str(leverage))

    @rule(key=keys, number=numbers, kind=st.sampled_from(["ISOLATED", "CROSSED"]))
    def change_margin_type(self, key, number, kind):
        self.call("margin_type", key, symbol=self.symbol(number), marginType=kind)

    @rule(key=keys, dual=st.sampled_from(["true", "false"]))
    def change_position_mode(self, key, dual):
        self.call("change_position_mode", key, dualSidePosition=dual)

    @rule(key=keys, number=numbers, way=st.sampled_from(["1", "2"]), cents=st.integers(1, 5000))
    def move_margin(self, key, number, way, cents):
        slots = (
            {"LONG", "SHORT"} if self.call("position_mode", key)["dualSidePosition"] else {"BOTH"}
        )
        for side in sorted(slots):
            self.call(
                "position_margin",
                key,
                symbol=self.symbol(number),
                amount=str(Decimal(cents) / (100 if self.kind == "usdm" else 100_000)),
                type=way,
                positionSide=side,
            )

    @rule(key=keys, number=numbers)
    def cancel_all(self, key, number):
        self.call("cancel_open_orders", key, symbol=self.symbol(number))

    @rule(key=keys, number=numbers, ms=st.integers(0, 3000))
    def count_down(self, key, number, ms):
        self.call("countdown_cancel_all", key, symbol=self.symbol(number), countdownTime=str(ms))

    @precondition(lambda self: len(self.journal.lines) > 3)
    @rule()
    def restart(self):
        # Nobody else is there yet: nothing may happen by itself.
        restored = built(self.kind, lines=self.journal.lines, source=StillMarket())
        ours, theirs = self.exchange.state(), restored.state()
        assert ours == self.twin.state()
        for name, rows in ours.items():
            assert theirs[name] == rows, name
        assert restored._floor.deadlines == self.exchange._floor.deadlines
        for symbol, mark in self.exchange._floor.marks.items():
            assert list(restored._floor.marks[symbol].fundings) == list(mark.fundings)

    @invariant()
    def a_wallet_is_its_deposit_and_its_incomes(self):
        for key, account in self.exchange._floor.accounts.items():
            for asset, wallet in account.wallets.items():
                rows = [i.amount for i in account.incomes if i.asset == asset]
                assert wallet == BALANCES[self.kind][asset] + sum(rows), key
                kinds = {i.kind for i in account.incomes}
                assert kinds <= {"COMMISSION", "REALIZED_PNL", "FUNDING_FEE", "INSURANCE_CLEAR"}

    @invariant()
    def what_is_cleared_comes_from_the_insurance_fund(self):
        floor = self.exchange._floor
        for asset, balance in floor.fund.balances.items():
            cleared = sum(
                i.amount
                for account in floor.accounts.values()
                for i in account.incomes
                if (i.kind, i.asset) == ("INSURANCE_CLEAR", asset)
            )
            assert balance + cleared == self.insured[asset]

    @invariant()
    def trades_and_incomes_agree(self):
        for account in self.exchange._floor.accounts.values():
            trades = [t for rows in account.trades.values() for t in rows]
            for kind, amounts in (
                ("COMMISSION", [-t.commission for t in trades]),
                ("REALIZED_PNL", [t.realised for t in trades]),
            ):
                assert sum(i.amount for i in account.incomes if i.kind == kind) == sum(amounts)

    @invariant()
    def all_positions_and_the_markets_sum_to_zero(self):
        floor = self.exchange._floor
        for symbol in self.exchange.symbols:
            held = sum(
                p.amount
                for account in floor.accounts.values()
                for p in account.held()
                if p.contract.symbol == symbol
            )
            assert held + floor.ledger.house[symbol] == 0
            for account in floor.accounts.values():
                signed = sum(
                    t.quantity if t.side == "BUY" else -t.quantity
                    for t in account.trades.get(symbol, ())
                )
                assert signed == sum(
                    p.amount for p in account.held() if p.contract.symbol == symbol
                )

    @invariant()
    def margin_is_counted_once(self):
        floor = self.exchange._floor
        for account in floor.accounts.values():
            for asset, wallet in account.wallets.items():
                isolated = sum(
                    p.isolated_wallet
                    for p in account.positions.values()
                    if p.contract.margin_asset == asset
                )
                assert account.cross_wallet(asset) + isolated == wallet
                available = floor.margins.available(account, asset)
                assert available >= 0
                bound = Decimal(0)
                for symbol, contract in floor.contracts.items():
                    if contract.margin_asset != asset:
                        continue
                    for position in account.slots(symbol):
                        margin = floor.margins.slot(account, position)
                        bound += margin.orders
                        if symbol not in account.isolated:
                            bound += margin.position
                            assert position.isolated_wallet == 0
                free = account.cross_wallet(asset) + floor.margins.cross_profit(account, asset)
                # Divided by leverage: the last of 28 digits depends on the order of the sum.
                assert abs(available - max(0, free - bound)) < Decimal("1e-15")

    @invariant()
    def sides_of_hedged_positions_have_their_sign(self):
        for account in self.exchange._floor.accounts.values():
            for (_, side), position in account.positions.items():
                assert side != "LONG" or position.amount >= 0
                assert side != "SHORT" or position.amount <= 0
                assert bool(position.amount) or not (position.cost or position.isolated_wallet)

    @invariant()
    def resting_reducers_fit_their_position(self):
        floor = self.exchange._floor
        for key, account in floor.accounts.items():
            for symbol in self.exchange.symbols:
                for order in floor.orders.open(key, symbol):
                    if order.reduces:
                        amount = account.position(symbol, order.position_side).amount
                        assert (amount > 0) != order.is_buy
                        assert order.remaining_e8 <= abs(amount) * 10**8

    @invariant()
    def books_are_uncrossed_and_hold_what_is_open(self):
        floor = self.exchange._floor
        for symbol, listing in floor.books.items():
            bid, ask = listing.book.best(is_buy=True), listing.book.best(is_buy=False)
            assert bid is None or ask is None or bid < ask
            for key in floor.accounts:
                for order in floor.orders.open(key, symbol):
                    assert order.resting is not None
                    assert order.resting.remaining_e8 == order.remaining_e8 > 0

    @invariant()
    def events_tell_the_truth(self):
        """The twin tells the same; reports end in each order's state; update ids never break."""
        mine, other = self.exchange.take(), self.twin.take()
        assert mine == other
        last, update = self.reports, self.update_ids
        for emission in mine:
            if isinstance(emission, UserEvent):
                body = emission.payload
                if body["e"] == "ORDER_TRADE_UPDATE":
                    last[body["o"]["s"], body["o"]["i"]] = body["o"]
            elif isinstance(emission, BookChanged):
                before = update.get(emission.symbol)
                assert before in {None, emission.previous_update_id}
                assert emission.first_update_id > emission.previous_update_id
                update[emission.symbol] = emission.last_update_id
        for order in self.exchange._floor.orders.everything():
            told = last[order.symbol, order.order_id]
            assert told["X"] == order.status
            assert Decimal(told["z"]) == Decimal(order.executed_e8).scaleb(-8)


TestFuturesMarket = Market.TestCase
TestFuturesMarket.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
