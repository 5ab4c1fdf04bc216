"""A market from a seed: prices that wander in calm and stormy spells, and a crowd that trades."""

import heapq
import math
import random
from collections.abc import Mapping
from typing import Final

from bot.simulation.crowd import Crowd, Temper
from bot.simulation.fixedpoint import ONE, notional
from bot.simulation.listing import Listing, PublicTrade
from bot.simulation.mood import BREATH_MS
from bot.simulation.pit import Pit
from bot.simulation.scenes import SceneScript
from bot.simulation.staging import Staging

__all__ = ["DEFAULT_TEMPERS", "SeededMarket"]

DEFAULT_TEMPERS: Final[Mapping[str, Temper]] = {
    "BTCUSDT": Temper(price=65_000.0),
    "ETHUSDT": Temper(price=3_200.0, volatility=6.5e-5),
    "BNBUSDT": Temper(price=600.0, volatility=6e-5, beta=0.7, level_median=2500.0),
}
_OTHER: Final = Temper(price=100.0, volatility=8e-5, beta=0.6, level_median=2000.0)

_CATCH_UP_MS: Final = 600_000
_MINUTE_MS: Final = 60_000


class SeededMarket:
    """One seed decides everything; how often it is advanced decides nothing.

    ``rate`` is the mean number of events a second and symbol. The last ``history_minutes``
    before the start have bars (but no trades), so that indicators can warm up. If nobody
    advances it for more than ten minutes, the time before those is skipped. ``script`` says what
    else is to happen.
    """

    recorded_streams: frozenset[str] = frozenset()

    def __init__(
        self,
        *,
        seed: int = 0,
        rate: float = 20.0,
        tempers: Mapping[str, Temper] = DEFAULT_TEMPERS,
        history_minutes: int = 600,
        script: SceneScript | None = None,
    ) -> None:
        self._seed = seed
        self._staging = Staging(script)
        self._rate = rate
        self._tempers = tempers
        self._history_minutes = history_minutes
        self._weather = random.Random(f"{seed}/weather")  # noqa: S311 - a simulation
        # Logarithm of how much livelier than usual the market is: calm and storms cluster.
        self._liveliness = 0.0
        self._crowds: list[Crowd] = []
        self._draws: list[random.Random] = []
        # (when, which crowd); -1 is the breath.
        self._due: list[tuple[float, int]] = []

    def start(self, floor: Pit, now_ms: int) -> None:
        for index, (symbol, listing) in enumerate(floor.listings.items()):
            rng = random.Random(f"{self._seed}/{symbol}")  # noqa: S311 - a simulation
            temper = self._tempers.get(symbol, _OTHER)
            crowd = Crowd(listing, temper, rng)
            if listing.last_price_e8:
                # After a restart the market goes on where it was.
                crowd.fair = listing.last_price_e8 / ONE
            self._write_history(crowd, listing, rng, now_ms)
            crowd.arrive(floor, now_ms)
            self._crowds.append(crowd)
            self._draws.append(rng)
            heapq.heappush(self._due, (now_ms + rng.expovariate(self._rate / 1000), index))
        heapq.heappush(self._due, (float(now_ms + BREATH_MS), -1))

    def advance(self, floor: Pit, now_ms: int) -> None:
        due = self._due
        if due and now_ms - due[0][0] > _CATCH_UP_MS:
            skipped = now_ms - _CATCH_UP_MS - due[0][0]
            self._due = due = [(when + skipped, index) for when, index in due]
        staging = self._staging
        staging.look()
        while due and due[0][0] <= now_ms:
            when, index = due[0]
            if staging.next_ms <= when:
                staging.run(floor, self._crowds)
                continue
            if index < 0:
                self._breathe()
                heapq.heapreplace(due, (when + BREATH_MS, index))
                continue
            crowd = self._crowds[index]
            if not crowd.mood.asleep:
                crowd.act(floor, int(when))
            pace = self._rate * crowd.mood.pace * math.exp(0.5 * self._liveliness) / 1000
            heapq.heapreplace(due, (when + self._draws[index].expovariate(pace), index))
        while staging.next_ms <= now_ms:
            staging.run(floor, self._crowds)

    def next_due_ms(self) -> int | None:
        return math.ceil(min(self._due[0][0], self._staging.next_ms)) if self._due else None

    def market_ms(self, now_ms: int) -> int:
        return now_ms

    def fair_price(self, symbol: str) -> float | None:
        """What a symbol is worth, whatever its book says; None before the start."""
        return next((c.fair for c in self._crowds if c.listing.rules.symbol == symbol), None)

    def _breathe(self) -> None:
        """Move the weather and every fair price by one breath."""
        gauss = self._weather.gauss
        seconds = BREATH_MS / 1000
        # Reverts within about a minute; now and then something happens.
        self._liveliness += -0.02 * seconds * self._liveliness + 0.15 * math.sqrt(seconds) * gauss(
            0.0, 1.0
        )
        if self._weather.random() < 0.02 * seconds:
            self._liveliness += 1.0
        self._liveliness = min(1.8, max(-1.5, self._liveliness))
        scale = math.exp(self._liveliness) * math.sqrt(seconds)
        common = gauss(0.0, 1.0)
        for crowd in self._crowds:
            beta, mood = crowd.temper.beta, crowd.mood
            move = beta * common + math.sqrt(1 - beta * beta) * gauss(0.0, 1.0)
            if not mood.asleep:
                sigma = crowd.temper.volatility * mood.volatility
                crowd.fair *= math.exp(sigma * scale * move + mood.drift)

    def _write_history(
        self, crowd: Crowd, listing: Listing, rng: random.Random, now_ms: int
    ) -> None:
        """Bars of the past that end at the fair price: four trades a minute, in bars only."""
        tick, step = listing.rules.tick_e8, listing.rules.step_e8
        steps = self._history_minutes * 4
        sigma = crowd.temper.volatility * math.sqrt(15.0)
        logs = [0.0]
        for _ in range(steps):
            logs.append(logs[-1] - rng.gauss(0.0, sigma))
        begin = (now_ms // _MINUTE_MS - self._history_minutes) * _MINUTE_MS
        for number in range(steps):
            price = max(1, int(crowd.fair * math.exp(logs[steps - number]) * ONE) // tick) * tick
            value = crowd.temper.trade_median * 300 * rng.lognormvariate(0.0, 0.8)
            quantity = max(1, int(value * ONE * ONE / price) // step) * step
            listing.ids.trade += 1
            listing.remember(
                PublicTrade(
                    listing.ids.trade,
                    price,
                    quantity,
                    notional(price, quantity),
                    begin + number * _MINUTE_MS // 4,
                    rng.random() < 0.5,  # noqa: PLR2004 - a coin
                )
            )
