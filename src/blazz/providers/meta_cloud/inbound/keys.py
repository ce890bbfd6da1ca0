"""What an update *is*: the same for every delivery of it, and for nothing else."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

_LONGEST = 256
_TOO_LARGE = 10**_LONGEST


def plain(value: object) -> str | None:
    """Give an id as text if it can be part of a key; None if not.

    Part of a key is what can be printed, has no colon, which separates the parts, and is not too
    long: databases keep keys, and an id is whatever the sender likes.
    """
    if type(value) is str:
        # What is printable has no control characters and no halves of surrogate pairs.
        if value and len(value) <= _LONGEST and value.isprintable() and ":" not in value:
            return value
        return None
    if type(value) is int and 0 <= value < _TOO_LARGE:
        return str(value)
    return None


def digest(*values: Any) -> str:  # noqa: ANN401 - JSON can be anything
    """Hash JSON values, whatever the order of their names and the spelling of the text was.

    It walks with a stack of its own: a nested value must give one hash at any depth of the
    caller's stack, and never a RecursionError.
    """
    parts: list[str] = []
    waiting = list(reversed(values))
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            parts.append(f"{{{len(value)}:")
            for name in sorted(value, reverse=True):
                waiting += (value[name], name)
        elif isinstance(value, list):
            parts.append(f"[{len(value)}:")
            waiting.extend(reversed(value))
        elif isinstance(value, str):
            parts.append(f'"{len(value)}:{value}')
        else:
            parts.append(f"{value!r};")
    text = "".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=20).hexdigest()
