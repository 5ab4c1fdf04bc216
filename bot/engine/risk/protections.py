"""Pauses after something went wrong: a lost trade, a streak of them, a drawdown."""

from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.position import EXACT, Position
from bot.domain.times import iso_utc
from bot.domain.values import SECOND_NS
from bot.engine.risk.limits import ProtectionRule
from bot.engine.risk.losses import Losses

__all__ = ["ACCOUNT", "Pause", "Protections"]

ACCOUNT: Final = "*"
"""In the place of a strategy: all of them."""
_ZERO: Final = Decimal(0)


class Pause(msgspec.Struct, frozen=True):
    """Until when, and why."""

    until_ns: int | None
    """None: until somebody resumes."""
    cause: str


class _Kept(msgspec.Struct):
    """What must outlive the process, by ``rule|strategy`` (and asset, for the highest)."""

    pauses: dict[str, Pause] = {}
    streaks: dict[str, list[int]] = {}
    highest: dict[str, Decimal] = {}


class Protections:
    """Follows round trips and earnings; says who pauses."""

    def __init__(self, rules: tuple[ProtectionRule, ...], losses: Losses) -> None:
        self.rules = rules
        self._losses = losses
        self._kept = _Kept()
        # Of each position: what was booked when it was last flat, and the sign since then.
        self._trips: dict[tuple[str, str], tuple[Decimal, int]] = {}

    def restore(self, text: str) -> None:
        """Take up what an earlier process saved; what is of rules that are gone falls away."""
        if text:
            kept = msgspec.json.decode(text, type=_Kept)
            names = tuple(f"{rule.name}|" for rule in self.rules)
            self._kept = _Kept(
                pauses={k: v for k, v in kept.pauses.items() if k.startswith(names)},
                streaks={k: v for k, v in kept.streaks.items() if k.startswith(names)},
                highest={k: v for k, v in kept.highest.items() if k.startswith(names)},
            )

    def saved(self) -> str:
        """What :meth:`restore` takes up."""
        return msgspec.json.encode(self._kept, order="deterministic").decode()

    def reason(self, strategy_id: str, now_ns: int) -> str:
        """Why the strategy pauses, or ''."""
        for rule in self.rules:
            pause = self._kept.pauses.get(_key(rule, strategy_id))
            if pause is not None and (pause.until_ns is None or now_ns < pause.until_ns):
                return f"PROTECTION: {pause.cause}"
        return ""

    def lift(self) -> None:
        """Somebody resumed: nobody pauses, and what is now is the highest."""
        self._kept = _Kept()

    def trade(self, position: Position, *, is_flat: bool) -> Decimal | None:
        """A fill was booked; what the round trip earned that it ended, or None.

        ``is_flat``: too little is left to matter.
        """
        key = (position.strategy_id, position.key)
        begun, sign = self._trips.get(key, (_ZERO, 0))
        now = 0 if is_flat else (1 if position.quantity > 0 else -1)
        if not sign or sign == now:
            self._trips[key] = (begun, now or sign)
            if sign or now:
                return None
        self._trips[key] = (position.booked, now)
        return EXACT.subtract(position.booked, begun)

    def on_trip(self, strategy_id: str, net: Decimal, now_ns: int) -> list[tuple[str, Pause]]:
        """A round trip ended; the pauses that begin, by strategy or :data:`ACCOUNT`."""
        begun = []
        for rule in self.rules:
            cause = ""
            if rule.kind == "cooldown" and net < 0:
                cause = f"{strategy_id} lost {-net:f} on a round trip"
            elif rule.kind == "loss_streak":
                cause = self._streak(rule, strategy_id, net, now_ns)
            if cause:
                begun.append(self._pause(rule, strategy_id, cause, now_ns))
        return begun

    def look(self, now_ns: int) -> list[tuple[str, Pause]]:
        """Prices or fills have changed: follow the highest, and pause those who fell from it."""
        begun = []
        for rule in self.rules:
            if rule.kind != "drawdown" or not rule.amount:
                continue
            owners = self._losses.assets()
            if rule.scope == "account":
                owners = {(ACCOUNT, asset) for _, asset in owners}
            for owner, asset in sorted(owners):
                fallen = self._fallen(rule, owner, asset, now_ns)
                if fallen is not None and fallen >= rule.amount:
                    cause = f"{fallen:f} {asset} below the highest of {owner}"
                    begun.append(self._pause(rule, owner, cause, now_ns))
        return begun

    def _fallen(self, rule: ProtectionRule, owner: str, asset: str, now_ns: int) -> Decimal | None:
        """How far below the highest; None while a price is missing or the pause lasts."""
        equity = self._losses.equity(asset, None if owner == ACCOUNT else owner)
        if equity is None:
            return None
        key = f"{_key(rule, owner)}|{asset}"
        pause = self._kept.pauses.get(_key(rule, owner))
        if pause is not None:
            if pause.until_ns is None or now_ns < pause.until_ns:
                return None
            # It is over: from here on it counts anew.
            del self._kept.pauses[_key(rule, owner)]
            self._kept.highest[key] = equity
        highest = max(self._kept.highest.get(key, equity), equity)
        self._kept.highest[key] = highest
        return highest - equity

    def _streak(self, rule: ProtectionRule, strategy_id: str, net: Decimal, now_ns: int) -> str:
        key = _key(rule, strategy_id)
        if net >= 0:
            if net:
                self._kept.streaks.pop(key, None)
            return ""
        since_ns = now_ns - int(rule.within_s * SECOND_NS) if rule.within_s else 0
        lost = [ts for ts in self._kept.streaks.get(key, ()) if ts > since_ns]
        self._kept.streaks[key] = [*lost, now_ns]
        if len(lost) + 1 < rule.losses:
            return ""
        self._kept.streaks.pop(key)
        return f"{rule.losses} round trips in a row were lost"

    def _pause(
        self, rule: ProtectionRule, strategy_id: str, cause: str, now_ns: int
    ) -> tuple[str, Pause]:
        until_ns = now_ns + int(rule.for_s * SECOND_NS) if rule.for_s else None
        until = "somebody resumes" if until_ns is None else iso_utc(until_ns)
        pause = Pause(until_ns, f"{rule.kind}: {cause}; nothing new until {until}")
        key = _key(rule, strategy_id)
        known = self._kept.pauses.get(key)
        if (
            known is None
            or (known.until_ns is not None and (until_ns or 0) >= known.until_ns)
            or (until_ns is None)
        ):
            self._kept.pauses[key] = pause
        return (ACCOUNT if rule.scope == "account" else strategy_id), pause


def _key(rule: ProtectionRule, strategy_id: str) -> str:
    return f"{rule.name}|{ACCOUNT if rule.scope == 'account' else strategy_id}"
