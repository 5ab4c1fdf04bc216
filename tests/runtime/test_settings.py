from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.runtime.settings import (
    FuturesSettings,
    RiskSettings,
    Settings,
    load_settings,
    parse_duration_s,
)

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(__import__("os").environ):
        if name.startswith("BOT_"):
            monkeypatch.delenv(name)


def test_defaults_trade_on_the_simulated_exchange():
    settings = load_settings()
    assert (settings.venue, settings.symbols, settings.db) == (
        "sim",
        ("BTCUSDT",),
        "sqlite:///bot.db",
    )


def test_the_command_line_beats_the_environment_beats_dotenv_beats_toml(tmp_path, monkeypatch):
    Path("bot.toml").write_text('db = "sqlite:///toml.db"\nlog_level = "ERROR"\non_stop = "keep"\n')
    Path(".env").write_text("BOT_DB=sqlite:///dotenv.db\nBOT_LOG_LEVEL=WARNING\n")
    monkeypatch.setenv("BOT_DB", "sqlite:///environment.db")
    assert load_settings(db="sqlite:///line.db").db == "sqlite:///line.db"
    settings = load_settings()
    assert settings.db == "sqlite:///environment.db"
    assert settings.log_level == "WARNING"
    assert settings.on_stop == "keep"


def test_nested_risk_bounds_come_from_the_environment_and_stay_exact(monkeypatch):
    monkeypatch.setenv("BOT_RISK__MAX_ORDER_NOTIONAL", "0.1")
    assert load_settings().risk.max_order_notional == Decimal("0.1")


def test_lists_are_separated_by_blanks_so_that_parameters_keep_their_commas(monkeypatch):
    monkeypatch.setenv("BOT_STRATEGIES", "sma_cross:fast=5,slow=20  quoting")
    assert load_settings().strategies == ("sma_cross:fast=5,slow=20", "quoting")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("BOT_VENUE", "mars", "venue (BOT_VENUE) 'mars': Input should be 'sim'"),
        ("BOT_RECV_WINDOW_MS", "70000", "less than or equal to 60000"),
        ("BOT_RISK__PRICE_COLLAR", "abc", "risk.price_collar (BOT_RISK__PRICE_COLLAR) 'abc'"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it_and_what_is_allowed(
    monkeypatch, variable, value, says
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_setting_that_does_not_exist_is_refused_with_those_that_do():
    Path("bot.toml").write_text("colour = 3\n")
    with pytest.raises(SettingsError, match="setting colour does not exist; there are: api_key"):
        load_settings()


def test_a_toml_file_that_cannot_be_read_names_the_line():
    path = Path("mine.toml")
    path.write_text("db = \n")
    with pytest.raises(SettingsError, match=r"mine.toml cannot be read: .*line 1"):
        load_settings(config=path)


def test_a_missing_config_file_is_named():
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(config=Path("absent.toml"))


def test_secrets_are_neither_in_the_text_nor_in_the_digest_nor_in_an_error(monkeypatch):
    monkeypatch.setenv("BOT_API_SECRET", "open sesame")
    settings = load_settings()
    assert "open sesame" not in repr(settings) + str(settings) + settings.model_dump_json()
    other = settings.model_copy(update={"api_secret": type(settings.api_secret)("another")})
    assert settings.digest() == other.digest()


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1.5h", 5400), ("500ms", 0.5), ("7", 7)]
)
def test_durations(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "-5s", "5 years"])
def test_what_is_no_duration_says_how_to_write_one(text):
    with pytest.raises(SettingsError, match="write it like 30s"):
        parse_duration_s(text)


def test_every_setting_stands_in_the_example_file_with_its_default():
    lines = dict(
        line.split("=", 1)
        for line in EXAMPLE.read_text().splitlines()
        if line and not line.startswith("#")
    )
    parts = {"risk": RiskSettings, "futures": FuturesSettings}
    names = {f"BOT_{name}".upper() for name in Settings.model_fields if name not in parts}
    names |= {
        f"BOT_{part}__{name}".upper() for part, kind in parts.items() for name in kind.model_fields
    }
    assert set(lines) == names


def test_the_example_file_as_it_stands_gives_the_defaults():
    Path(".env").write_text(EXAMPLE.read_text())
    assert load_settings().model_dump() == Settings.model_construct().model_dump() | {
        "risk": RiskSettings().model_dump()
    }


def test_each_line_of_the_example_file_is_explained():
    previous = ""
    for line in EXAMPLE.read_text().splitlines():
        if line.startswith("BOT_"):
            assert previous.startswith(("# ", "BOT_API_KEY")), line
        previous = line
