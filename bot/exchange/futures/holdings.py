"""What the account's stream says of balances and positions, as domain events."""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.events import Balance, BalancesReported, Event
from bot.domain.margin import HeldPosition, MarginCalled, PositionsReported
from bot.domain.terms import PositionSide
from bot.domain.values import MS_NS
from bot.exchange.futures.account import margin_type
from bot.exchange.futures.user_wire import Account, CalledPosition, MarginCall, Position

__all__ = ["balances", "margin_called", "positions"]


def balances(account: Account, ts_ns: int, recv_ns: int) -> Sequence[Event]:
    """The wallets that changed; nothing if none did."""
    if not account.B:
        return ()
    return (
        BalancesReported(
            balances=tuple(Balance(asset.a, asset.wb, Decimal(0)) for asset in account.B),
            complete=False,
            ts_ns=ts_ns,
            recv_ns=recv_ns,
        ),
    )


def positions(account: Account, ts_ns: int, recv_ns: int) -> Sequence[Event]:
    """The positions that changed; nothing if none did."""
    if not account.P:
        return ()
    return (
        PositionsReported(
            positions=tuple(_held(one) for one in account.P),
            complete=False,
            reason=account.m,
            ts_ns=ts_ns,
            recv_ns=recv_ns,
        ),
    )


def margin_called(call: MarginCall, recv_ns: int) -> Sequence[Event]:
    """Positions that are near their liquidation."""
    called = tuple(_called(one) for one in call.p)
    return (MarginCalled(positions=called, ts_ns=call.E * MS_NS, recv_ns=recv_ns),)


def _held(one: Position) -> HeldPosition:
    return HeldPosition(
        symbol=one.s,
        side=PositionSide(one.ps),
        quantity=one.pa,
        entry_price=one.ep,
        unrealised=one.up,
        margin_type=margin_type(one.mt),
        isolated_wallet=one.iw,
    )


def _called(one: CalledPosition) -> HeldPosition:
    return HeldPosition(
        symbol=one.s,
        side=PositionSide(one.ps),
        quantity=one.pa,
        entry_price=Decimal(0),
        unrealised=one.up,
        margin_type=margin_type(one.mt),
        isolated_wallet=one.iw,
        maintenance=one.mm,
    )
