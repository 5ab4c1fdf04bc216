"""What the tests of a plugin import, and nothing else.

``from bot.testing import Stage``: the real engine with your strategy and a small exchange,
driven by hand.
"""

from bot.runtime.plugins.stage import Stage

__all__ = ["Stage"]
