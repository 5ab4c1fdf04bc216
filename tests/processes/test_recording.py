"""``bot run --record``: what was recorded can be read, and traded on again. Scenes on the way."""

import json
import time

import pytest

INSISTENT = """
from bot import QuoteTick, Strategy, StrategyParams


class Params(StrategyParams):
    pass


class Insistent(Strategy[Params]):
    seen = 0

    def on_start(self) -> None:
        self.subscribe_quotes("ETHUSDT")

    def on_quote(self, quote: QuoteTick) -> None:
        self.seen += 1
        if self.seen % 20 == 0:
            self.buy("BTCUSDT", 0.001)
"""

RUN = ("--venue", "sim", "--strategy", "quoting", "--strategy", "sma_cross")
SYMBOLS = ("--symbol", "BTCUSDT", "ETHUSDT")


def recorded(desk):
    """(tapes, manifest) of the one run."""
    folder = desk.folder / "tapes"
    (manifest,) = folder.glob("*.json")
    return sorted(folder.glob("*.gz")), json.loads(manifest.read_text())


def info(desk, *tapes):
    done = desk.bot("tape", "info", *map(str, tapes), "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(180)
def test_a_recorded_run_is_whole_and_is_traded_on_as_a_tape(desk):
    summary = desk.run(*RUN, *SYMBOLS, "--record", "tapes", seconds=8)
    tapes, manifest = recorded(desk)
    assert [tape.name.partition("_")[0] for tape in tapes] == [summary["run_id"]] * len(tapes)
    assert (manifest["run_id"], manifest["venue"]) == (summary["run_id"], "sim")
    assert manifest["ended_at"]
    assert (manifest["gaps"], manifest["lost_frames"]) == ([], 0)
    survey = info(desk, desk.folder / "tapes")
    assert (survey["undecodable"], survey["unknown"]) == (0, 0)
    assert survey["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert survey["frames"] == sum(file["frames"] for file in manifest["files"])
    assert survey["events"]["bookTicker"] > 100
    again = desk.run(
        *RUN,
        *SYMBOLS,
        "--tape",
        *map(str, tapes),
        *("--db", f"sqlite:///{desk.folder}/again.db"),
        seconds=8,
    )
    assert again["events"] > 100
    assert again["orders"] > 0
    assert again["gaps"] == 0


@pytest.mark.timeout(120)
def test_a_lost_connection_is_a_gap_in_the_manifest(desk, served):
    served.faults({"kind": "drop", "target": "market", "at_s": 4})
    desk.run(*RUN, *SYMBOLS, "--venue-url", served.url, "--record", "tapes", seconds=9)
    _, manifest = recorded(desk)
    (gap,) = manifest["gaps"]
    assert (gap["feed"], gap["state"]) == ("spot market 1", "down")
    assert gap["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert gap["from"] < gap["to"] < manifest["ended_at"]
    assert info(desk, desk.folder / "tapes")["undecodable"] == 0


@pytest.mark.timeout(120)
def test_a_killed_run_leaves_a_tape_that_reads_up_to_the_end(desk, served):
    process = desk.start(*RUN, *SYMBOLS, "--venue-url", served.url, "--record", "tapes")
    desk.wait_for("SELECT 1 FROM orders LIMIT 1")
    folder = desk.folder / "tapes"
    time.sleep(4)
    process.kill()
    process.wait()
    _, manifest = recorded(desk)
    assert manifest["ended_at"] is None
    survey = info(desk, folder)
    assert survey["frames"] > 0
    assert survey["undecodable"] == 0


@pytest.mark.timeout(120)
def test_a_halt_is_survived_and_traded_after(desk):
    scene = desk.folder / "scene.json"
    scene.write_text(
        json.dumps(
            [
                {"kind": "halt", "symbol": "BTCUSDT", "at_s": 4, "for_s": 3},
                {"kind": "gap", "percent": -3, "at_s": 5},
                {"kind": "flash_crash", "percent": 4, "for_s": 2, "at_s": 8, "symbol": "ETHUSDT"},
            ]
        )
    )
    (desk.folder / "insistent.py").write_text(INSISTENT)
    strategies = (*RUN, "--strategy", "insistent.py")
    summary = desk.run(*strategies, *SYMBOLS, "--scene", str(scene), seconds=15)
    assert summary["fills"] > 0
    assert summary["unresolved"] == 0
    assert summary["open_orders"] == 0
    reasons = desk.rows("SELECT count(*) FROM orders WHERE reason LIKE '%Market is closed.%'")
    assert reasons[0][0] > 0
    assert desk.bot("reconcile", "--db", desk.db).returncode == 0


def test_a_scene_for_an_exchange_that_runs_already_is_refused(desk, served):
    done = desk.bot(
        *("run", *RUN, *SYMBOLS, "--venue-url", served.url, "--scene", "x.json"),
        *("--db", desk.db, "--for", "3s"),
    )
    assert done.returncode == 1
    assert "--scene is for the exchange that bot run starts itself" in done.stderr
    assert "Traceback" not in done.stderr
