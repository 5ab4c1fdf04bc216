"""A trade database with known answers, and fills made by hand."""

import runpy
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.cli.review_scope import opened
from bot.domain.fill import Fill
from bot.domain.position import Position
from bot.domain.values import Side

DAY = runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "trading_day.py"))


@pytest.fixture(scope="session")
def trading_day() -> SimpleNamespace:
    """The module that writes the day."""
    return SimpleNamespace(**DAY)


@pytest.fixture(scope="session")
def day_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("review") / "day.db"
    DAY["write"](f"sqlite:///{path}", DAY["records"]())
    return path


@pytest.fixture
def day_reader(day_file) -> Iterator[Any]:
    with opened(f"sqlite:///{day_file}") as reader:
        yield reader


@pytest.fixture
def day_sql(day_file) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(day_file)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


@pytest.fixture
def made_fills():
    """Rows of fills from (side, quantity, price, fee in quote) with an order each."""

    def make(*fills: tuple, symbol: str = "BTCUSDT", strategy: str = "sma") -> list[Any]:
        position = Position(strategy_id=strategy, symbol=symbol)
        rows = []
        for number, (side, quantity, price, fee) in enumerate(fills, 1):
            fill = Fill(
                symbol=symbol,
                trade_id=number,
                client_order_id=f"bot-{number}",
                venue_order_id=number,
                side=Side(side),
                price=Decimal(price),
                quantity=Decimal(quantity),
                commission=Decimal(fee),
                commission_asset="USDT",
                maker=False,
                ts_ns=number * 10**9,
                recv_ns=number * 10**9,
            )
            realised = position.apply(fill, base="BTC", fee_quote=Decimal(fee))
            rows.append(
                SimpleNamespace(
                    environment="sim",
                    fill=fill,
                    strategy_id=strategy,
                    run_id="r",
                    fee_quote=Decimal(fee),
                    realised_quote=realised,
                    position_after=position.quantity,
                )
            )
        return rows

    return make
