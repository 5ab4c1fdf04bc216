"""The fixture, used from a project that is not this one."""

import subprocess
import sys

import pytest

from bot.testing.exchange import ServedExchange

CONFTEST = 'pytest_plugins = ["bot.testing.exchange"]\n'
PROJECT = """
import json
import urllib.request

import pytest


@pytest.fixture
def simulated_exchange_options():
    return ("--symbol", "ETHUSDT", "--account", "mine:secret:USDT=5")


def prices(url):
    with urllib.request.urlopen(url + "/api/v3/ticker/price", timeout=5) as answer:
        return json.loads(answer.read())


def test_the_market_is_there(simulated_exchange):
    assert [row["symbol"] for row in prices(simulated_exchange.http)] == ["ETHUSDT"]
    balances = simulated_exchange.state()["accounts"]["mine"]
    assert float(balances["USDT"]["free"]) == 5


def test_it_fails_when_it_is_told_to(simulated_exchange):
    simulated_exchange.commit({"kind": "http", "match": "GET /api/v3/ticker/price"})
    with pytest.raises(urllib.error.HTTPError):
        prices(simulated_exchange.http)
    simulated_exchange.clear()
    assert prices(simulated_exchange.http)


def test_a_wrong_fault_is_told(simulated_exchange):
    with pytest.raises(ValueError, match="fault 0: kind: must be one of"):
        simulated_exchange.commit({"kind": "explode"})
"""


def test_another_project_uses_the_fixture(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_project.py").write_text(PROJECT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_what_it_cannot_start_it_complains_of():
    with pytest.raises(RuntimeError, match="--symbol 'x' is no symbol"):
        ServedExchange(["--symbol", "x"])
