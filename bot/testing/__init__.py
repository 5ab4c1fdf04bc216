"""What tests import: of plugins, and of anything that speaks to Binance.

``from bot.testing import Stage``: the real engine with your strategy and a small exchange,
driven by hand.

``pytest_plugins = ["bot.testing.exchange"]``: the fixture ``simulated_exchange``, a Binance in a
process of its own that any client can be pointed at.
"""

from bot.runtime.plugins.stage import Stage

__all__ = ["Stage"]
