"""One tree of errors, by what to do next, each carrying its data."""

import pytest

from bot.domain import errors
from bot.domain.errors import (
    BotError,
    IllegalTransition,
    Rejected,
    Throttled,
    UserError,
    VenueError,
)


@pytest.mark.parametrize("name", errors.__all__)
def test_everything_that_we_raise_is_a_bot_error(name):
    assert issubclass(getattr(errors, name), BotError)


@pytest.mark.parametrize(
    "name", ["SettingsError", "StrategyError", "DatabaseError", "DataError", "VenueSetupError"]
)
def test_what_a_person_can_mend_is_a_user_error(name):
    assert issubclass(getattr(errors, name), UserError)


@pytest.mark.parametrize(
    "name", ["NotSent", "Rejected", "Throttled", "OutcomeUnknown", "Unavailable"]
)
def test_what_the_exchange_did_is_a_venue_error(name):
    assert issubclass(getattr(errors, name), VenueError)
    assert not issubclass(getattr(errors, name), UserError)


def test_errors_carry_data_and_build_their_text_from_it():
    rejected = Rejected(-2010, "Account has insufficient balance")
    assert (rejected.code, rejected.reason) == (-2010, "Account has insufficient balance")
    assert str(rejected) == "Account has insufficient balance (-2010)"
    throttled = Throttled(2.5, "too many requests")
    assert throttled.retry_after_s == 2.5
    assert str(throttled) == "too many requests; wait 2.5 s"
    illegal = IllegalTransition("c", "FILLED", "OrderRefused")
    assert str(illegal) == "order c is FILLED: OrderRefused cannot follow"
