"""What an error says about the message that it was raised for."""

from __future__ import annotations

from blazz.campaigns.delivery import Evidence, Lost, NeverLeft, RefusedBy
from blazz.errors import (
    BlazzError,
    ConfigurationError,
    ConnectionFailed,
    DeliveryUnknown,
    InvalidValue,
    NotAuthorized,
    NotSent,
    NotSupported,
    OwnershipLost,
    Refused,
    Rejected,
    Restricted,
    Retry,
    SessionClosed,
    SessionEnded,
    Throttled,
    UnreadableAnswer,
)

_RECONNECT_AFTER = 1.0
_LONGEST_REASON = 300
_WHOLE_CAMPAIGN = frozenset({Retry.LATER, Retry.CREDENTIALS, Retry.OPERATOR})


def evidence_from(error: Exception) -> Evidence:
    """Tell what an exception of `Sender.send` proves; when in doubt, nothing.

    Example:
        >>> evidence_from(ConnectionFailed())
        NeverLeft(reason='No connection could be made; nothing was sent.', delay=1.0)
        >>> evidence_from(DeliveryUnknown("read timeout", token="v1.1.1.1.0"))
        Lost(reason='read timeout')
    """
    reason = _reason(error)
    match error:
        case Refused():
            return RefusedBy(
                _retry(error),
                error.code,
                reason,
                error.retry_after,
                counts=_counts(error),
                wrong=isinstance(error, Rejected),
            )
        case ConnectionFailed() | OwnershipLost():  # noticed before anything left
            return NeverLeft(reason, _RECONNECT_AFTER)
        case ConfigurationError() | SessionClosed() | SessionEnded():
            # Not the recipients' fault: none of them must fail for it.
            return RefusedBy(Retry.OPERATOR, None, reason, counts=False)
        case NotSent() | NotSupported() | InvalidValue():
            return RefusedBy(Retry.NEVER, None, reason)
        case UnreadableAnswer() if 400 <= error.status < 500:
            # A proxy or load balancer turned the request away; 5xx may have come after the work.
            return RefusedBy(Retry.BACKOFF, error.status, reason)
        case _:
            return Lost(reason)


def _retry(error: Refused) -> Retry:
    """What concerns the whole account is no reason to fail one recipient after the other."""
    if error.retry is Retry.NEVER and isinstance(error, NotAuthorized | Restricted):
        return Retry.OPERATOR
    return error.retry


def _counts(error: Refused) -> bool:
    """Throttling and what concerns the whole account are not the recipient's fault."""
    if _retry(error) in _WHOLE_CAMPAIGN:
        return False
    return not (isinstance(error, Throttled) and error.retry is Retry.BACKOFF)


def _reason(error: Exception) -> str:
    known = isinstance(error, BlazzError | TimeoutError)
    text = str(error) or type(error).__name__
    if not known:
        text = f"{type(error).__name__}: {text}"
    return text[:_LONGEST_REASON]


def is_expected(error: Exception) -> bool:
    """Whether it is an error that a sender may raise; others are faults in its code."""
    return isinstance(error, BlazzError | DeliveryUnknown | TimeoutError)
