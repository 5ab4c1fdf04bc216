import pytest

from bot.domain.errors import SettingsError
from bot.runtime.loop import run_async


async def _answer() -> int:
    return 42


def test_a_coroutine_runs_to_its_result():
    assert run_async(_answer()) == 42


def test_one_error_out_of_a_group_of_tasks_is_raised_as_itself():
    async def fails() -> None:
        raise ExceptionGroup("tasks", [ExceptionGroup("inner", [SettingsError("wrong")])])

    with pytest.raises(SettingsError, match="wrong"):
        run_async(fails())


def test_several_errors_stay_together():
    async def fails() -> None:
        raise ExceptionGroup("tasks", [ValueError(), KeyError()])

    with pytest.raises(ExceptionGroup):
        run_async(fails())
