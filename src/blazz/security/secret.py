"""A secret that does not print itself."""

from __future__ import annotations

import hmac
from typing import Final


class Secret:
    """Holds a token or key so that no log line, repr or traceback shows it.

    Example:
        >>> token = Secret("EAAG...")
        >>> token
        Secret('***')
        >>> f"{token}"
        '***'
        >>> token.reveal()
        'EAAG...'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | Secret) -> None:
        self._value: Final[str] = value.reveal() if isinstance(value, Secret) else value

    def reveal(self) -> str:
        """Give the secret itself, at the one place that needs it."""
        return self._value

    def matches(self, other: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._value.encode(), other.encode())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not pickled; call reveal() where the value is really needed")
