"""What the market streams of a real bot lose is known, told and fetched; its books are right."""

import json
import signal
import time

import pytest

SUBJECTS = ("btcusdt@trade", "btcusdt@aggTrade", "btcusdt@kline_1s", "BTCUSDT book")

WATCHER = '''
"""Counts what it hears and what it does not, and keeps that."""

from bot import AggTrade, Bar, FeedChanged, Strategy, StrategyParams, TradeTick


class Params(StrategyParams):
    watch: str = "BTCUSDT"


class Watcher(Strategy[Params]):
    def on_start(self) -> None:
        self.ids = {"trade": [], "agg": [], "bar": []}
        self.late = {"trade": [], "agg": [], "bar": []}
        self.states = []
        self.read, self.blank, self.wrong = 0, 0, 0
        symbol = self.params.watch
        self.subscribe_trades(symbol)
        self.subscribe_agg_trades(symbol)
        self.subscribe_bars(symbol, "1m" if ":" in symbol else "1s")
        self.subscribe_depth(symbol)
        self.set_timer("keep", 0.5)

    def note(self, kind, number, late) -> None:
        self.ids[kind].append(number)
        if late:
            self.late[kind].append(number)

    def on_trade(self, trade: TradeTick) -> None:
        self.note("trade", trade.trade_id, trade.late)

    def on_agg_trade(self, trade: AggTrade) -> None:
        self.note("agg", trade.agg_id, trade.late)

    def on_bar(self, bar: Bar) -> None:
        if bar.closed:
            self.note("bar", bar.open_ns // 10**9, bar.late)

    def on_feed(self, feed: FeedChanged) -> None:
        self.states.append(f"{feed.state.value} {feed.stream or feed.name}")

    def on_depth(self, update) -> None:
        book = self.book(update.symbol)
        if book is None:
            self.blank += 1
            return
        self.read += 1
        quote = self.quote(update.symbol)
        if quote is not None and quote.update_id == book.update_id:
            if book.best_bid != (quote.bid, quote.bid_size):
                self.wrong += 1

    def on_stop(self) -> None:
        self.on_timer("the last")

    def on_timer(self, name: str) -> None:
        told = {
            "missing": {kind: _missing(seen) for kind, seen in self.ids.items()},
            "twice": {kind: len(seen) - len(set(seen)) for kind, seen in self.ids.items()},
            "late": {kind: len(seen) for kind, seen in self.late.items()},
            "late_in_order": all(seen == sorted(seen) for seen in self.late.values()),
            "states": sorted(set(self.states)),
            "book": [self.read, self.blank, self.wrong],
        }
        self.save("told", told)


def _missing(seen):
    return len(set(range(min(seen), max(seen) + 1)) - set(seen)) if seen else 0
'''


def told(desk):
    (text,) = desk.rows("SELECT value FROM strategy_state WHERE key = 'told'")[0]
    return json.loads(text)


def gaps(desk, subject):
    return desk.rows(
        "SELECT cause, healed_by, to_ns FROM incidents WHERE kind = 'feed_gap' "
        f"AND subject = '{subject}' ORDER BY from_ns"
    )


@pytest.fixture
def watcher(desk):
    (desk.folder / "watcher.py").write_text(WATCHER)
    return "watcher.py"


@pytest.mark.timeout(120)
def test_lost_messages_a_cut_and_a_gap_of_the_book_are_rows_and_are_healed(desk, served, watcher):
    process = desk.start(
        *("--venue", "sim", "--venue-url", served.url, "--strategy", watcher),
        *("--symbol", "BTCUSDT"),
        seconds=90,
    )
    desk.wait_for("SELECT 1 FROM strategy_state WHERE key = 'told'")
    served.faults(
        {"kind": "lose", "target": "market", "match": "trade", "every": 4, "times": 5},
        {"kind": "lose", "target": "market", "match": "aggTrade", "every": 4, "times": 5},
        {"kind": "book_gap", "symbol": "BTCUSDT", "at_s": 2},
        {"kind": "drop", "target": "market", "at_s": 4},
        {"kind": "outage", "at_s": 4, "for_s": 2},
    )
    for subject in SUBJECTS:
        desk.wait_for(
            "SELECT 1 FROM incidents WHERE kind = 'feed_gap' AND to_ns IS NOT NULL "
            f"AND subject = '{subject}' AND from_ns > (SELECT max(from_ns) FROM incidents "
            "WHERE subject = 'spot market 1')"
        )
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    seen = told(desk)
    assert seen["missing"] == {"trade": 0, "agg": 0, "bar": 0}, seen
    assert seen["twice"] == {"trade": 0, "agg": 0, "bar": 0}
    assert min(seen["late"].values()) > 0
    assert seen["late_in_order"]
    read, _, wrong = seen["book"]
    assert read > 20
    assert wrong == 0
    for subject in SUBJECTS:
        rows = gaps(desk, subject)
        assert rows, subject
        assert all(to_ns for _, _, to_ns in rows)
        wanted = "resync" if "book" in subject else "backfill of"
        assert all(healed_by.startswith(wanted) for _, healed_by, _ in rows), rows
        assert {f"gap {subject}", f"healed {subject}"} <= set(seen["states"])
    listed = desk.bot("review", "incidents", "--db", desk.db, "--format", "json")
    causes = [row["cause"] for row in json.loads(listed.stdout)]
    assert any("missing:" in cause for cause in causes)
    assert any(cause.startswith("updates ") for cause in causes)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("symbol", ["usdm:BTCUSDT", "coinm:BTCUSD_PERP"])
def test_futures_that_are_only_watched_are_healed_too(desk, served, watcher, symbol):
    process = desk.start(
        *("--venue", "sim", "--venue-url", served.url, "--strategy", f"{watcher}:watch={symbol}"),
        *("--symbol", "BTCUSDT"),
        seconds=90,
    )
    desk.wait_for("SELECT 1 FROM strategy_state WHERE key = 'told'")
    market, name = symbol.split(":")
    of_market = f"{market}:{name.lower()}"
    served.faults(
        {"kind": "lose", "target": "market", "match": "trade", "every": 3, "times": 3},
        {"kind": "lose", "target": "market", "match": "aggTrade", "every": 3, "times": 3},
        {"kind": "book_gap", "symbol": name},
    )
    streams = (f"{of_market}@trade", f"{of_market}@aggTrade", f"{symbol} book")
    for subject in streams:
        desk.wait_for(
            "SELECT 1 FROM incidents WHERE kind = 'feed_gap' AND to_ns IS NOT NULL "
            f"AND subject = '{subject}'"
        )
    time.sleep(2)  # the book goes on
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    seen = told(desk)
    assert (seen["missing"]["trade"], seen["missing"]["agg"]) == (0, 0), seen
    assert min(seen["late"]["trade"], seen["late"]["agg"]) > 0
    assert seen["late_in_order"]
    read, _, wrong = seen["book"]
    assert read > 5
    assert wrong == 0
    assert len(gaps(desk, f"{symbol} book")) == 1
