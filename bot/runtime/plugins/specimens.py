"""An event of any kind, with plausible values, for kinds that a rehearsal has no market for."""

from typing import Any

import msgspec

from bot.domain.commands import Subscription
from bot.domain.market import MarketEvent
from bot.domain.values import WHOLE_MARKET
from bot.strategy.market import CALLBACK_OF

__all__ = ["specimen"]


def specimen(wish: Subscription, symbol: str, price: float, now_ns: int) -> MarketEvent:
    """What the subscription could bring: every number is ``price``, every time is now.

    ``symbol`` is what an event of the whole market is about.
    """
    event_type, _ = CALLBACK_OF[wish.kind]
    whole = wish.symbol.rpartition(":")[2] == WHOLE_MARKET
    values: dict[str, Any] = {"symbol": symbol if whole else wish.symbol}
    known = {
        "from_array": whole,
        "interval": wish.detail,
        "window": wish.detail,
        "source": wish.kind.value.partition("_")[0],
        "speed_ms": wish.speed_ms,
        "side": "BUY",
        "depth": 20,
    }
    for field in msgspec.structs.fields(event_type):
        if field.name not in values:
            values[field.name] = known.get(
                field.name, _value(field.name, field.type, price, now_ns)
            )
    made: MarketEvent = event_type(**values)
    return made


def _value(name: str, kind: Any, price: float, now_ns: int) -> Any:
    if name.endswith("_ns"):
        return now_ns
    if kind is str:
        return ""
    if kind is bool:
        return False
    if kind is int:
        return 1
    return price if kind is float or kind == (float | None) else ()
