"""The clock that leases are measured with: it never jumps, and it goes on while we sleep."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Gives seconds since some point in time; only differences mean something."""


def _unstopped() -> Clock:
    """Pick the system's clock that also counts while the machine is suspended.

    `time.monotonic` stands still then on Linux: a laptop that was closed for an hour would still
    believe in its lease. Only Linux has CLOCK_BOOTTIME; on macOS CLOCK_MONOTONIC counts on, and on
    Windows `time.monotonic` does.
    """
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        clock_id = getattr(time, name, None)
        if clock_id is not None:
            return lambda: time.clock_gettime(clock_id)
    return time.monotonic


unstopped: Clock = _unstopped()
