"""Start-up is recovery: the engine as it was when the last process ended, however that was."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from heapq import merge
from typing import TYPE_CHECKING, Final

from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.terms import PositionSide
from bot.domain.values import EXTERNAL, SECOND_NS
from bot.engine.margin import FUNDING
from bot.engine.safeguard import PROTECTIONS

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["restore"]

_DAY_NS: Final = 86_400 * SECOND_NS
_SWEPT_TO: Final = "swept_to:"
_PAYMENT: Final = 4


def restore(
    engine: "Engine",
    *,
    now_ns: int,
    orders: Sequence[Order],
    fills: Sequence[tuple[Fill, str, Decimal | None]],
    engine_state: Mapping[str, str],
    open_incidents: Sequence[str],
    fundings: Sequence[tuple[FundingPaid, str, PositionSide, Decimal]] = (),
    instruments: Mapping[str, Instrument] | None = None,
) -> None:
    """Fold what was stored back in. Call once, before the first ``feed``.

    Args:
        engine: a new engine.
        now_ns: the present time.
        orders: open ones and those that ended lately.
        fills: (fill, strategy id, fee in quote units), oldest first: positions are their sum.
        engine_state: what the engine itself had saved.
        open_incidents: ids of incidents that the earlier process left open.
        fundings: (payment, strategy id, side, its part), oldest first.
        instruments: what was traded in earlier runs; those of this run go before them.
    """
    engine.now_ns = now_ns
    engine.inquiry.resolver.started_ns = now_ns
    engine.blotter.restore(orders)
    known = {**(instruments or {}), **engine.cache.instruments}
    earned = _fold(engine, fills, fundings, known)
    by_asset: dict[str, Decimal] = {}
    for (_, asset), amount in earned.items():
        by_asset[asset] = by_asset.get(asset, Decimal(0)) + amount
    engine.begin_day(by_asset, earned)
    engine.safeguard.restore(engine_state.get(PROTECTIONS, ""))
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


_Booked = tuple[Fill, str, Decimal | None]
_Paid = tuple[FundingPaid, str, PositionSide, Decimal]


def _fold(
    engine: "Engine",
    fills: Sequence[_Booked],
    fundings: Sequence[_Paid],
    instruments: Mapping[str, Instrument],
) -> dict[tuple[str, str], Decimal]:
    """Book fills and payments in the order in which they came.

    What each strategy had earned when today began (00:00 UTC), by strategy and PnL asset.
    """
    earned: dict[tuple[str, str], Decimal] = {}
    rows: Iterable[_Booked | _Paid] = merge(fills, fundings, key=lambda row: row[0].recv_ns)
    for row in rows:
        if len(row) == _PAYMENT:
            payment, owner, side, amount = row
            engine.blotter.receive(owner, payment, amount, side)
            _earn(engine, earned, owner, payment, amount)
            continue
        fill, owner, fee = row
        instrument = instruments.get(fill.symbol)
        position, realised = engine.blotter.book(owner, fill, instrument=instrument, fee_quote=fee)
        if fee is None and fill.commission:
            engine.fees.await_price(owner, fill)
        engine.safeguard.count(position)
        _earn(engine, earned, owner, fill, realised - (fee or Decimal(0)))
    return earned


def _earn(
    engine: "Engine",
    earned: dict[tuple[str, str], Decimal],
    strategy_id: str,
    event: Fill | FundingPaid,
    amount: Decimal,
) -> None:
    """Count it into what was earned before today, by the gate's own rule of what counts."""
    instrument = engine.cache.instruments.get(event.symbol)
    if instrument is None or strategy_id == EXTERNAL:
        return
    before_today = event.ts_ns < engine.now_ns // _DAY_NS * _DAY_NS
    key = (strategy_id, instrument.pnl_asset)
    earned[key] = earned.get(key, Decimal(0)) + (amount if before_today else 0)
