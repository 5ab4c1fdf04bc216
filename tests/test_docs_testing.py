"""docs/testing.md against the code: its snippets run, the files that it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
PATHS = re.findall(r"`(tests/[a-z_/.]+)`", TEXT)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_snippet_runs(block):
    exec(compile(block, "docs/testing.md", "exec"), {"__name__": "docs"})


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_is_named_exists(path):
    assert (ROOT / path).exists()
