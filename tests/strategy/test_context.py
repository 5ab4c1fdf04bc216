"""What a strategy can see and ask for: the engine offers all of it, by the same names."""

import inspect
from typing import Protocol

from bot.engine.context import PluginContext
from bot.strategy.context import Context


def _signatures(kind):
    return {
        name: list(inspect.signature(member).parameters)
        for layer in reversed(kind.__mro__)
        if layer is not Protocol
        for name, member in vars(layer).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


def test_the_engines_context_takes_what_the_port_promises():
    promised = _signatures(Context)
    assert promised
    assert _signatures(PluginContext) == promised
