"""Errors of many instances."""

from __future__ import annotations

from blazz.errors.base import BlazzError


class RequestNotAuthentic(BlazzError):
    """A call from another service is not signed, altered, too old, or was used before."""


class WrongReceiver(RequestNotAuthentic):
    """A call from another service is signed well, for somebody else."""


class ClusterError(BlazzError):
    """No instance can do it."""


class NoInstance(ClusterError):
    """No instance has room for the session.

    Attributes:
        retry_after: Seconds after which there may be one.
    """

    def __init__(self, message: str | None = None, *, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OwnerUnreachable(ClusterError):
    """The instance that owns the session does not answer; another one will take it over.

    Attributes:
        instance: The name of the instance.
        retry_after: Seconds after which another may have it.
        may_have_happened: Whether the call may have been carried out.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        instance: str,
        retry_after: float = 5.0,
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(message)
        self.instance = instance
        self.retry_after = retry_after
        self.may_have_happened = may_have_happened


class RegistryUnavailable(ClusterError):
    """The registry's server cannot be reached, or its answer was lost."""
