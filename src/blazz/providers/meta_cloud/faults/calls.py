"""Errors about voice calls."""

from __future__ import annotations

from blazz.errors import Rejected, Restricted, Retry, Throttled, Unavailable, Undeliverable
from blazz.providers.meta_cloud.faults.base import GraphError


class CallingOff(GraphError, Restricted):
    """Calling is not switched on for this phone number."""

    codes = (138000,)
    retry = Retry.NEVER
    remedy = "Switch calling on in the phone number's settings."


class CannotBeCalled(GraphError, Undeliverable):
    """The recipient cannot receive calls."""

    codes = (138001,)
    retry = Retry.NEVER
    remedy = "The recipient may run an old version, or have blocked calls from the business."


class TooManyCallsAtOnce(GraphError, Throttled):
    """As many calls are running as the phone number may have."""

    codes = (138002,)
    retry = Retry.BACKOFF
    remedy = "Wait until calls have ended; a number may have 1,000 at once."


class AlreadyInCall(GraphError, Rejected):
    """A call with this recipient is already running."""

    codes = (138003,)
    retry = Retry.LATER
    remedy = "Wait until the running call ends."


class CallNotConnected(GraphError, Unavailable):
    """The call could not be connected."""

    codes = (138004,)
    retry = Retry.ONCE
    remedy = "Check the SDP offer, then try once more."


class CallsTooFast(GraphError, Throttled):
    """Too many calls were started in a short time."""

    codes = (138005,)
    retry = Retry.BACKOFF
    remedy = "Start calls slower."


class CallNotPermitted(GraphError, Undeliverable):
    """The recipient has not permitted calls from the business."""

    codes = (138006,)
    retry = Retry.NEVER
    remedy = "Ask for permission with a call permission request."


class CallTimedOut(GraphError, Unavailable):
    """The call could not be connected in time."""

    codes = (138007,)
    retry = Retry.ONCE
    remedy = "Try once more; answer the call's events faster."


class PermissionRequestsExceeded(GraphError, Throttled):
    """The recipient was asked for permission to call too often."""

    codes = (138009,)
    retry = Retry.NEXT_DAY
    remedy = "Ask at most once a day and twice in 7 days; a connected call resets the count."


class CallsToRecipientExceeded(GraphError, Throttled):
    """The recipient was called too often."""

    codes = (138012,)
    retry = Retry.LATER
    remedy = "Wait until the time that the details name."


class PermissionLookupsExceeded(GraphError, Throttled):
    """Call permissions were looked up too often."""

    codes = (138013,)
    retry = Retry.BACKOFF
    remedy = "Keep the answer, and follow the permission events instead of asking again."


class CallingNotAvailable(GraphError, Restricted):
    """Calling cannot be switched on for this phone number."""

    codes = (138018,)
    retry = Retry.NEVER
    remedy = "Read the details for the condition that the number does not meet."
