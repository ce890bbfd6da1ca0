"""What the exit codes of the `blazz` command mean."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """How a command ended."""

    DONE = 0
    """It did all that it was asked for."""
    FAILED = 1
    """It could not; the message says why."""
    USAGE = 2
    """The command line is wrong; nothing was done."""
    UNFINISHED = 3
    """A campaign stopped before its end; the same command goes on with it."""
    UNKNOWN = 4
    """A campaign is at its end, but the fate of some messages is not known."""
    MISMATCH = 5
    """The demo found a recipient with two messages, or one with none."""
    DAMAGED = 6
    """Something that is stored is not what was written."""
    INTERRUPTED = 130
    """Ctrl-C or SIGTERM; the same command goes on where it was possible."""
