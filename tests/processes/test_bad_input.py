"""Whatever a person gets wrong is one clear line and a non-zero exit code."""

import gzip
import socket
import sqlite3
from contextlib import closing

import pytest

RUN = ("run", "--strategy", "sma_cross", "--symbol", "BTCUSDT", "--for", "1s")

TINY = """
from bot import QuoteTick, Strategy, StrategyParams


class Params(StrategyParams):
    pass


class Tiny(Strategy[Params]):
    asked = False

    def on_start(self) -> None:
        self.subscribe_quotes(self.symbols[0])

    def on_quote(self, quote: QuoteTick) -> None:
        if not self.asked:
            self.asked = True
            self.buy(quote.symbol, 0.00001, quote.bid)
"""


def assert_one_line(done, *parts):
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    told = [line for line in lines if " INFO " not in line]
    assert len(told) == 1, done.stderr
    assert told[0].startswith("error: ")
    for part in parts:
        assert part in told[0]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("run", "--symbol", "BTCUSDT"), ("no strategy", "bot strategies list")),
        ((*RUN, "--venue", "mars"), ("venue", "mars")),
        ((*RUN, "--for", "soon"), ("soon", "30s")),
        ((*RUN, "--config", "absent.toml"), ("absent.toml",)),
        ((*RUN, "--tape", "absent.gz"), ("absent.gz",)),
        ((*RUN, "--speed", "0"), ("speed", "above 0")),
        ((*RUN, "--db", "mysql://x"), ("mysql",)),
        ((*RUN, "--venue-url", "nonsense"), ("nonsense", "http://127.0.0.1:9000")),
        ((*RUN, "--venue-url", "http://127.0.0.1:1"), ("127.0.0.1:1",)),
        ((*RUN, "--venue", "testnet"), ("BOT_API_KEY",)),
        ((*RUN, "--venue", "live"), ("BOT_LIVE_CONFIRMATION",)),
        (("run", "--strategy", "absent", "--symbol", "BTCUSDT"), ("absent",)),
        (("run", "--strategy", "sma_cross:fast=0", "--symbol", "BTCUSDT"), ("fast", "0")),
        (("run", "--strategy", "sma_cross:colour=3", "--symbol", "BTCUSDT"), ("colour",)),
        (
            ("run", "--strategy", "sma_cross", "--strategy", "sma_cross", "--symbol", "BTCUSDT"),
            ("sma_cross", "id="),
        ),
        (("db", "verify", "--db", "sqlite:///absent.db"), ("absent.db",)),
        (("review", "order", "nobody", "--db", "sqlite:///absent.db"), ("absent.db",)),
        (("tape", "info", "absent.gz"), ("absent.gz",)),
        (("reconcile", "--db", "sqlite:///absent.db"), ("absent.db",)),
        (("sim", "serve", "--account", "nonsense"), ("nonsense",)),
        (("sim", "serve", "--faults", "absent.json"), ("absent.json",)),
    ],
)
def test_a_wrong_argument(desk, arguments, parts):
    assert_one_line(desk.bot(*arguments), *parts)


def test_an_unknown_symbol(desk, served):
    done = desk.bot(
        *("run", "--strategy", "sma_cross", "--symbol", "NOSUCH", "--for", "1s"),
        *("--venue-url", served.url, "--db", desk.db),
    )
    assert_one_line(done, "NOSUCH")


def test_a_strategy_with_a_syntax_error_names_file_and_line(desk):
    (desk.folder / "broken.py").write_text("from bot import Strategy\n\ndef (:\n")
    done = desk.bot("run", "--strategy", "broken.py", "--symbol", "BTCUSDT", "--for", "1s")
    assert_one_line(done, "broken.py:3")


def test_a_database_that_is_newer_than_the_code(desk):
    assert desk.bot("db", "upgrade", "--db", desk.db).returncode == 0
    with closing(sqlite3.connect(desk.folder / "trades.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    assert_one_line(desk.bot(*RUN, "--db", desk.db), "newer")


def test_a_database_that_somebody_else_migrated_halfway_or_not_at_all(desk):
    with closing(sqlite3.connect(desk.folder / "trades.db")) as connection:
        connection.execute("CREATE TABLE something (x)")
    assert_one_line(desk.bot(*RUN, "--db", desk.db), "trades.db")


def test_a_port_in_use(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_one_line(desk.bot("sim", "serve", "--port", str(port)), str(port))


def test_a_tape_that_is_none(desk):
    (desk.folder / "noise.gz").write_bytes(gzip.compress(b"not a tape at all\n" * 10))
    done = desk.bot(*RUN, "--tape", "noise.gz", "--db", desk.db)
    assert_one_line(done, "noise.gz")


@pytest.mark.timeout(60)
def test_an_order_below_the_minimum_notional_is_refused_with_its_reason(desk):
    (desk.folder / "tiny.py").write_text(TINY)
    summary = desk.run("--strategy", "tiny.py", "--symbol", "BTCUSDT", seconds=4)
    assert (summary["orders"], summary["refused"]) == (0, 1)
    ((status, reason),) = desk.rows("SELECT status, reason FROM orders")
    assert status == "REFUSED"
    assert reason.startswith("NOTIONAL: 0.65")
    assert reason.endswith("USDT is below 5.00000000")
