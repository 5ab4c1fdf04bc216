"""The snippets of docs/simulator.md for clients that `make test` does not have."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

TEXT = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ccxt_client.py", r"closed\n[0-9.]+\n"),
        ("sdk_spot.py", r"\[.*'[0-9.]+'.*\]\n"),
        ("python_binance.py", "FILLED"),
    ],
)
def test_the_snippet_runs(exchange, tmp_path, name, said):
    script = tmp_path / name
    script.write_text(dict(BLOCKS)[name].replace("127.0.0.1:9000", exchange.http[7:]))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.match(said, done.stdout), done.stdout
