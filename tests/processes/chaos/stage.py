"""One run: the exchange, the bots, the faults, and the reckoning."""

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from chaos.books import Books
from chaos.exchange import ROOT, Exchange
from chaos.explanation import demanded, unexplained
from chaos.report import say
from chaos.trader import Trader
from chaos.troubles import Trouble, Troublemaker

EVERY_ORDER = str(ROOT / "tests" / "fixtures" / "strategies" / "every_order.py")
STRATEGIES = {
    "spot": ("sma_cross", "quoting", EVERY_ORDER),
    "usdm": ("quoting", f"{EVERY_ORDER}:size_quote=150"),
}
LOOK_S = 0.1
PROGRESS_S = 10.0


class Stage:
    """Plays once."""

    def __init__(
        self, folder: Path, *, databases: dict[str, str], seed: int, strike_every_s: float
    ) -> None:
        self._seed = seed
        self._diary = folder / "diary.log"
        self._strike_every_s = strike_every_s
        self._exchange = Exchange(folder, seed=seed)
        self._maker = Troublemaker(seed)
        self._troubles: list[Trouble] = []
        self._before = self._exchange.state()
        self._traders = [
            Trader(market, folder / market, db, self._exchange.url, STRATEGIES[market])
            for market, db in databases.items()
        ]
        self._books = [Books(market, db) for market, db in databases.items()]

    def play(self, seconds: float, quiet_s: float) -> dict:
        """Faults for so long, then peace, then everything is compared."""
        try:
            for trader in self._traders:
                trader.start()
            self._wait_for_orders()
            self._rage(seconds)
            self._exchange.behave()
            say(f"peace for {quiet_s:g} s")
            self._watch(quiet_s)
            return self._reckon(seconds)
        finally:
            for trader in self._traders:
                trader.end()
            self._exchange.stop()

    def _wait_for_orders(self) -> None:
        until = time.monotonic() + 30
        for trader, books in zip(self._traders, self._books, strict=True):
            while not _has_orders(books):
                if time.monotonic() > until:
                    raise SystemExit(f"{trader.market} placed no order:\n{trader.log[-4000:]}")
                trader.look_after()
                time.sleep(LOOK_S)

    def _rage(self, seconds: float) -> None:
        began = time.monotonic()
        fault_at, strike_at, told_at = began + 1, began + self._strike_every_s, began
        turn = 0
        while (now := time.monotonic()) < began + seconds:
            for trader in self._traders:
                trader.look_after()
            if now >= fault_at:
                self._commit()
                fault_at = now + self._maker.pause_s()
            if now >= strike_at:
                self._strike(self._traders[turn % len(self._traders)])
                turn, strike_at = turn + 1, now + self._strike_every_s
            if now >= told_at + PROGRESS_S:
                told_at = now
                self._tell(now - began)
            time.sleep(LOOK_S)
        self._count_strikes()

    def _watch(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for trader in self._traders:
                trader.look_after()
            time.sleep(LOOK_S)

    def _commit(self) -> None:
        self._count_strikes()
        trouble = self._maker.draw()
        trouble.at_ns = time.time_ns()
        self._note(str(trouble.fault))
        self._exchange.commit(trouble.fault)
        self._troubles.append(trouble)

    def _count_strikes(self) -> None:
        """Before the next one: those that are over are forgotten then."""
        left = self._exchange.left()
        for trouble in self._troubles[-8:]:
            times = trouble.fault.get("times")
            if times is None or trouble.struck == times:
                continue
            if trouble.text in left:
                trouble.struck = times - (left[trouble.text] or 0)
            elif trouble.struck is None:
                trouble.struck = times

    def _strike(self, trader: Trader) -> None:
        what, seconds = self._maker.strike()
        self._note(f"{what} {trader.market} {seconds or ''}")
        if what == "kill":
            trader.kill()
        else:
            trader.hold(seconds)

    def _note(self, text: str) -> None:
        now = datetime.now(UTC).strftime("%H:%M:%S.%f")
        with self._diary.open("a") as diary:
            diary.write(f"{now[:-3]} {text}\n")

    def _tell(self, elapsed_s: float) -> None:
        counts = " ".join(
            f"{books.market} {books.one('SELECT count(*) FROM orders')} orders "
            f"{books.one('SELECT count(*) FROM fills')} fills"
            for books in self._books
        )
        kills = sum(trader.kills for trader in self._traders)
        say(f"{elapsed_s:5.0f} s  {len(self._troubles)} faults  {kills} kills  {counts}")

    # --- the end ---------------------------------------------------------------------------

    def _reckon(self, seconds: float) -> dict:
        found = []
        for trader in self._traders:
            status = trader.stop()
            if status:
                found.append(f"{trader.market}: the last process ended with {status}")
            if "Traceback" in trader.log:
                found.append(f"{trader.market}: a traceback in {trader.folder / 'out.log'}")
        after = self._exchange.state()
        for trader, books in zip(self._traders, self._books, strict=True):
            found += books.differences(self._before, after)
            found += [f"{books.market}: {text}" for text in books.unsettled()]
            for command in (("reconcile",), ("db", "verify")):
                done = trader.command(*command)
                if done.returncode:
                    words = " ".join(command)
                    found.append(f"{trader.market}: bot {words}:\n{done.stdout}{done.stderr}")
            trader.seen_trading(books.first_orders_ns())
        found += unexplained(self._troubles, self._traders, self._books)
        return self._report(seconds, found)

    def _report(self, seconds: float, found: list[str]) -> dict:
        statuses: Counter[str] = Counter()
        incidents: Counter[str] = Counter()
        fills = 0
        for books in self._books:
            fills += int(str(books.one("SELECT count(*) FROM fills")))
            for status, count in books.rows("SELECT status, count(*) FROM orders GROUP BY status"):
                statuses[status] += count
            incidents.update(row.kind for row in books.incidents())
        return {
            "seed": self._seed,
            "seconds": seconds,
            "orders": statuses.total(),
            "fills": fills,
            "refused": statuses["REFUSED"],
            "faults": dict(Counter(trouble.kind for trouble in self._troubles)),
            "strikes": {
                "kill -9": sum(trader.kills for trader in self._traders),
                "SIGSTOP": sum(trader.holds for trader in self._traders),
                "ended by itself": sum(len(trader.exits) for trader in self._traders),
            },
            "statuses": dict(statuses),
            "incidents": dict(incidents),
            "demanded": demanded(self._troubles, self._traders),
            "differences": found,
        }


def _has_orders(books: Books) -> bool:
    try:
        return bool(books.one("SELECT count(*) FROM orders"))
    except Exception:  # noqa: BLE001 - there is no database yet
        return False
