"""Errors whose code is not in Meta's list, or that have none: judged by their HTTP status."""

from __future__ import annotations

from blazz.errors import NotAuthorized, Rejected, Retry, Throttled, Unavailable
from blazz.providers.meta_cloud.faults.base import GraphError


class UnlistedError(GraphError, Rejected):
    """The API refused the request."""

    retry = Retry.NEVER
    remedy = "Read the details, and look the code up in Meta's list of error codes."


class Redirected(UnlistedError):
    """The API's address answered with a redirect."""

    remedy = "Check base_url: requests with a token are never redirected."


class Unauthenticated(GraphError, NotAuthorized):
    """The API did not accept the access token."""

    retry = Retry.CREDENTIALS
    remedy = "Make a new access token."


class Forbidden(GraphError, NotAuthorized):
    """The API does not allow this request."""

    retry = Retry.NEVER
    remedy = "Check the token's permissions; a proxy or firewall on the way may also be the cause."


class NotFound(UnlistedError):
    """The API has nothing at this address."""

    remedy = "Check the id, the version and base_url."


class TooManyRequests(GraphError, Throttled):
    """The API received too many requests in too short a time."""

    retry = Retry.BACKOFF
    remedy = "Send slower, and wait as long as the answer asked for."


class PassingTrouble(GraphError, Unavailable):
    """The API failed, and says that it will pass."""

    retry = Retry.BACKOFF
    remedy = "Try again with growing pauses; see Meta's status page."


def kind_of_status(status: int) -> type[GraphError]:
    """The kind of an error of which only the HTTP status is known.

    Example:
        >>> kind_of_status(429).__name__
        'TooManyRequests'
    """
    if 300 <= status < 400:
        return Redirected
    if status >= 500:
        return PassingTrouble
    return _BY_STATUS.get(status, UnlistedError)


_BY_STATUS: dict[int, type[GraphError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    408: PassingTrouble,
    425: PassingTrouble,
    429: TooManyRequests,
}
