"""The benchmark of the simulated exchange runs, and counts what it says it counts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(120)
def test_every_measurement_gives_a_row_with_figures():
    done = subprocess.run(
        [
            *(sys.executable, "bench/simulator.py", "--seconds", "0.5", "--format", "json"),
            *("--accounts", "3", "--symbols", "2", "--clients", "2", "--subscribers", "3"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [row["orders_per_s"] > 0 for row in report["core"]] == [True, True]
    ((rest,), (frames,)) = report["rest"], report["frames"]
    assert (rest["clients"], rest["accounts"]) == (2, 2)
    assert rest["orders_per_s"] > 0
    assert 0 < rest["p50_ms"] <= rest["p99_ms"]
    assert frames["subscribers"] == 3
    assert frames["frames_per_s"] > 0
