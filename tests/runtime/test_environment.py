from bot.runtime.environment import Environment, latest_of

BASE = Environment.of(venue="sim", market="spot", where="http://127.0.0.1:9000", api_key="k")


def test_text_and_back():
    assert Environment.parse(str(BASE.next())) == BASE.next()


def test_the_key_itself_is_not_in_the_name():
    secret = "a-very-special-key"
    made = Environment.of(venue="live", market="spot", where="x", api_key=secret)
    assert secret not in str(made)


def test_two_accounts_or_addresses_are_two_environments():
    other = Environment.of(venue="sim", market="spot", where="http://127.0.0.1:9001", api_key="k")
    assert str(other) != str(BASE)
    assert str(Environment.of(venue="sim", market="spot", where=BASE.where, api_key="j")) != str(
        BASE
    )


def test_the_newest_incarnation_is_taken_and_strangers_are_not():
    stranger = Environment.of(venue="sim", market="spot", where="embedded", api_key="k")
    known = [str(BASE), str(BASE.next()), str(stranger.next().next())]
    assert latest_of(BASE, known) == BASE.next()
    assert latest_of(BASE, []) == BASE
