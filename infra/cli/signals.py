"""Ending in order: whatever asks a command to end, it stops what it started."""

import signal


def interrupt_on_signals() -> None:
    """A plain `kill` ends the foreground as Ctrl-C does and stops what it started, also behind a shell's `&` (which ignores SIGINT)."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
