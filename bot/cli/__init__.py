"""The commands: one file for a group; nothing but arguments, calls and printing."""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; errors that a person can mend are one line and exit code 1."""
    from bot.cli.app import build
    from bot.cli.arguments import spread
    from bot.domain.errors import UserError

    try:
        build()(args=spread(sys.argv[1:]))
    except UserError as e:
        print(f"error: {e}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # `bot review fills | head`: the reader went away, which is no fault of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as e:  # noqa: BLE001 - wall: the last one, between a bug of ours and a person
        print(f"error: a fault of the bot itself: {_noted(e)}", file=sys.stderr)
        sys.exit(70)


def _noted(error: Exception) -> str:
    """Keep the traceback for whoever mends it; one line for the person."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", prefix="bot-fault-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return f"{type(error).__name__}: {error}; please report it with {file.name}"
