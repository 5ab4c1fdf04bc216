import pytest

from bot.testing.world.choices import Choices, ListedChoices, SeededChoices
from bot.testing.world.timeline import Pending, Timeline


def test_what_is_due_first_happens_first_and_ties_in_order():
    timeline, done = Timeline(0), []
    timeline.at(5, lambda: done.append("late"))
    timeline.at(3, lambda: done.append("one"))
    timeline.at(3, lambda: done.append("two"))
    assert timeline.run_until(10, lambda: False)
    assert done == ["one", "two", "late"]
    assert timeline.now_ns == 10


def test_a_coroutine_goes_on_when_what_it_awaits_is_brought():
    timeline, pending, heard = Timeline(0), Pending(), []

    async def ask():
        heard.append(await pending)

    timeline.drive(ask(), lambda: True)
    assert heard == []
    pending.bring("answer")
    pending.bring("too late")
    assert heard == ["answer"]


def test_a_failure_is_raised_where_it_is_awaited():
    timeline, pending, heard = Timeline(0), Pending(), []

    async def ask():
        try:
            await pending
        except ValueError as error:
            heard.append(str(error))

    timeline.drive(ask(), lambda: True)
    pending.fail(ValueError("no"))
    assert heard == ["no"]


def test_a_coroutine_of_a_dead_process_hears_nothing_more():
    timeline, pending, heard, alive = Timeline(0), Pending(), [], [True]

    async def ask():
        heard.append(await pending)

    timeline.drive(ask(), lambda: alive[0])
    alive[0] = False
    pending.bring("answer")
    assert heard == []


def test_nothing_is_drawn_from_an_empty_list_but_calm():
    choices = ListedChoices([])
    assert not choices.chance(0.999)
    assert choices.between(3, 9) == 3
    assert choices.pick("abc") == "a"


@pytest.mark.parametrize("choices", [SeededChoices(1), ListedChoices([0.5, 0.999]), Choices()])
def test_what_was_drawn_is_kept(choices):
    drawn = [choices.draw(), choices.draw()]
    assert choices.drawn == drawn
    assert all(0 <= value < 1 for value in drawn)
