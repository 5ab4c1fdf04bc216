"""Secrets stay where they are."""

import pytest


@pytest.mark.timeout(90)
def test_a_secret_is_in_no_log_no_database_and_no_output(desk, serve):
    secret = "ThisMustNeverBeSeen0123456789"
    exchange = serve("--seed", "3", "--account", f"my-own-key-77:{secret}")
    (desk.folder / ".env").write_text(f"BOT_API_KEY=my-own-key-77\nBOT_API_SECRET={secret}\n")
    (desk.folder / "bot.toml").write_text('log_level = "DEBUG"\nlog_file = "bot.log"\n')
    exchange.faults({"kind": "http", "match": "POST /api/v3/order", "status": 503, "every": 3})
    done = desk.bot(
        *("run", "--for", "5s", "--db", desk.db, "--venue-url", exchange.url),
        *("--strategy", "quoting", "--symbol", "BTCUSDT"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.rows("SELECT count(*) FROM orders")[0][0] > 0
    wrong = desk.bot(
        *("run", "--for", "2s", "--db", desk.db, "--venue-url", "http://127.0.0.1:1"),
        *("--strategy", "quoting", "--symbol", "BTCUSDT"),
    )
    assert wrong.returncode == 1
    texts = [done.stdout, done.stderr, wrong.stdout, wrong.stderr]
    texts += [
        path.read_bytes().decode("latin-1")
        for path in desk.folder.iterdir()
        if path.is_file() and path.name != ".env"
    ]
    for text in texts:
        assert secret not in text
        assert "signature=" not in text
        assert "my-own-key-77" not in text
