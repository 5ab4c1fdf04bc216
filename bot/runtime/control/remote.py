"""Status, halt, resume, flatten: to the bot if it answers, past it if it does not."""

import time
from typing import Any, Final

from bot.domain.errors import DatabaseError, SettingsError, UserError
from bot.runtime.control.client import NoAnswer, NoBot, ask
from bot.runtime.control.latch import Latch
from bot.runtime.control.outside import flatten_from_database, store_halt
from bot.runtime.control.places import places_of
from bot.runtime.loop import run_async
from bot.runtime.settings import Settings

__all__ = ["ControlError", "flatten", "halt", "resume", "status"]

_MARGIN_S: Final = 30.0
"""Beyond what a flatten may take by its settings."""


class ControlError(UserError):
    """The bot could not be asked, or could not do it."""


def status(settings: Settings) -> dict[str, Any]:
    """What the bot says of itself.

    Raises:
        ControlError: no bot runs, or it does not answer.
    """
    places = places_of(settings.db)
    latched = Latch(places.halt).read()
    halted = f"; the next start is halted: {latched.reason}" if latched else ""
    try:
        return ask(places.socket, {"do": "status"})
    except NoBot:
        raise ControlError(f"no bot runs on {settings.db}{halted}") from None
    except NoAnswer:
        raise ControlError(
            f"the bot on {settings.db} does not answer: its process is stopped, or stuck outside "
            f"Python; bot flatten works past it{halted}"
        ) from None


def halt(settings: Settings, reason: str) -> dict[str, Any]:
    """No new orders, now and after a restart. The latch is set before anybody is asked.

    Raises:
        ControlError: nothing could be latched, and no bot answers.
    """
    places = places_of(settings.db)
    latch_error = ""
    try:
        Latch(places.halt).set(reason, time.time_ns())
    except OSError as e:
        latch_error = f"the latch {places.halt} cannot be written: {e.strerror}"
    answer: dict[str, Any] = {"ok": True, "halted": reason, "applied": False, "bot": "no bot runs"}
    try:
        answer |= ask(places.socket, {"do": "halt", "reason": reason}) | {"bot": "it answers"}
    except NoAnswer:
        answer["bot"] = "it does not answer, and halts as soon as it goes on"
    except NoBot:
        try:
            run_async(store_halt(settings, reason))
            answer["bot"] = "no bot runs; the next start is halted"
        except DatabaseError as e:
            answer["bot"] = f"no bot answers; the next start is halted (by its file: {e})"
            if latch_error:
                raise ControlError(f"nothing is halted: {latch_error}; {e}") from None
    if latch_error:
        answer["bot"] += f"; {latch_error}"
    return answer


def resume(settings: Settings, reason: str) -> dict[str, Any]:
    """Lift a halt.

    Raises:
        ControlError: the latch cannot be lifted, or a flatten is under way.
    """
    places = places_of(settings.db)
    try:
        answer = ask(places.socket, {"do": "resume", "reason": reason})
    except NoAnswer:
        raise ControlError(
            f"the bot on {settings.db} does not answer: it stays halted; ask again when it does"
        ) from None
    except NoBot:
        answer = {"ok": True, "applied": False, "bot": "no bot runs; the next start trades"}
        try:
            run_async(store_halt(settings, ""))
        except DatabaseError as e:
            raise ControlError(f"the halt in the database stays: {e}") from None
        answer["lifted"] = _lift(Latch(places.halt))
    if not answer["ok"]:
        raise ControlError(str(answer["error"]))
    return answer


def flatten(settings: Settings, symbol: str, reason: str) -> dict[str, Any]:
    """Halt, cancel every order and close every position; by whoever can.

    Raises:
        ControlError: a flatten is under way, or nobody could even begin.
    """
    places = places_of(settings.db)
    longest_s = settings.flatten_wait_s + settings.flatten_patience_s + _MARGIN_S
    try:
        # One that does not even answer this will not flatten either.
        ask(places.socket, {"do": "ping"}, timeout_s=settings.stuck_loop_s)
        request = {"do": "flatten", "symbol": symbol, "reason": reason}
        answer = ask(places.socket, request, timeout_s=longest_s)
    except (NoAnswer, NoBot):
        halt(settings, reason)
        return dict(flatten_from_database(settings, symbol))
    if "error" in answer:
        raise ControlError(str(answer["error"]))
    return answer


def _lift(latch: Latch) -> bool:
    try:
        return latch.lift()
    except OSError as e:
        raise SettingsError(f"{latch.path} cannot be removed: {e.strerror}") from None
