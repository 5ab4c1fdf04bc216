"""``bot doctor`` says what would stop a run, before the run."""

import json

import pytest

RUN = ("--venue", "sim", "--symbol", "BTCUSDT", "--strategy", "quoting")


def examined(desk, *arguments):
    done = desk.bot("doctor", *RUN, "--db", desk.db, "--format", "json", *arguments)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    return done.returncode, answer["state"], {f["name"]: f for f in answer["findings"]}


def test_a_machine_that_is_ready(desk, served):
    code, state, found = examined(desk, "--venue-url", served.url)
    assert (code, state) == (0, "OK"), found
    assert set(found) == {
        "settings",
        "strategy",
        "bot",
        "halt",
        "database",
        "disk",
        "exchange",
        "clock",
        "symbols",
        "keys",
        "weight",
    }
    assert "will be made" in found["database"]["text"]
    text = desk.bot("doctor", *RUN, "--db", desk.db, "--venue-url", served.url).stdout
    assert text.startswith("OK    settings")


def test_everything_that_is_wrong_is_named_with_what_to_do(desk, served):
    desk.run(*RUN, "--venue-url", served.url, seconds=2)
    assert desk.bot("halt", "--reason", "holiday", "--db", desk.db).returncode == 0
    served.faults({"kind": "clock_skew", "ms": 60_000, "for_s": 60})
    code, state, found = examined(desk, "--venue-url", served.url, "--symbol", "NOSUCH")
    assert (code, state) == (1, "FAIL")
    assert (found["halt"]["state"], found["halt"]["todo"]) == ("WARN", "bot resume")
    assert "holiday" in found["halt"]["text"]
    assert found["database"]["state"] == "OK"
    assert found["clock"]["state"] == "FAIL"
    assert "NTP" in found["clock"]["todo"]
    assert found["symbols"]["state"] == "FAIL"
    assert "NOSUCH" in found["symbols"]["text"]


def test_a_key_that_is_not_known(desk, served):
    desk._environment |= {"BOT_API_KEY": "nobody", "BOT_API_SECRET": "x" * 20}
    code, _, found = examined(desk, "--venue-url", served.url)
    assert code == 1
    assert found["keys"]["state"] == "FAIL"
    assert "API key" in found["keys"]["todo"]


def test_an_exchange_that_is_not_there_and_a_strategy_that_does_not_load(desk):
    (desk.folder / "broken.py").write_text("class Broken(")
    arguments = ("--venue-url", "http://127.0.0.1:9", "--strategy", f"{desk.folder}/broken.py")
    done = desk.bot("doctor", *arguments, "--db", desk.db, "--format", "json")
    found = {f["name"]: f for f in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert found["exchange"]["state"] == "FAIL"
    assert found["strategy"]["state"] == "FAIL"


@pytest.mark.timeout(60)
def test_a_database_that_another_revision_made(desk, served):
    assert desk.bot("db", "upgrade", "--db", desk.db).returncode == 0
    down = desk.bot("db", "downgrade", "--db", desk.db, "0001")
    assert down.returncode == 0, down.stderr
    code, _, found = examined(desk, "--venue-url", served.url)
    assert code == 1
    assert found["database"]["todo"].startswith("bot db upgrade")
