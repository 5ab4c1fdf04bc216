"""What the engine did."""

from bot.domain.commands import CancelOrder
from bot.engine.effects import Effects, LogLine


def test_effects_are_true_if_there_is_anything_to_do():
    assert not Effects()
    assert Effects(logs=[LogLine("INFO", "x")])
    assert Effects(commands=[CancelOrder(client_order_id="c", symbol="X")])
