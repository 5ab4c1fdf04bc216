"""Where the real captures are, and what their manifest says of them."""

import json
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CAPTURES = SHARED_DATA / "ws" / "captures"


def _tapes() -> list[Path]:
    if not CAPTURES.is_dir():
        return []
    files = [*CAPTURES.glob("hftbacktest/*.gz"), *CAPTURES.glob("binance_data_processor/*.gz")]
    return sorted([*files, *CAPTURES.glob("cryptofeed/*")])


@pytest.fixture
def captures() -> Path:
    if not CAPTURES.is_dir():
        pytest.skip(f"the recorded captures are not there: {CAPTURES}")
    return CAPTURES


@pytest.fixture
def capture_manifest() -> str:
    manifest = SHARED_DATA / "MANIFEST.md"
    if not manifest.is_file():
        pytest.skip(f"the manifest of the captures is not there: {manifest}")
    return manifest.read_text()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "tape" in metafunc.fixturenames:
        tapes = _tapes()
        missing = pytest.mark.skip(reason=f"the recorded captures are not there: {CAPTURES}")
        metafunc.parametrize(
            "tape",
            tapes or [pytest.param(None, marks=missing)],
            ids=[tape.name for tape in tapes] or ["absent"],
        )


@pytest.fixture
def archive_samples() -> Path:
    """Real files of the public archive."""
    folder = SHARED_DATA / "history" / "data.binance.vision"
    if not folder.is_dir():
        pytest.skip(f"the archive's files are not there: {folder}")
    return folder


@pytest.fixture
def kline_gaps() -> dict[str, dict[str, object]]:
    """By file: what is known of its rows."""
    path = SHARED_DATA / "vectors" / "kline_gaps.json"
    if not path.is_file():
        pytest.skip(f"the known gaps are not there: {path}")
    return {case["file"]: case for case in json.loads(path.read_text())["cases"]}
