"""What the README shows works."""

import re
from pathlib import Path

import pytest

from bot.testing import Stage

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", PYTHON)
def test_a_strategy_in_the_readme_trades(code, tmp_path):
    path = tmp_path / "shown.py"
    path.write_text(code)
    stage = Stage(f"{path}:size_quote=20")
    stage.quote(99.9, 100.1)
    stage.quote(99.8, 100.0)
    assert len(stage.orders) == 1
    assert 19 < stage.orders[0].filled_quote <= 20


def test_the_two_commands_stand_at_the_top():
    top = README.splitlines()[:6]
    assert any("make demo" in line for line in top)
    assert any("make test" in line for line in top)


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name)
def test_links_of_the_pages_lead_somewhere(page):
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose):
        if "://" not in target:
            assert (page.parent / target).exists(), target
