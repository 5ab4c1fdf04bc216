"""A sound database has no difference; each kind of lie is found."""

import pytest

from bot.domain.values import SECOND_NS, Side
from bot.storage.connection import normalise_url, writing_engine
from bot.storage.verify import verify


@pytest.fixture
async def sound(any_url, ledger, fill_database):
    await fill_database(
        any_url,
        ledger.run(),
        *ledger.life("a", fills=[("0.4", "100"), ("0.6", "100.00000001")]),
        *ledger.life("b", Side.SELL, fills=[("0.25", "101")]),
        *ledger.life("c", fills=[("1", "99")], fee="0.001", fee_asset="BTC"),
        *ledger.life("d", Side.SELL, fills=[("1", "99")], strategy_id="quoting"),
        ledger.ended(),
    )
    return any_url


@pytest.fixture
def lie(sound):
    """Change the database behind the bot's back, and verify."""

    def tell(statement):
        engine = writing_engine(normalise_url(sound))
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()
        return [(found.kind, found.subject) for found in verify(sound).differences]

    return tell


async def test_a_sound_database_has_no_difference(sound):
    found = verify(sound)
    assert found.differences == ()
    assert (found.orders, found.events, found.fills) == (4, 17, 5)
    assert found.unsettled == ()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE orders SET status = 'CANCELED' WHERE client_order_id = 'a'", ("order_field", "a")),
        ("UPDATE orders SET price = '100.1' WHERE client_order_id = 'b'", ("order_field", "b")),
        ("DELETE FROM orders WHERE client_order_id = 'a'", ("order_missing", "a")),
        (
            "DELETE FROM order_events WHERE client_order_id = 'a' AND number = 3",
            ("event_number", "a"),
        ),
        (
            "DELETE FROM order_events WHERE client_order_id = 'b'",
            ("order_events_missing", "b"),
        ),
        (
            "UPDATE order_events SET status_after = 'OPEN' WHERE number = 1",
            ("event_status", "b"),
        ),
        (
            "UPDATE order_events SET payload = '{}' WHERE client_order_id = 'b' AND number = 2",
            ("event_unreadable", "b"),
        ),
        ("DELETE FROM fills WHERE trade_id = 3", ("fill_sum", "b")),
        ("UPDATE fills SET quantity = '0.3' WHERE trade_id = 3", ("fill_sum", "b")),
        (
            "UPDATE fills SET position_after = '0.8' WHERE trade_id = 3",
            ("fill_position", "BTCUSDT trade 3"),
        ),
        (
            "UPDATE fills SET client_order_id = 'nobody' WHERE trade_id = 3",
            ("fill_order_missing", "BTCUSDT trade 3"),
        ),
    ],
)
async def test_a_lie_is_found(lie, statement, expected):
    assert expected in lie(statement)


async def test_a_last_event_that_is_lost_is_found(lie):
    found = lie("DELETE FROM order_events WHERE client_order_id = 'a' AND number = 5")
    assert ("order_field", "a") in found


async def test_one_wrong_position_is_one_difference(lie):
    assert lie("UPDATE fills SET position_after = '7' WHERE trade_id = 2") == [
        ("fill_position", "BTCUSDT trade 2"),
        # The next fill of that strategy no longer follows from it.
        ("fill_position", "BTCUSDT trade 3"),
    ]


async def test_an_order_without_an_outcome_is_reported_apart(any_url, ledger, fill_database):
    life = ledger.life("a")[:4]  # intended and submitted, never answered
    await fill_database(any_url, ledger.run(), *life)
    soon = verify(any_url, now_ns=ledger.now_ns + 10 * SECOND_NS)
    late = verify(any_url, now_ns=ledger.now_ns + 3600 * SECOND_NS)
    assert (soon.differences, soon.unsettled) == ((), ())
    assert (late.differences, late.unsettled) == ((), ("sim:spot a SUBMITTED",))


async def test_a_fee_in_the_quote_asset_leaves_the_position(any_url, ledger, fill_database):
    await fill_database(
        any_url,
        ledger.run(),
        *ledger.life("a", fills=[("1", "100")], fee="0.1", fee_asset="BNB"),
        *ledger.life("b", fills=[("1", "2")], fee="0.001", fee_asset="BNB", symbol="BNBUSDT"),
    )
    assert verify(any_url).differences == ()


async def test_values_are_compared_not_their_digits(lie, any_url):
    if any_url.startswith("sqlite"):
        assert lie("UPDATE orders SET price = '100.000' WHERE client_order_id = 'b'") == []
