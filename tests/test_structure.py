"""What no linter holds: sizes, names, one home for each thing."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "bot").rglob("*.py"))
OURS = [*MODULES, *sorted((ROOT / "strategies").glob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FORBIDDEN = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "tools"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def source_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*OURS, *TESTS], ids=name_of)
def test_a_file_fits_into_a_readers_head(path):
    assert len(source_of(path).splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_no_function_is_a_wall(path):
    for node in ast.walk(ast.parse(source_of(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # The signature of a command and what its --help says are not code.
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_a_module_is_a_noun_that_says_what_it_is(path):
    assert not FORBIDDEN & set(path.stem.split("_"))


def test_the_status_of_an_order_changes_in_one_file():
    pattern = re.compile(r"\border\.status\s*=[^=]|self\.status = target")
    places = [
        name_of(path)
        for path in MODULES
        if "simulation" not in path.parts and pattern.search(source_of(path))
    ]
    assert places == ["bot/domain/order.py"]


def test_the_environment_is_read_by_the_settings_alone():
    places = [name_of(path) for path in MODULES if "os.environ" in source_of(path)]
    assert set(places) <= {"bot/runtime/settings.py"}


def test_a_broad_except_stands_only_at_a_named_wall():
    for path in OURS:
        for number, line in enumerate(source_of(path).splitlines(), 1):
            if re.match(r"\s*except Exception\b", line):
                assert "wall:" in line, f"{name_of(path)}:{number}: {line.strip()}"


def test_no_task_is_left_without_an_owner():
    """``tasks.create_task`` of a group, or a result that is kept."""
    for path in MODULES:
        for node in ast.walk(ast.parse(source_of(path))):
            if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
                continue
            called = node.value.func
            if isinstance(called, ast.Attribute) and called.attr in {
                "create_task",
                "ensure_future",
            }:
                owner = ast.unparse(called.value)
                assert "tasks" in owner, f"{name_of(path)}:{node.lineno}: {owner}.{called.attr}"


def test_no_file_names_a_package_registry():
    registries = ("pypi.org", "pythonhosted.org", "npmjs.org")
    for pattern in ("*.toml", "*.lock", "Makefile", "*.md", "*.in", ".ci/run"):
        for path in ROOT.glob(pattern):
            assert not any(name in source_of(path) for name in registries), path.name


def test_every_requirement_in_the_lock_files_has_a_hash():
    for path in ROOT.glob("requirements*.lock"):
        text = source_of(path).replace("\\\n", " ")
        for line in text.splitlines():
            if line.strip():
                assert "--hash=sha256:" in line, f"{path.name}: {line[:60]}"


def test_no_module_is_dead():
    """Each has a test of its name, or is named by a test or by another module."""
    tests = list((ROOT / "tests").rglob("*.py"))
    texts = {path: source_of(path) for path in [*tests, *MODULES]}
    dead = []
    for path in MODULES:
        if path.stem.startswith("__"):
            continue
        dotted = name_of(path).removesuffix(".py").replace("/", ".")
        package = dotted.rpartition(".")[0]
        names = (dotted, f"from {package} import {path.stem}")
        is_command = path.parent.name == "cli"
        mirrored = any(other.name == f"test_{path.stem}.py" for other in tests)
        named = any(n in text for other, text in texts.items() if other != path for n in names)
        if not (is_command or mirrored or named):
            dead.append(name_of(path))
    assert not dead, dead
