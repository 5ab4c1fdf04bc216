"""``bot db`` as a person types it."""

import json
import sqlite3

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import db
from bot.domain.errors import DatabaseError, UserError
from bot.storage import migrate


@pytest.fixture
def bot():
    """Run a command; its exit code and output, or the UserError that main() would print."""
    app = typer.Typer(pretty_exceptions_enable=False)
    db.register(app)
    app.command("other")(lambda: None)

    def run(*words):
        result = CliRunner().invoke(app, ["db", *words])
        if isinstance(result.exception, UserError):
            raise result.exception
        return result.exit_code, result.output

    return run


def test_each_command_explains_itself_with_an_example(bot):
    for command in ("upgrade", "downgrade", "current", "backup", "verify"):
        code, text = bot(command, "--help")
        assert code == 0
        assert f"Example: bot db {command}" in text


def test_up_current_down(bot, any_url):
    newest = migrate.head()
    assert bot("upgrade", "--db", any_url) == (
        0,
        f"the database was at nothing, is now at revision {newest}\n",
    )
    assert bot("upgrade", "--db", any_url) == (0, f"the database is at revision {newest} already\n")
    code, text = bot("current", "--db", any_url, "--format", "json")
    assert (code, json.loads(text)["is_current"]) == (0, True)
    code, text = bot("downgrade", "base", "--db", any_url, "--without-backup")
    assert (code, text) == (0, f"the database was at {newest}, is now at revision base\n")
    assert "run: bot db upgrade" in bot("current", "--db", any_url)[1]


def test_going_down_keeps_a_copy(bot, sqlite_url, tmp_path):
    bot("upgrade", "--db", sqlite_url)
    bot("downgrade", "--db", sqlite_url)
    (copy,) = tmp_path.glob("*.bak")
    kept = sqlite3.connect(copy)
    assert kept.execute("SELECT count(*) FROM orders").fetchone() == (0,)
    kept.close()


def test_going_down_on_a_server_asks_for_a_dump(bot, postgres_url):
    bot("upgrade", "--db", postgres_url)
    with pytest.raises(DatabaseError, match="pg_dump"):
        bot("downgrade", "--db", postgres_url)


async def test_verify_counts_and_fails_on_a_difference(bot, sqlite_url, ledger, fill_database):
    await fill_database(sqlite_url, ledger.run(), *ledger.life("a", fills=[("1", "100")]))
    code, text = bot("verify", "--db", sqlite_url)
    assert (code, text) == (0, "1 orders, 4 events, 1 fills: 0 differences\n")
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    connection.execute("UPDATE orders SET filled = '0.9'")
    connection.commit()
    connection.close()
    code, text = bot("verify", "--db", sqlite_url)
    assert (code, "2 differences" in text) == (1, True)
    code, text = bot("verify", "--db", sqlite_url, "--format", "json")
    assert (code, [d["kind"] for d in json.loads(text)["differences"]]) == (
        1,
        ["order_field", "fill_sum"],
    )


def test_backup_says_how_large_it_is(bot, sqlite_url, tmp_path):
    bot("upgrade", "--db", sqlite_url)
    code, text = bot("backup", str(tmp_path / "copy.db"), "--db", sqlite_url)
    assert code == 0
    assert "bytes, checked" in text


def test_the_setting_is_the_default(bot, sqlite_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_DB", sqlite_url)
    assert bot("upgrade")[0] == 0
    assert (tmp_path / "bot.db").is_file()
