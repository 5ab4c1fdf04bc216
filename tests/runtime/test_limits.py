"""What `--limits` takes, and what it says of what it does not."""

import json

import pytest

from bot.domain.errors import SettingsError
from bot.runtime.limits import changed, parse_limits
from bot.simulation.wire.rules import WireRules


def test_nothing_changes_nothing():
    assert changed(WireRules(), parse_limits("")) == WireRules()


def test_pairs_and_a_file_say_the_same(tmp_path):
    path = tmp_path / "limits.json"
    path.write_text(json.dumps({"lifetime_s": 60, "connects": 20}))
    for text in ("lifetime_s=60,connects=20", "lifetime_s=60.0, connects=20", str(path)):
        rules = changed(WireRules(), parse_limits(text))
        assert rules == WireRules(lifetime_s=60.0, connects=20)
        assert isinstance(rules.connects, int)


def test_what_only_futures_have_leaves_spot_alone():
    assert changed(WireRules(), parse_limits("listen_key_s=5")) == WireRules()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lifetime=60", "there is no 'lifetime'"),
        ("lifetime_s=", "lifetime_s= is wrong: it takes seconds above 0"),
        ("lifetime_s=0", "seconds above 0"),
        ("lifetime_s=nan", "seconds above 0"),
        ("connects=2.5", "a count"),
        ("connects=-1", "a count"),
        ("connects=1e999", "a count"),
        ("/no/file", "cannot read /no/file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text, said):
    with pytest.raises(SettingsError) as caught:
        parse_limits(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("body", ["[]", "{nope", '{"connects": null}'])
def test_a_file_that_is_no_object_of_numbers_is_refused(tmp_path, body):
    path = tmp_path / "limits.json"
    path.write_text(body)
    with pytest.raises(SettingsError):
        parse_limits(str(path))
