"""Known answers from the shared data, where it is there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors"


@pytest.fixture
def vector_cases() -> Callable[[str], list[dict[str, Any]]]:
    """The cases of ``vectors/<name>.json``; skips where the shared data is absent."""

    def cases(name: str) -> list[dict[str, Any]]:
        path = VECTORS / f"{name}.json"
        if not path.exists():
            pytest.skip(f"no shared data: {path.name} is absent")
        found = json.loads(path.read_text())["cases"]
        assert found, f"{path.name} holds no cases"
        return found

    return cases
