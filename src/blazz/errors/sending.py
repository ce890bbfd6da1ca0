"""Errors of sending, and when the same request may succeed later."""

from __future__ import annotations

import enum
from typing import ClassVar

from blazz.errors.base import BlazzError, Timeout


class Retry(enum.StrEnum):
    """When the same request may succeed later."""

    NEVER = "never"
    """The same request fails again; change it first."""
    ONCE = "once"
    """Once more at once; then treat it as `NEVER`."""
    BACKOFF = "backoff"
    """After seconds, with growing pauses."""
    PAIR = "pair"
    """Too many messages to one recipient: after 4^n seconds."""
    LATER = "later"
    """After minutes to hours: a limit, maintenance or a pause must end."""
    NEXT_DAY = "next_day"
    """After 24 hours or more."""
    CREDENTIALS = "credentials"
    """After the credentials have been renewed."""
    OPERATOR = "operator"
    """After a person has mended something, such as a payment method."""


class NotSent(BlazzError):
    """The message certainly never left; it is safe to send it again."""


class ConnectionFailed(NotSent):
    """No connection could be made; nothing was sent."""


class WindowClosed(NotSent):
    """The recipient has not written in the last 24 hours: only a template may be sent."""


class Suppressed(NotSent):
    """The recipient opted out and is on the suppression list."""


class DailyCapReached(NotSent):
    """The session's own pacing allows no more uninvited messages today.

    Attributes:
        retry_after: Seconds until the next day begins.
    """

    def __init__(self, message: str | None = None, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeliveryUnknown(BlazzError):
    """The request left, but no answer came: the message may or may not have been sent.

    Never send it again blindly. The `token` travels with the message and comes back in its status
    updates; `Provider.settle` and the status webhooks tell what happened.

    Attributes:
        token: The token that the message carries.
    """

    def __init__(self, message: str | None = None, *, token: str) -> None:
        super().__init__(message)
        self.token = token


class MaybeNotAsked(Timeout):
    """No answer came in time, and the question itself may never have been sent.

    Whoever sent it was killed meanwhile, or got no answer from the provider. Ask again under the
    same name, and it is sent anew: the person may see it twice.
    """


class AnswerLost(BlazzError):
    """The request left, but no whole answer came: it may or may not have been carried out."""


class UnreadableAnswer(BlazzError):
    """The answer is not what the API sends (not JSON, empty, or a page of HTML).

    Attributes:
        status: The HTTP status of the answer.
        body: The first 200 characters of the answer.
    """

    def __init__(self, message: str | None = None, *, status: int, body: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: str = body[:200]


class Refused(BlazzError):
    """The provider answered with an error; nothing was sent.

    Attributes:
        retry: When the same request may succeed later.
        code: The provider's own number for the error, or None.
        retry_after: Seconds that the provider asked to wait, or None.
    """

    retry: ClassVar[Retry] = Retry.NEVER

    def __init__(
        self,
        message: str | None = None,
        *,
        code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class NotAuthorized(Refused):
    """The credentials are wrong or expired, or a permission is missing."""

    retry = Retry.CREDENTIALS


class Throttled(Refused):
    """Too many requests in too short a time."""

    retry = Retry.BACKOFF


class Restricted(Refused):
    """The account is limited by policy, payment or review."""

    retry = Retry.OPERATOR


class Undeliverable(Refused):
    """This recipient cannot get this message."""


class Unavailable(Refused):
    """The provider cannot serve the request at the moment."""

    retry = Retry.BACKOFF


class Rejected(Refused):
    """The request itself is wrong."""


class DeliveryFailed(BlazzError):
    """The provider accepted the message and reported later that it failed.

    Attributes:
        message_id: The provider's id of the message.
        code: The provider's number for the error, or None.
    """

    def __init__(
        self, message: str | None = None, *, message_id: str, code: int | None = None
    ) -> None:
        super().__init__(message)
        self.message_id = message_id
        self.code = code
