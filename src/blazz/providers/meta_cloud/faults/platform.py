"""Errors of the Graph API itself: tokens, permissions, outages and limits on calls."""

from __future__ import annotations

from blazz.errors import NotAuthorized, Rejected, Restricted, Retry, Throttled, Unavailable
from blazz.providers.meta_cloud.faults.base import GraphError


class NotAuthenticated(GraphError, NotAuthorized):
    """The access token could not be authenticated."""

    codes = (0,)
    retry = Retry.CREDENTIALS
    remedy = "Make a new access token; the user or app that made this one may have revoked it."


class PlatformFault(GraphError, Unavailable):
    """The platform failed for a reason that it does not know, or could not read the request."""

    codes = (1,)
    retry = Retry.BACKOFF
    remedy = "Try once or twice more; if it stays, check the request, then Meta's status page."


class PlatformDown(GraphError, Unavailable):
    """The platform is down or overloaded."""

    codes = (2,)
    retry = Retry.BACKOFF
    remedy = "Try again with growing pauses; see Meta's status page."


class CapabilityMissing(GraphError, NotAuthorized):
    """The app lacks the capability or permission that this call needs."""

    codes = (3,)
    retry = Retry.NEVER
    remedy = "Check the token's permissions in Meta's access token debugger."


class AppCallsExceeded(GraphError, Throttled):
    """The app has made too many calls in the last hour."""

    codes = (4,)
    retry = Retry.BACKOFF
    remedy = "Call less often; Meta allows 200 to 5,000 management calls an hour and account."


class PermissionDenied(GraphError, NotAuthorized):
    """A permission was not granted or has been taken away."""

    codes = (10,)
    retry = Retry.NEVER
    remedy = "Grant whatsapp_business_messaging and whatsapp_business_management to the token."


class NumberGone(GraphError, Rejected):
    """The phone number or object of this id does not exist, or this token may not see it."""

    codes = (33,)
    retry = Retry.NEVER
    remedy = "Check the id; the phone number may have been deleted from the account."


class InvalidRequest(GraphError, Rejected):
    """A parameter is unknown, misspelt or not allowed here."""

    codes = (100,)
    retry = Retry.NEVER
    remedy = "Read the details; the id in the address may be of another kind than the call needs."


class TokenExpired(GraphError, NotAuthorized):
    """The access token has expired or was revoked."""

    codes = (190,)
    retry = Retry.CREDENTIALS
    remedy = "Make a new token; a system user's token need not expire."


class PermissionNotGranted(GraphError, NotAuthorized):
    """A permission that this call needs is missing."""

    codes = tuple(range(200, 300))
    retry = Retry.NEVER
    remedy = "Check the token's permissions, and that its user has access to the account."


class PolicyBlock(GraphError, Restricted):
    """The account is blocked for a while because it broke a platform policy."""

    codes = (368,)
    retry = Retry.NEVER
    remedy = "See the policy notice in WhatsApp Manager; ask for a review there."


class CallsOfKindExceeded(GraphError, Throttled):
    """Calls of this kind have exceeded their limit."""

    codes = (613,)
    retry = Retry.BACKOFF
    remedy = "Call less often; the answer's usage header tells how long to wait."


class AccountCallsExceeded(GraphError, Throttled):
    """The WhatsApp business account has made too many calls in the last hour."""

    codes = (80007,)
    retry = Retry.BACKOFF
    remedy = "Call less often, and keep what you have looked up instead of asking again."
