import json

from bot.runtime.logs import configure, logger


def test_a_secret_is_masked_on_the_console_and_in_the_file(tmp_path, capsys):
    path = tmp_path / "bot.log"
    configure(level="INFO", style="text", path=str(path), secrets=["open sesame"])
    logger.bind(source="x").info("signed with {}", "open sesame")
    logger.complete()
    configure(level="INFO", style="text")
    assert "open sesame" not in capsys.readouterr().err + path.read_text()
    assert "signed with ***" in path.read_text()


def test_json_lines_are_for_machines(capsys):
    configure(level="INFO", style="json")
    logger.bind(source="sma").warning("hello")
    record = json.loads(capsys.readouterr().err)["record"]
    assert (record["message"], record["extra"]["source"]) == ("hello", "sma")
    configure(level="INFO", style="text")


def test_while_a_live_display_is_there_only_warnings_are_shown(capsys):
    configure(level="INFO", style="text", quiet=True)
    logger.info("quiet")
    logger.warning("loud")
    shown = capsys.readouterr().err
    assert "loud" in shown
    assert "quiet" not in shown
    configure(level="INFO", style="text")
