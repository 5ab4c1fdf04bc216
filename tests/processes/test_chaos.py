"""Spot and futures bots under faults of every kind and ``kill -9``; see the folder ``chaos``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture
def chaos(tmp_path):
    """Play once; the report."""

    def play(*arguments: str) -> dict:
        report = tmp_path / "report.json"
        own = ("--folder", str(tmp_path), "--report", str(report))
        done = subprocess.run(
            [sys.executable, "-m", "chaos", *own, *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert report.is_file(), done.stdout + done.stderr
        return json.loads(report.read_text())

    return play


@pytest.mark.timeout(150)
def test_a_quarter_of_a_minute_of_faults_and_kills_leaves_books_that_agree(chaos):
    report = chaos("--seconds", "15", "--quiet", "4", "--strike-every", "6", "--seed", "11")
    assert report["differences"] == []
    assert report["strikes"]["kill -9"] + report["strikes"]["SIGSTOP"] >= 2
    assert report["fills"] > 10


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_five_minutes_of_faults_and_kills_leave_books_that_agree(chaos, seed):
    assert chaos("--seconds", "300", "--seed", str(seed))["differences"] == []


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_books_in_postgresql_agree_after_a_minute_of_faults_and_kills(chaos, postgres_url):
    report = chaos("--seconds", "60", "--seed", "3", "--market", "spot", "--spot-db", postgres_url)
    assert report["differences"] == []
