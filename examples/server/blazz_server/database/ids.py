"""Makes ids that sort by the time they were made at, so that lists can be paged by them."""

from __future__ import annotations

import secrets
import time


def new_id(prefix: str) -> str:
    """Make an id: a prefix that tells what it is, the time in milliseconds, 64 random bits.

    Example:
        >>> new_id("sub").startswith("sub_")
        True
    """
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
