"""Which work goes first."""

from __future__ import annotations

import enum


class Priority(enum.IntEnum):
    """Urgency, the most urgent first; holds in the engine and in the limiter.

    Example:
        >>> Priority.URGENT < Priority.CAMPAIGN
        True
    """

    URGENT = 0
    HIGH = 1
    NORMAL = 2
    CAMPAIGN = 3
