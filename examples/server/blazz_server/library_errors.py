"""How each error of the library is answered: one table, by the tree of `blazz.errors`."""

from __future__ import annotations

import math
import re
from typing import Final

from blazz import errors as library
from blazz_server.errors import ApiError

_STATUSES: Final[dict[type[library.BlazzError], int]] = {
    # What was asked for is wrong.
    library.InvalidValue: 422,
    library.AudienceError: 422,
    library.Undeliverable: 422,
    library.Rejected: 422,
    library.SignatureMismatch: 401,
    library.RequestNotAuthentic: 401,
    library.SnapshotNotFound: 404,
    library.BacklogLost: 410,
    # It does not fit the state of things.
    library.NotSupported: 409,
    library.ConfigurationError: 409,
    library.SessionClosed: 409,
    library.SessionNotReady: 409,
    library.SessionEnded: 409,
    library.WindowClosed: 409,
    library.Suppressed: 409,
    library.NotAuthorized: 409,
    library.Restricted: 409,
    library.DeliveryFailed: 409,
    library.PairingFailed: 409,
    library.CampaignError: 409,
    library.CampaignConflict: 409,
    library.LeaseLost: 409,
    library.LeaseTaken: 409,
    library.OwnershipLost: 409,
    library.StaleSnapshot: 409,
    library.IncompatibleBrowser: 409,
    library.ProfileInUse: 409,
    # Too much, too fast.
    library.Throttled: 429,
    library.DailyCapReached: 429,
    # Something behind this server fails.
    library.NotSent: 502,
    library.ConnectionFailed: 502,
    library.UnreadableAnswer: 502,
    library.Refused: 502,
    library.WebError: 502,
    library.OwnerUnreachable: 502,
    library.NoInstance: 503,
    library.ClusterError: 503,
    library.RegistryUnavailable: 503,
    library.RealtimeError: 503,
    library.BusUnavailable: 503,
    library.WebhookError: 503,
    library.InboxFull: 503,
    library.InboxUnavailable: 503,
    library.LedgerError: 503,
    library.LedgerUnavailable: 503,
    library.EngineUnavailable: 503,
    library.LimiterUnavailable: 503,
    library.AuthStoreError: 503,
    library.StoreUnavailable: 503,
    library.StoreFull: 503,
    library.Unavailable: 503,
    library.BrowserNotFound: 503,
    # It may have happened.
    library.DeliveryUnknown: 504,
    library.AnswerLost: 504,
    library.Timeout: 504,
    library.BlazzError: 500,
}
_MEMBERS: Final = ("field", "limit", "token", "reason", "state", "instance", "may_have_happened")
_SECONDS: Final = 5.0
"""When to try again, where nothing says it."""


def answer_to(error: library.BlazzError) -> ApiError:
    """Say as an answer what went wrong.

    The code is the name of the error in the table; what the error knows goes along.

    Example:
        >>> answer = answer_to(library.DeliveryUnknown(token="t1"))
        >>> answer.status, answer.code, answer.more
        (504, 'delivery_unknown', {'token': 't1'})
    """
    kind = next(kind for kind in type(error).__mro__ if kind in _STATUSES)
    status = _STATUSES[kind]
    more = {name: getattr(error, name) for name in _MEMBERS if hasattr(error, name)}
    if more.get("may_have_happened"):
        status = 504
    provider_code = getattr(error, "code", None)
    if provider_code is not None:
        more["provider_code"] = provider_code
    headers = {}
    seconds = getattr(error, "retry_after", None)
    if seconds is None and status in {429, 503}:
        seconds = _SECONDS
    if seconds is not None:
        more["retry_after"] = max(1, math.ceil(seconds))
        headers["Retry-After"] = str(more["retry_after"])
    return ApiError(status, _code(kind), str(error), headers=headers, **more)


def _code(kind: type[library.BlazzError]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
