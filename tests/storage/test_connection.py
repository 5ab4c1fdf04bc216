"""URLs are read, drivers chosen, and wrong ones refused in one line."""

import importlib.util

import pytest

from bot.domain.errors import DatabaseError
from bot.storage.connection import normalise_url, shown


@pytest.mark.parametrize("given", ["postgresql://u@h/d", "postgres://u@h/d"])
def test_postgresql_goes_through_psycopg(given):
    assert normalise_url(given).drivername == "postgresql+psycopg"


def test_sqlite_goes_through_the_standard_library():
    assert normalise_url("sqlite:///bot.db").drivername == "sqlite+pysqlite"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("bot.db", "cannot be read"),
        ("mysql://h/d", "not supported"),
        ("sqlite://", "keeps nothing"),
        ("sqlite:///:memory:", "keeps nothing"),
    ],
)
def test_other_urls_are_refused(url, words):
    with pytest.raises(DatabaseError, match=words):
        normalise_url(url)


def test_a_url_that_cannot_be_read_is_not_repeated():
    with pytest.raises(DatabaseError) as caught:
        normalise_url("://bot:hunter2@")
    assert "hunter2" not in str(caught.value)


def test_a_missing_driver_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DatabaseError, match=r'pip install "\.\[postgres\]"'):
        normalise_url("postgresql://u@h/d")


def test_passwords_are_not_shown():
    assert "hunter2" not in shown(normalise_url("postgresql://u:hunter2@h/d"))
