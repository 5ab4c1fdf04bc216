"""docs/review.md is run, not only read."""

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from bot.cli.app import build

PAGE = (Path(__file__).parents[2] / "docs" / "review.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_query_of_the_page_gives_rows(day_sql):
    queries = blocks("sql")

    assert len(queries) >= 7
    for query in queries:
        assert day_sql.execute(query).fetchall(), query


def test_every_command_of_the_page_works(day_file):
    commands = [line for block in blocks("sh") for line in block.splitlines() if line]

    assert len(commands) >= 9
    for command in commands:
        program, *arguments = shlex.split(command)
        result = CliRunner().invoke(build(), [*arguments, "--db", f"sqlite:///{day_file}"])
        assert (program, result.exit_code) == ("bot", 0), (command, result.exception)
        assert result.stdout, command


def test_every_review_command_is_on_the_page():
    from bot.cli import review

    for command in ("overview", "orders", "order", "fills", "trades", "pnl", "incidents", "runs"):
        assert hasattr(review, command)
        assert f"bot review {command}" in PAGE
