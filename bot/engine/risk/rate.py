"""How many orders were sent within the last second."""

from collections import deque
from typing import Final

from bot.domain.values import SECOND_NS

__all__ = ["Rate"]

_ALL: Final = "*"


class Rate:
    """Counts by strategy and for the account, over a second that moves."""

    def __init__(self) -> None:
        self._sent: dict[str, deque[int]] = {}

    def violation(self, strategy_id: str, now_ns: int, of_strategy: int, of_account: int) -> str:
        """Why no order may be sent now, or ''; a bound of 0 is none."""
        for owner, bound, whose in (
            (strategy_id, of_strategy, ""),
            (_ALL, of_account, " by all strategies"),
        ):
            recent = self._sent.setdefault(owner, deque())
            while recent and recent[0] <= now_ns - SECOND_NS:
                recent.popleft()
            if bound and len(recent) >= bound:
                return f"MAX_ORDER_RATE: {bound} orders were sent{whose} in the last second"
        return ""

    def count(self, strategy_id: str, now_ns: int) -> None:
        """One more was sent."""
        for owner in (strategy_id, _ALL):
            self._sent.setdefault(owner, deque()).append(now_ns)
