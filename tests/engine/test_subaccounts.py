"""All subaccounts with the one of *external* are the account, at each instant."""

import runpy
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.values import EXTERNAL, OrderStatus, OrderType, Side
from bot.engine.risk import RiskLimits
from bot.strategy.params import StrategyParams

LOOSE = RiskLimits(
    max_order_notional=Decimal(0),
    max_position_notional=Decimal(0),
    max_open_orders=0,
    max_daily_loss=Decimal(0),
    max_orders_per_second=0,
    price_collar=Decimal(0),
)


@pytest.fixture(scope="module")
def driver_type():
    """For a property: two strategies with budgets on a new engine each time."""
    found = runpy.run_path(str(Path(__file__).with_name("conftest.py")))

    def make():
        specs = [
            found["StrategySpec"](
                name, found["Puppet"], StrategyParams(), ("BTCUSDT",), budget=Decimal(1000)
            )
            for name in "ab"
        ]
        return amendable(found["Driver"](*specs, limits=LOOSE).live())

    return make


def amendable(d):
    known = d.engine.cache.instruments
    known["BTCUSDT"] = msgspec.structs.replace(
        known["BTCUSDT"],
        amend_allowed=True,
        order_types=tuple(kind.value for kind in OrderType),
    )
    return d


amounts = st.integers(1, 40).map(lambda n: Decimal(n) / 10)
prices = st.integers(8_000, 12_000).map(lambda n: Decimal(n) / 100)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["buy", "buy", "sell", "fill", "fill", "fill", "cancel", "reject", "amend", "external"]
        ),
        st.integers(0, 7),
        amounts,
        prices,
        st.sampled_from(["BTC", "USDT", "BNB"]),
    ),
    max_size=40,
)


class Bank:
    """The account as the exchange keeps it, and what orders may still cost, counted apart."""

    def __init__(self, d):
        self.d = d
        self.account = {"BTC": Decimal(0), "USDT": Decimal(0), "BNB": Decimal(0)}
        self.asked = {}

    def open_orders(self, name=None):
        return [o for o in self.d.engine.blotter.open_orders(name) if o.strategy_id != EXTERNAL]

    def trade(self, cid, side, quantity, price, asset):
        fee = Decimal("0.0007") * quantity
        self.account["BTC"] += side.sign * quantity
        self.account["USDT"] -= side.sign * quantity * price
        self.account[asset] -= fee
        self.d.filled(
            cid,
            side=side,
            quantity=quantity,
            price=price,
            commission=fee,
            commission_asset=asset,
            details=None,
        )

    def do(self, what, number, amount, price, asset):
        d = self.d
        name = "ab"[number % 2]
        mine = self.open_orders()
        order = mine[number % len(mine)] if mine else None
        if what == "buy":
            cid = d.buy(quantity=amount, price=price, strategy_id=name)
            if d.status(cid) is OrderStatus.INTENT:
                d.accepted(cid, 100 + number)
        elif what == "sell":
            self.sell(name, amount, price)
        elif what == "external":
            side = Side.BUY if number % 2 else Side.SELL
            self.trade(f"web_{number}", side, amount, price, asset)
        elif order is None:
            return
        elif what == "fill":
            self.trade(
                order.client_order_id,
                order.side,
                min(amount, order.remaining),
                price if order.price is None else order.price,
                asset,
            )
        elif what == "cancel":
            d.canceled(order.client_order_id, str(order.filled))
        elif what == "reject":
            d.rejected(order.client_order_id)
        elif what == "amend" and order.side is Side.BUY:
            self.amend(order, amount)

    def sell(self, name, amount, price):
        """No more than is held and not for sale yet, so that nothing is reserved."""
        selling = sum(o.remaining for o in self.open_orders(name) if o.side is Side.SELL)
        held = self.d.engine.blotter.position(name, "BTCUSDT").quantity - selling
        quantity = min(amount, held // Decimal("0.001") * Decimal("0.001"))
        if quantity > 0:
            cid = self.d.sell(quantity=quantity, price=price, strategy_id=name)
            if self.d.status(cid) is OrderStatus.INTENT:
                self.d.accepted(cid, 55)

    def amend(self, order, amount):
        cid, wanted = order.client_order_id, order.filled + amount
        self.d.act(lambda s: s.amend(cid, quantity=wanted), order.strategy_id)
        if cid in self.d.engine.gate.budgets.asked:
            self.asked[cid] = wanted

    def check(self):
        engine = self.d.engine
        total = {}
        for account in engine.blotter.accounts.values():
            for asset, amount in account.assets.items():
                total[asset] = total.get(asset, Decimal(0)) + amount
        positions = [p for p in engine.blotter.positions.values() if p.symbol == "BTCUSDT"]
        assert {asset: total.get(asset, Decimal(0)) for asset in self.account} == self.account
        assert sum(p.quantity for p in positions) == self.account["BTC"]
        for name in "ab":
            self.check_budget(name)

    def check_budget(self, name):
        position = self.d.engine.blotter.position(name, "BTCUSDT")
        reserved = Decimal(0)
        for order in self.open_orders(name):
            quantity = max(self.asked.get(order.client_order_id, Decimal(0)), order.quantity)
            if order.side is Side.BUY and position.quantity >= 0:
                reserved += (quantity - order.filled) * order.price
        own = 1000 - abs(position.cost) + position.booked
        if position.quantity >= 0:
            assert self.d.puppet(name).free_budget == own - reserved


@given(steps)
@settings(max_examples=60, deadline=None)
def test_all_subaccounts_and_external_are_the_account_at_each_instant(driver_type, made):
    bank = Bank(driver_type())
    for step in made:
        bank.do(*step)
        bank.check()
    for order in bank.open_orders():
        bank.d.canceled(order.client_order_id, str(order.filled))
    for name in "ab":
        assert bank.d.engine.gate.budgets.reserved(name) == 0
    bank.check()
