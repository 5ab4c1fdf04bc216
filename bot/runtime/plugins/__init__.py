"""Strategy plugins: found, loaded, checked, configured, rehearsed."""

from bot.runtime.plugins.resolution import resolve

__all__ = ["resolve"]
