"""Both sides find the same files from the database's URL."""

import os

from bot.runtime.control.places import places_of


def test_they_are_beside_the_database(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    places = places_of("sqlite:////a/b.db")
    assert [str(path) for path in (places.socket, places.halt, places.deeds)] == [
        "/a/b.db.sock",
        "/a/b.db.halt",
        "/a/b.db.deeds",
    ]
    assert places_of("sqlite:///a/b.db") == places


def test_a_path_that_is_too_long_for_a_socket_gets_a_short_one(tmp_path):
    long = tmp_path / ("x" * 120)
    places = places_of(f"sqlite:///{long}/b.db")
    assert len(os.fsencode(places.socket)) <= 100
    assert places.socket == places_of(f"sqlite:///{long}/b.db").socket
    assert places.socket != places_of(f"sqlite:///{long}/c.db").socket
    assert places.halt.parent == long


def test_those_of_a_server_are_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = places_of("postgresql://user:password@host/trades")
    assert places.halt == tmp_path / "trades.halt"
