"""The command tree. Each group's file offers ``register(app)``."""

import importlib
import importlib.util

import typer

__all__ = ["build"]

_GROUPS = (
    "run",
    "sim",
    "record",
    "download",
    "tape",
    "strategies",
    "db",
    "reconcile",
    "review",
    "control",
    "doctor",
)


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="bot",
        help="An event-driven trading bot for Binance.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    for name in _GROUPS:
        module = f"bot.cli.{name}"
        if importlib.util.find_spec(module) is not None:
            importlib.import_module(module).register(app)
    return app
