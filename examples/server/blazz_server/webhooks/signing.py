"""Signs what subscribers are sent, and checks it as they do: copy `verify` into a subscriber.

`X-Blazz-Signature: t=1800000000,v1=<hex>` carries the HMAC-SHA256 of the time, a full stop and the
raw body. While a secret is replaced there is one `v1` for each secret, so that the subscriber can
change over at any moment. Whoever checks the time, too, cannot be sent an old request again.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Final

HEADER: Final = "X-Blazz-Signature"
TOLERANCE: Final = 300.0
"""Seconds that a request may be old."""
_TIME: Final = re.compile(r"[0-9]{1,12}")


class NotAuthentic(ValueError):
    """The request was not signed with this secret, was altered, or is old."""


def new_secret() -> str:
    """Make a secret of 256 random bits.

    Example:
        >>> new_secret().startswith("whsec_")
        True
    """
    return f"whsec_{secrets.token_urlsafe(32)}"


def sign(keys: Sequence[str], body: bytes, *, now: float) -> str:
    """Make the value of the header.

    Args:
        keys: The secrets that hold now, the newest first.
        body: The raw body.
        now: Seconds since 1970.

    Example:
        >>> sign(["whsec_test"], b"{}", now=1_800_000_000)[:20]
        't=1800000000,v1=6e45'
    """
    time = str(int(now))
    return ",".join([f"t={time}", *(f"v1={_mac(key, time, body)}" for key in keys)])


def verify(key: str, header: str, body: bytes, *, now: float, tolerance: float = TOLERANCE) -> None:
    """Check a request.

    Args:
        key: The subscriber's secret.
        header: The value of `X-Blazz-Signature`.
        body: The raw body, before it is parsed.
        now: Seconds since 1970.
        tolerance: How many seconds it may be off.

    Raises:
        NotAuthentic: It is not from the server, or not from lately.
    """
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]):
        raise NotAuthentic(f"the {HEADER} header has no time")
    given = [value.encode() for name, _, value in parts if name.strip() == "v1"]
    wanted = _mac(key, times[0], body).encode()
    if not any(hmac.compare_digest(wanted, each) for each in given):
        raise NotAuthentic("the signature does not fit the body")
    if abs(now - int(times[0])) > tolerance:
        raise NotAuthentic(f"the request is over {tolerance:.0f} s old")


def _mac(key: str, time: str, body: bytes) -> str:
    return hmac.digest(key.encode(), f"{time}.".encode() + body, "sha256").hex()
