"""The benchmark of orders runs, every contender's orders arrive, and every row is stored."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(240)
def test_every_contender_gives_a_row_and_no_order_is_lost():
    done = subprocess.run(
        [
            *(sys.executable, "bench/orders.py", "--orders", "20", "--rounds", "1"),
            *("--rate", "100", "--seconds", "1", "--format", "json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert len(report["latency_us"]) == 5
    assert all(0 < row["p50"] <= row["p99"] for row in report["latency_us"].values())
    for row in report["rate"].values():
        assert (row["orders"], row["not filled"]) == (100, 0)
        assert row["stored"] == "100 orders, 400 order_events, 100 fills"
