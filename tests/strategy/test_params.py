"""The typed, validated parameters of a strategy."""

import pytest
from pydantic import Field, ValidationError

from bot.strategy.params import StrategyParams


class Params(StrategyParams):
    fast: int = Field(5, ge=1, description="bars in the fast average")
    size_quote: float = 50.0


def test_parameters_have_defaults_and_are_read_from_text():
    assert Params().fast == 5
    assert Params(fast="7", size_quote="12.5") == Params(fast=7, size_quote=12.5)


def test_a_value_out_of_bounds_is_refused():
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Params(fast=0)


def test_a_name_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Params(fats=3)


def test_parameters_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Params().fast = 6
