"""Whatever clients and market do: money is conserved, books are uncrossed, locks add up."""

import json
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import BookChanged, UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.fixedpoint import notional
from bot.simulation.market import SeededMarket
from bot.simulation.rules import STP_MODES, symbol_rules
from bot.simulation.stillmarket import StillMarket

START_MS = 1_700_000_000_000
SYMBOLS = (
    symbol_rules("BNBUSDT", tick="0.01", step="0.001"),
    # A product of tick and step with nine places: quote amounts are cut.
    symbol_rules("BNBUSDC", tick="0.01", step="0.001"),
    symbol_rules("ETHBTC", tick="0.00001", step="0.0001", min_notional="0.0001"),
)
BALANCES = {"BNB": 500, "USDT": 300_000, "USDC": 300_000, "ETH": 300, "BTC": 20}


class ListJournal:
    def __init__(self):
        self.lines = []

    def write(self, record):
        self.lines.append(json.dumps(record))


def opened(journal, lines=(), market=None):
    return SimulatedExchange.restore(
        lines,
        symbols=SYMBOLS,
        accounts=[
            AccountSpec(
                key,
                balances={a: Decimal(v) for a, v in BALANCES.items()},
                bnb_discount=key == "bob",
                trade_group=group,
            )
            for key, group in (("alice", -1), ("bob", 1), ("carol", 1))
        ],
        market=market or SeededMarket(seed=11, history_minutes=2, rate=5),
        start_ms=START_MS,
        journal=journal,
    )


def queues(exchange):
    """What clients show and hide in the books, in the order of their queues."""
    return {
        symbol: [
            (price, resting.order_id, resting.remaining_e8, resting.hidden_e8)
            for side in (listing.book.bids, listing.book.asks)
            for price, level in side.from_best()
            for resting in level.queue.values()
            if resting.client is not None
        ]
        for symbol, listing in exchange._floor.listings.items()
    }


keys = st.sampled_from(["alice", "bob", "carol"])
symbols = st.sampled_from([rules.symbol for rules in SYMBOLS])
sides = st.sampled_from(["BUY", "SELL"])
modes = st.sampled_from(["NONE", *STP_MODES])


class Exchange(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.journal = ListJournal()
        self.exchange = opened(self.journal)
        # The same commands to a second one must give the same.
        self.twin = opened(None)
        self.now = START_MS
        self.emissions = []
        self.update_ids = {
            symbol: self.exchange.update_id(symbol) for symbol in self.exchange.symbols
        }
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

    @rule(ms=st.integers(1, 3000))
    def time_passes(self, ms):
        self.now += ms
        self.exchange.advance(self.now)

    @rule(
        key=keys,
        symbol=symbols,
        side=sides,
        tif=st.sampled_from(["GTC", "IOC", "FOK", "MAKER"]),
        ticks=st.integers(-15, 15),
        lots=st.integers(1, 20_000),
    )
    def limit_order(self, key, symbol, side, tif, ticks, lots):
        rules = self.exchange._floor.listings[symbol].rules
        price = self.exchange._floor.listings[symbol].last_price_e8 + ticks * rules.tick_e8
        params = {
            "symbol": symbol,
            "side": side,
            "type": "LIMIT_MAKER" if tif == "MAKER" else "LIMIT",
            "quantity": format(Decimal(lots * rules.step_e8).scaleb(-8), "f"),
            "price": format(Decimal(price).scaleb(-8), "f"),
        }
        if tif != "MAKER":
            params["timeInForce"] = tif
        self.call("place_order", key, **params)

    @rule(key=keys, symbol=symbols, side=sides, lots=st.integers(1, 300_000))
    def market_order(self, key, symbol, side, lots):
        rules = self.exchange._floor.listings[symbol].rules
        quantity = format(Decimal(lots * rules.step_e8).scaleb(-8), "f")
        self.call("place_order", key, symbol=symbol, side=side, type="MARKET", quantity=quantity)

    @rule(key=keys, symbol=symbols, side=sides, cents=st.integers(1, 2_000_000))
    def market_order_for_a_quote_amount(self, key, symbol, side, cents):
        amount = format(Decimal(cents).scaleb(-2 if symbol == "BNBUSDT" else -6), "f")
        self.call("place_order", key, symbol=symbol, side=side, type="MARKET", quoteOrderQty=amount)

    @rule(
        key=keys,
        symbol=symbols,
        side=sides,
        kind=st.sampled_from(["STOP_LOSS", "TAKE_PROFIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]),
        ticks=st.integers(-10, 10),
        lots=st.integers(1, 20_000),
        delta=st.sampled_from([None, 10, 20]),
    )
    def stop_order(self, key, symbol, side, kind, ticks, lots, delta):
        params = self.amounts(symbol, ticks, lots)
        params |= {"symbol": symbol, "side": side, "type": kind, "stopPrice": params["price"]}
        if kind.endswith("LIMIT"):
            params["timeInForce"] = "GTC"
        else:
            del params["price"]
        if delta:
            params["trailingDelta"] = str(delta)
        self.call("place_order", key, **params)

    @rule(
        key=keys,
        symbol=symbols,
        side=sides,
        ticks=st.integers(-15, 15),
        lots=st.integers(100, 20_000),
        mode=modes,
    )
    def iceberg_with_a_mode_of_its_own(self, key, symbol, side, ticks, lots, mode):
        params = self.amounts(symbol, ticks, lots)
        part = self.amounts(symbol, 0, lots // 50)["quantity"]
        params |= {"symbol": symbol, "side": side, "type": "LIMIT", "timeInForce": "GTC"}
        self.call("place_order", key, **params, icebergQty=part, selfTradePreventionMode=mode)

    @rule(
        key=keys,
        symbol=symbols,
        side=sides,
        ticks=st.integers(1, 12),
        lots=st.integers(1, 10_000),
        is_market=st.booleans(),
        mode=modes,
    )
    def pair_of_orders(self, key, symbol, side, ticks, lots, is_market, mode):
        above, below = self.amounts(symbol, ticks, lots), self.amounts(symbol, -ticks, lots)
        limit, stop = ("below", "above") if side == "BUY" else ("above", "below")
        prices = {"above": above["price"], "below": below["price"]}
        params = {
            "symbol": symbol,
            "side": side,
            "quantity": above["quantity"],
            f"{limit}Type": "LIMIT_MAKER",
            f"{limit}Price": prices[limit],
            f"{stop}Type": "STOP_LOSS" if is_market else "STOP_LOSS_LIMIT",
            f"{stop}StopPrice": prices[stop],
        }
        if not is_market:
            params |= {f"{stop}Price": prices[stop], f"{stop}TimeInForce": "GTC"}
        self.call("place_oco", key, **params, selfTradePreventionMode=mode)

    @rule(
        key=keys,
        symbol=symbols,
        ticks=st.integers(-8, 8),
        away=st.integers(1, 15),
        lots=st.integers(1, 10_000),
        pays=st.booleans(),
        mode=modes,
    )
    def order_that_triggers_a_pair(self, key, symbol, ticks, away, lots, pays, mode):
        working = self.amounts(symbol, ticks, lots)
        params = {
            "symbol": symbol,
            "workingType": "LIMIT",
            "workingSide": "BUY",
            "workingTimeInForce": "GTC",
            "workingPrice": working["price"],
            "workingQuantity": working["quantity"],
            "pendingSide": "SELL",
            "pendingAboveType": "LIMIT_MAKER",
            "pendingAbovePrice": self.amounts(symbol, ticks + away, 1)["price"],
            "pendingBelowType": "STOP_LOSS",
            "pendingBelowStopPrice": self.amounts(symbol, ticks - away, 1)["price"],
        }
        if not pays:
            params["pendingQuantity"] = working["quantity"]
        params["selfTradePreventionMode"] = mode
        self.call("place_opoco" if pays else "place_otoco", key, **params)

    @rule(
        key=keys,
        symbol=st.sampled_from(["BNBUSDT", "BNBUSDC"]),
        side=sides,
        tif=st.sampled_from(["GTC", "IOC", "FOK", "MARKET"]),
        ticks=st.integers(-15, 15),
        lots=st.integers(1, 200_000),
        mode=modes,
    )
    def routed_order(self, key, symbol, side, tif, ticks, lots, mode):
        params = self.amounts(symbol, ticks, lots) | {"symbol": symbol, "side": side}
        if tif == "MARKET":
            params |= {"type": "MARKET"}
            del params["price"]
        else:
            params |= {"type": "LIMIT", "timeInForce": tif}
        self.call("sor_order", key, **params, selfTradePreventionMode=mode)

    @rule(key=keys, symbol=symbols, pick=st.integers(0, 50), share=st.integers(1, 99))
    def amend(self, key, symbol, pick, share):
        resting = self.call("open_orders", key, symbol=symbol)
        if resting:
            order = resting[pick % len(resting)]
            step = self.exchange._floor.listings[symbol].rules.step_e8
            less = int(Decimal(order["origQty"]) * 10**8) * share // 100 // step * step
            self.call(
                "amend_order",
                key,
                symbol=symbol,
                orderId=str(order["orderId"]),
                newQty=format(Decimal(less).scaleb(-8), "f"),
            )

    def amounts(self, symbol, ticks, lots):
        """Price so many ticks from the last one, and quantity, as texts."""
        listing = self.exchange._floor.listings[symbol]
        price = listing.last_price_e8 + ticks * listing.rules.tick_e8
        return {
            "price": format(Decimal(price).scaleb(-8), "f"),
            "quantity": format(Decimal(lots * listing.rules.step_e8).scaleb(-8), "f"),
        }

    @rule(key=keys, symbol=symbols, pick=st.integers(0, 50))
    def cancel(self, key, symbol, pick):
        resting = self.call("open_orders", key, symbol=symbol)
        if resting:
            order_id = str(resting[pick % len(resting)]["orderId"])
            self.call("cancel_order", key, symbol=symbol, orderId=order_id)

    @rule(key=keys, symbol=symbols)
    def cancel_all(self, key, symbol):
        self.call("cancel_open_orders", key, symbol=symbol)

    @rule()
    def restart(self):
        restored = opened(None, self.journal.lines, market=StillMarket())
        assert restored.state() == self.exchange.state()
        assert queues(restored) == queues(self.exchange)

    @invariant()
    def money_is_conserved(self):
        ledger = self.exchange._floor.ledger
        for asset, opening in BALANCES.items():
            total = ledger.house[asset] + ledger.fees[asset]
            for account in ledger.accounts.values():
                balance = account.balance(asset)
                assert balance.free >= 0
                assert balance.locked >= 0
                total += balance.free + balance.locked
            assert total == 3 * opening * 10**8

    @invariant()
    def locked_is_what_open_orders_need(self):
        floor = self.exchange._floor
        for key, account in floor.ledger.accounts.items():
            held = dict.fromkeys(BALANCES, 0)
            for symbol, listing in floor.listings.items():
                for order in floor.orders.open(key, symbol):
                    asset = listing.rules.quote if order.is_buy else listing.rules.base
                    held[asset] += order.locked_e8
                    if order.list_id < 0 and order.limit_e8:
                        left = order.remaining_e8
                        needed = notional(order.limit_e8, left) if order.is_buy else left
                        assert order.locked_e8 == needed
            for order_list in floor.lists.open(key):
                held[floor.listings[order_list.symbol].rules.base] += order_list.reserved_e8
            assert held == {asset: account.balance(asset).locked for asset in BALANCES}

    @invariant()
    def open_lists_have_open_orders_and_done_ones_have_none(self):
        floor = self.exchange._floor
        for key in floor.ledger.accounts:
            for order_list in floor.lists.all(key):
                is_open = any(order.is_open for order in order_list.orders)
                assert is_open is not order_list.is_done

    @invariant()
    def what_rests_is_open_and_the_other_way_round(self):
        floor = self.exchange._floor
        for key in floor.ledger.accounts:
            for symbol in floor.listings:
                for order in floor.orders.open(key, symbol):
                    assert order.is_open
                    rests = order.is_working and not order.is_pending
                    assert (order.resting is not None) is rests
                    if order.resting is not None:
                        shown, hidden = order.resting.remaining_e8, order.resting.hidden_e8
                        assert shown + hidden == order.remaining_e8

    @invariant()
    def books_are_uncrossed_and_bounded(self):
        for listing in self.exchange._floor.listings.values():
            bid, ask = listing.book.bids.best(), listing.book.asks.best()
            assert bid is None or ask is None or bid < ask
            for side in (listing.book.bids, listing.book.asks):
                assert side.keys == sorted(side.keys)
                assert len(side.keys) <= 80 + 400
                for level in side.levels.values():
                    assert level.total_e8 == sum(r.remaining_e8 for r in level.queue.values()) > 0

    @invariant()
    def orders_are_filled_by_their_trades_and_no_further(self):
        state = self.exchange.state()
        traded = {}
        for trade in state["trades"] + state["allocations"]:
            place = trade["account"], trade["symbol"], trade["orderId"]
            traded[place] = traded.get(place, 0) + Decimal(trade["qty"])
        for order in state["orders"]:
            executed = Decimal(order["executedQty"])
            assert executed <= Decimal(order["origQty"])
            assert executed == traded.get((order["account"], order["symbol"], order["orderId"]), 0)

    @invariant()
    def update_ids_have_no_gaps_and_the_twin_agrees(self):
        self.twin.advance(self.now)
        self.exchange.advance(self.now)
        ours, theirs = self.exchange.take(), self.twin.take()
        assert ours == theirs
        for emission in ours:
            if isinstance(emission, BookChanged):
                assert emission.first_update_id == self.update_ids[emission.symbol] + 1
                self.update_ids[emission.symbol] = emission.last_update_id
            elif isinstance(emission, UserEvent):
                assert emission.account in {"alice", "bob", "carol"}


Exchange.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestExchange = Exchange.TestCase
