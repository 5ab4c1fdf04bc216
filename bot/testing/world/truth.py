"""What the exchange itself says of each strategy: its orders that rest, and what it holds."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from bot.domain.instrument import Instrument
from bot.domain.values import Side
from bot.engine.identity import is_ours
from bot.engine.risk import RiskLimits

__all__ = ["Truth"]

_ENDED: Final = frozenset({"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"})
_LIST_LEGS: Final = 3
"""For each order that counts two may come on top that protect what it opens."""
_SLACK: Final = Decimal("1.1")
"""Prices move between the check and the fill."""


class Truth:
    """Counts execution reports at the moment when they are made, whoever hears of them."""

    def __init__(self, instruments: Mapping[str, Instrument], limits: RiskLimits) -> None:
        self._instruments = instruments
        self._limits = limits
        self._resting: dict[str, set[str]] = {}
        self.positions: dict[tuple[str, str], Decimal] = {}
        """By the strategy's tag in the client order id, and symbol; base units."""
        # What list legs have traded: they close, and are not held to the bound.
        self._exempt_quote: dict[tuple[str, str], Decimal] = {}
        self.excess = ""
        """The first limit that did not hold."""

    def hear(self, payload: dict[str, Any]) -> None:
        """An event of the account."""
        if payload["e"] != "executionReport":
            return
        name = payload["C"] if payload["C"] not in {"", "null"} else payload["c"]
        if not is_ours(name):
            return
        tag = name.split("-")[1]
        resting = self._resting.setdefault(tag, set())
        if payload["X"] in _ENDED:
            resting.discard(name)
        elif payload["x"] == "NEW":
            resting.add(name)
            self._check_count(tag, len(resting))
        if payload["x"] == "TRADE":
            self._trade(tag, payload)

    def _check_count(self, tag: str, count: int) -> None:
        bound = self._limits.max_open_orders
        if bound and count > bound * _LIST_LEGS and not self.excess:
            self.excess = f"{tag} has {count} orders at the exchange, the bound is {bound}"

    def _trade(self, tag: str, payload: dict[str, Any]) -> None:
        symbol, price = payload["s"], Decimal(payload["L"])
        key = tag, symbol
        before = self.positions.get(key, Decimal(0))
        change = Side(payload["S"]).sign * Decimal(payload["l"])
        if payload["N"] == self._instruments[symbol].base:
            change -= Decimal(payload["n"])
        after = self.positions[key] = before + change
        exempt = self._exempt_quote.get(key, Decimal(0))
        if payload["g"] >= 0:
            self._exempt_quote[key] = exempt + abs(change) * price
            return
        bound = self._limits.max_position_notional
        grows = abs(after) > abs(before)
        if bound and grows and abs(after) * price > bound * _SLACK + exempt and not self.excess:
            self.excess = f"{tag} holds {after} {symbol} at {price}, the bound is {bound}"
