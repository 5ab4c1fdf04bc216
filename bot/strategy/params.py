"""The typed, validated parameters of a strategy."""

from pydantic import BaseModel, ConfigDict

__all__ = ["StrategyParams"]


class StrategyParams(BaseModel):
    """Base of a strategy's parameters: plain annotated fields with defaults and bounds.

    Frozen; an unknown name is an error, so that a typing mistake cannot pass unseen; defaults
    keep their own bounds::

        class Params(StrategyParams):
            fast: int = Field(5, ge=1, description="bars in the fast average")
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
