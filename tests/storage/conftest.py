"""Databases to test on, and records to put into them."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.events import OrderAccepted, OrderFilled, OrderIntended, OrderSubmitted
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.position import Position
from bot.domain.records import (
    FillSaved,
    OrderEventSaved,
    OrderSaved,
    RunEnded,
    RunStarted,
)
from bot.domain.values import OrderType, Side, TimeInForce
from bot.storage.open import open_store, prepare

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 10**9


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'bot.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request):
    """An empty database of either kind."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


class Ledger:
    """Makes the records that a bot would make, so that they agree with each other."""

    def __init__(self):
        self._positions = {}
        self._trades = 0
        self.now_ns = START_NS

    def run(self, run_id="r1", environment="sim:spot"):
        return RunStarted(
            run_id=run_id,
            environment=environment,
            venue="sim",
            market="spot",
            code_version="0.1.0",
            settings_digest="abc",
            strategies={"sma": {"version": "1"}},
            symbols=("BTCUSDT",),
            started_ns=self.tick(),
        )

    def ended(self, run_id="r1"):
        return RunEnded(run_id=run_id, ended_ns=self.tick(), outcome="stopped")

    def tick(self):
        self.now_ns += SECOND_NS
        return self.now_ns

    def life(
        self,
        client_order_id,
        side=Side.BUY,
        fills=(),
        *,
        quantity="1",
        fee="0.1",
        fee_asset="USDT",
        strategy_id="sma",
        symbol="BTCUSDT",
    ):
        """An order that is intended, sent, accepted and filled as (quantity, price) says."""
        intent = OrderIntended(
            client_order_id=client_order_id,
            strategy_id=strategy_id,
            run_id="r1",
            symbol=symbol,
            side=side,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=Decimal(quantity),
            price=Decimal(100),
            recv_ns=self.tick(),
        )
        order = Order.opened(intent)
        records = self._write(order, intent, cause="bar")
        sent = OrderSubmitted(client_order_id=client_order_id, recv_ns=self.tick())
        accepted = OrderAccepted(
            client_order_id=client_order_id,
            venue_order_id=9,
            ts_ns=self.now_ns,
            recv_ns=self.tick(),
        )
        for event in (sent, accepted):
            order.apply(event)
            records += self._write(order, event)
        for amount, price in fills:
            fill = self._fill(order, amount, price, fee, fee_asset)
            event = OrderFilled(fill=fill, recv_ns=fill.recv_ns)
            order.apply(event)
            records += self._write(order, event)
            records.append(self._book(strategy_id, fill, fee))
        return records

    def _write(self, order, event, cause=""):
        return [
            OrderSaved(msgspec.structs.replace(order)),
            OrderEventSaved(
                client_order_id=order.client_order_id,
                number=order.events,
                event=event,
                status_after=order.status.value,
                cause=cause,
            ),
        ]

    def _fill(self, order, quantity, price, fee, fee_asset):
        self._trades += 1
        at = self.tick()
        return Fill(
            symbol=order.symbol,
            trade_id=self._trades,
            client_order_id=order.client_order_id,
            venue_order_id=9,
            side=order.side,
            price=Decimal(price),
            quantity=Decimal(quantity),
            commission=Decimal(fee),
            commission_asset=fee_asset,
            maker=False,
            ts_ns=at,
            recv_ns=at + 5,
        )

    def _book(self, strategy_id, fill, fee):
        position = self._positions.setdefault(
            (strategy_id, fill.symbol), Position(strategy_id=strategy_id, symbol=fill.symbol)
        )
        base = fill.symbol.removesuffix("USDT")
        is_base = fill.commission_asset == base
        fee_quote = fill.commission * fill.price if is_base else Decimal(fee)
        realised = position.apply(fill, base=base, fee_quote=fee_quote)
        return FillSaved(
            fill=fill,
            strategy_id=strategy_id,
            run_id="r1",
            fee_quote=fee_quote,
            realised_quote=realised,
            position_after=position.quantity,
        )


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def fill_database():
    """Migrate a database and put records into it."""

    async def put(url, *records):
        prepare(url)
        store = open_store(url)
        await store.durable(store.append(records))
        await store.close()

    return put
