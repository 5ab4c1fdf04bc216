"""``bot record`` and ``bot download`` as a person runs them."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOT = [sys.executable, "-m", "bot"]
SYMBOLS = {"spot": "BTCUSDT", "usdm": "BTCUSDT", "coinm": "BTCUSD_PERP"}


def bot(*arguments, timeout_s=60):
    command = [*BOT, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=timeout_s, check=False
    )


def info(folder):
    done = bot("tape", "info", folder, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Bars of the contract and the index are named by the pair.
WITH_PAIRS = {
    "spot": {"BTCUSDT"},
    "usdm": {"BTCUSDT", "BTCUSDT_PERPETUAL"},
    "coinm": {"BTCUSD_PERP", "BTCUSD_PERPETUAL", "BTCUSD"},
}


def record(url, folder, *more, market="spot"):
    where = ("--venue-url", url, "--dir", folder, "--market", market)
    return bot("record", *where, "--symbol", SYMBOLS[market], *more, "--format", "json")


@pytest.mark.parametrize("market", ["spot", "usdm", "coinm"])
def test_every_stream_of_a_market_is_recorded_with_books_and_rules(served, tmp_path, market):
    done = record(served.url, tmp_path, "--all", "--for", "5s", market=market)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["market"], told["lost_frames"], told["gaps"]) == (market, 0, [])
    survey = info(tmp_path)
    assert (survey["undecodable"], survey["unknown"]) == (0, 0)
    assert survey["frames"] == sum(file["frames"] for file in told["files"])
    assert set(survey["symbols"]) == WITH_PAIRS[market]
    for event in ("exchangeInfo", "REST depth snapshot", "depthUpdate", "bookTicker", "kline"):
        assert survey["events"][event] > 0, event
    [book] = survey["books"].values()
    assert book["gaps"] == book["disagreements"] == 0
    assert book["checked_against_book_ticker"] > 0


def test_a_lost_connection_is_a_gap_and_the_book_is_asked_for_again(served, tmp_path):
    served.faults({"kind": "drop", "target": "market", "at_s": 3})
    done = record(served.url, tmp_path, "--for", "7s")
    [gap, *_] = json.loads(done.stdout)["gaps"]
    assert gap["state"] == "down"
    assert gap["from"] < gap["to"]
    survey = info(tmp_path)
    assert survey["events"]["REST depth snapshot"] >= 2
    assert survey["recordings"][0]["gaps"][0] == gap


def test_a_killed_recording_is_read_and_its_manifest_made_anew(served, tmp_path):
    arguments = ("--venue-url", served.url, "--dir", tmp_path, "--symbol", "BTCUSDT")
    process = subprocess.Popen([*BOT, "record", *map(str, arguments)], cwd=ROOT)
    until = time.monotonic() + 30
    while not list(tmp_path.glob("*.gz")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(3)
    process.kill()
    process.wait()
    survey = info(tmp_path)
    [recording] = survey["recordings"]
    assert recording["rebuilt"]
    assert survey["frames"] == recording["files"][0]["frames"] > 0
    assert survey["undecodable"] == 0
    assert not info(tmp_path)["recordings"][0]["rebuilt"]


def test_a_signal_ends_a_recording_in_good_order(served, tmp_path):
    arguments = ("--venue-url", served.url, "--dir", tmp_path, "--symbol", "BTCUSDT")
    process = subprocess.Popen(
        [*BOT, "record", *map(str, arguments), "--format", "json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    until = time.monotonic() + 30
    while not list(tmp_path.glob("*.gz")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(out)["ended_at"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--symbol", "NOPEUSDT"), "spot has no symbol NOPEUSDT"),
        (("--symbol", "BTCUSDT", "--stream", "trades"), "--stream 'trades': Binance has trade"),
        (("--symbol", "BTCUSDT", "--market", "options"), "--market 'options': there are spot"),
        ((), "no symbol is given"),
        (("--symbol", "BTCUSDT", "--all", "--stream", "trade"), "exclude each other"),
        (("--symbol", "BTCUSDT", "--dir", "/dev/null/x"), "cannot record into /dev/null/x"),
        (("--symbol", "BTCUSDT", "--for", "soon"), "'soon' is not a duration"),
    ],
)
def test_what_cannot_be_recorded_is_one_line(served, tmp_path, options, told):
    done = bot("record", "--venue-url", served.url, "--dir", tmp_path, *options)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_exchange_that_is_away_is_one_line(tmp_path):
    done = bot(
        *("record", "--venue-url", "http://127.0.0.1:1"), "--dir", tmp_path, "--symbol", "BTCUSDT"
    )
    assert done.returncode == 1
    assert "does not answer" in done.stderr


def test_a_download_says_what_it_brought(archive_server, tmp_path):
    path = "data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-01-0{}.zip"
    for day in (1, 3):
        archive_server.put(path.format(day), f"{day},1.0,1.0,1.0,170406720000{day},True,True\n")
    command = ("download", "trades", "BTCUSDT", "--from", "2024-01-01", "--to", "2024-01-03")
    where = ("--out", tmp_path, "--base-url", archive_server.url, "--format", "json")
    done = bot(*command, *where)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["fetched"], told["kept"]) == (2, 0)
    assert told["files"] == [str(tmp_path / path.format(day)) for day in (1, 3)]
    gap = {"from": "2024-01-02", "to": "2024-01-02", "cause": "not in the archive"}
    assert told["gaps"] == [gap]
    assert "warning: no data from 2024-01-02 to 2024-01-02" in done.stderr
    assert json.loads(bot(*command, *where).stdout)["kept"] == 2
    survey = info(tmp_path)
    assert (survey["symbol"], survey["rows"], survey["missing"]) == ("BTCUSDT", 2, 1)


def test_bars_of_today_come_from_the_exchange(archive_server, served, tmp_path):
    today = datetime.now(UTC).date().isoformat()
    done = bot(
        *("download", "klines", "BTCUSDT", "--interval", "1s", "--from", today),
        *("--out", tmp_path, "--base-url", archive_server.url, "--venue-url", served.url),
    )
    assert done.returncode == 0, done.stderr
    assert "1 days over REST" in done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("trades", "BTCUSDT", "--from", "2024-02-30"), "--from '2024-02-30' is no day"),
        (("trades", "BTCUSDT", "--from", "2999-01-01"), "is in the future"),
        (("klines", "BTCUSDT", "--interval", "7m", "--from", "2024-01-01"), "--interval '7m'"),
        (("trades", "BTC/USDT", "--from", "2024-01-01"), "'BTC/USDT' is no symbol"),
        (("trades", "NOPEUSDT", "--from", "2024-01-01", "--to", "2024-01-01"), "no trades of spot"),
        (
            ("trades", "BTCUSDT", "--from", "2024-01-01", "--base-url", "http://127.0.0.1:1"),
            "no connection",
        ),
    ],
)
def test_what_cannot_be_downloaded_is_one_line(
    archive_server, tmp_path, monkeypatch, options, told
):
    done = bot(
        *("download", *options[:1], "--base-url", archive_server.url, "--out", tmp_path),
        *options[1:],
        timeout_s=110,
    )
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
