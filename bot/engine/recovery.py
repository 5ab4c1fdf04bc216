"""Start-up is recovery: the engine as it was when the last process ended, however that was."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.values import SECOND_NS
from bot.engine.margin import FUNDING

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["restore"]

_DAY_NS: Final = 86_400 * SECOND_NS
_SWEPT_TO: Final = "swept_to:"


def restore(
    engine: "Engine",
    *,
    now_ns: int,
    orders: Sequence[Order],
    fills: Sequence[tuple[Fill, str, Decimal | None]],
    engine_state: Mapping[str, str],
    open_incidents: Sequence[str],
) -> None:
    """Fold what was stored back in. Call once, before the first ``feed``.

    Args:
        engine: a new engine.
        now_ns: the present time.
        orders: open ones and those that ended lately.
        fills: (fill, strategy id, fee in quote units), oldest first: positions are their sum.
        engine_state: what the engine itself had saved.
        open_incidents: ids of incidents that the earlier process left open.
    """
    engine.now_ns = now_ns
    engine.inquiry.resolver.started_ns = now_ns
    engine.blotter.restore(orders)
    earned_before_today = _restore_fills(engine, fills, now_ns)
    engine.begin_day(earned_before_today)
    for key, value in engine_state.items():
        if key.startswith(_SWEPT_TO):
            engine.sight.swept_to[key.removeprefix(_SWEPT_TO)] = json.loads(value)
    engine.halted = json.loads(engine_state.get("halt", '""'))
    engine.lists.restore(dict(engine_state))
    engine.account.margin.restore(engine_state.get(FUNDING, ""))
    engine.refresh_gate()
    for incident_id in open_incidents:
        engine.close_incident(incident_id, "the process was restarted")
    for order in engine.blotter.open_orders():
        engine.desk.recover(order)


def _restore_fills(
    engine: "Engine", fills: Sequence[tuple[Fill, str, Decimal | None]], now_ns: int
) -> dict[str, Decimal]:
    """Book the fills; what each quote asset had earned when today began (00:00 UTC)."""
    midnight_ns = now_ns // _DAY_NS * _DAY_NS
    earned: dict[str, Decimal] = {}
    for fill, strategy_id, fee_quote in fills:
        instrument = engine.cache.instruments.get(fill.symbol)
        _, realised = engine.blotter.book(
            strategy_id, fill, instrument=instrument, fee_quote=fee_quote
        )
        if instrument is None:
            continue
        earned.setdefault(instrument.quote, Decimal(0))
        if fill.ts_ns < midnight_ns:
            earned[instrument.quote] += realised - (fee_quote or Decimal(0))
    return earned
