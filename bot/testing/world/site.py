"""The exchange's site: the real spot exchange core, its requests and its user events."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from bot.domain.instrument import Instrument
from bot.exchange.instruments import instruments
from bot.simulation.account import AccountSpec
from bot.simulation.emissions import UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.rules import symbol_rules
from bot.simulation.wire.endpoints import Call
from bot.simulation.wire.routes import BY_ROUTE
from bot.testing.world.market import RestlessMarket
from bot.testing.world.timeline import Timeline

__all__ = ["ACCOUNT", "SYMBOLS", "Site"]

ACCOUNT: Final = "key"
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT")
_PRICES: Final = {"BTCUSDT": 65_000.0, "ETHUSDT": 3_200.0}


class Site:
    """``listen`` functions hear each event of the account at the moment when it happens."""

    def __init__(
        self,
        timeline: Timeline,
        *,
        seed: int,
        unsupported: frozenset[str],
        balances: Mapping[str, Decimal],
    ) -> None:
        """``unsupported``: features of the symbols that are not to be had, as lists."""
        self._timeline = timeline
        rules = [
            symbol_rules("BTCUSDT", tick="0.01", step="0.00001"),
            symbol_rules("ETHUSDT", tick="0.01", step="0.0001"),
        ]
        for one in rules:
            object.__setattr__(one, "unsupported", unsupported)
        self.exchange = SimulatedExchange(
            symbols=rules,
            accounts=[AccountSpec(ACCOUNT, balances=balances)],
            market=RestlessMarket(seed=seed, prices=_PRICES),
            start_ms=timeline.now_ms,
        )
        self.listen: list[Callable[[dict[str, Any]], None]] = []
        self.is_out = False
        self.exchange.take()
        self.instruments: dict[str, Instrument] = instruments(self.exchange.exchange_info({}))

    def execute(self, method: str, path: str, params: Mapping[str, str]) -> Any:
        """The answer's body.

        Raises:
            ApiError: what Binance says instead.
        """
        endpoint = BY_ROUTE[method, path]
        now_ms = self._timeline.now_ms
        call = Call(self.exchange, ACCOUNT, params, now_ms, now_ms)
        try:
            return endpoint.answer(call)
        finally:
            self.publish()

    def attempt(self, method: str, path: str, params: Mapping[str, str]) -> Any:
        """As :meth:`execute`, for those who do not care; None if it was refused."""
        try:
            return self.execute(method, path, params)
        except ApiError:
            return None

    def advance(self) -> None:
        """The market goes on."""
        self.exchange.advance(self._timeline.now_ms)
        self.publish()

    def publish(self) -> None:
        """Tell what has happened to those who listen."""
        for emission in self.exchange.take():
            if isinstance(emission, UserEvent):
                for listener in tuple(self.listen):
                    listener(emission.payload)
