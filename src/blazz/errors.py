"""Every error that blazz raises.

The tree; an error's docstring is its default message::

    BlazzError
    ├── InvalidValue (also ValueError)      a value breaks a limit or a format
    │   └── InvalidAddress                  not a phone number, user id, LID or group
    ├── ConfigurationError                  settings are wrong, missing or contradict each other
    │   ├── MissingDependency               an optional package is not installed
    │   ├── KeyRingError                    the key ring is missing, unreadable or open to others
    │   └── UnsuitableStore                 this store cannot keep sessions safely
    ├── NotSupported                        this provider cannot do it; nothing was sent
    ├── NotSent                             the message certainly never left
    │   ├── ConnectionFailed                no connection could be made
    │   ├── WindowClosed                    free-form message outside the 24-hour window
    │   ├── Suppressed                      the recipient opted out
    │   └── DailyCapReached                 the session's own pacing allows no more today
    ├── DeliveryUnknown                     the request left, no answer came
    ├── AnswerLost                          the same, for a request that sends no message
    ├── UnreadableAnswer                    the answer is not what the API sends
    ├── Refused                             the provider answered with an error; nothing was sent
    │   ├── NotAuthorized                   credentials or permissions
    │   ├── Throttled                       too much, too fast
    │   ├── Restricted                      the account is limited by policy or payment
    │   ├── Undeliverable                   this recipient cannot get this message
    │   ├── Unavailable                     the provider cannot serve it at the moment
    │   └── Rejected                        the request itself is wrong
    ├── DeliveryFailed                      accepted first, reported as failed later
    ├── WebhookError                        a webhook request was not accepted
    │   ├── SignatureMismatch               the signature does not fit the body
    │   ├── InboxFull                       updates wait in the inbox faster than they are handled
    │   └── InboxUnavailable                the inbox cannot be read or written
    ├── SessionClosed                       the session or client is not open
    ├── Timeout (also TimeoutError)         what was waited for did not happen in time
    ├── CampaignError                       a campaign cannot be made or run
    │   ├── AudienceError                   the audience cannot be read
    │   ├── CampaignConflict                a campaign of that id exists with other content
    │   ├── LeaseLost                       another worker owns this chunk now
    │   └── LedgerError                     the ledger cannot be read or written
    └── AuthStoreError                      a session cannot be stored or restored
        ├── LeaseTaken                      another owner holds the session
        ├── OwnershipLost                   this owner's lease has ended; nothing was changed
        ├── SnapshotNotFound                there is no such revision
        ├── StaleSnapshot                   a newer state exists; nothing was overwritten
        ├── SnapshotDamaged                 what is stored is not what was written
        ├── IncompatibleBrowser             this browser may not open that snapshot
        ├── WrongKey                        sealed with a key that is not in the key ring
        ├── SourceChanged                   a file changed while it was being stored
        ├── DiskFailed                      the local disk did not take it
        └── StoreUnavailable                the store cannot be reached or does not answer
            └── StoreFull                   the store has no room

Errors of the Cloud API have a class for each code in `blazz.providers.meta_cloud.faults`; each is
also one of the six kinds of `Refused`, so code that catches those works with every provider.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import ClassVar


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


class BlazzError(Exception):
    """Something went wrong in blazz."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders whole, whatever their constructors ask for."""
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class InvalidValue(BlazzError, ValueError):
    """A value breaks a limit or a format.

    Attributes:
        field: The name of the field, such as `Text.body`.
        limit: The rule that was broken, in words.
        value: The offending value, shortened to 80 characters in the message.
    """

    def __init__(self, field: str, limit: str, value: object) -> None:
        shown = repr(value)
        if len(shown) > 80:
            shown = f"{shown[:77]}..."
        super().__init__(f"{field}: {limit}; got {shown}")
        self.field = field
        self.limit = limit
        self.value = value


class InvalidAddress(InvalidValue):
    """Not a phone number, user id, LID or group."""


class ConfigurationError(BlazzError):
    """Settings are wrong, missing or contradict each other."""


class MissingDependency(ConfigurationError):
    """An optional package is not installed.

    Example:
        >>> str(MissingDependency("pyreqwest", extra="fast"))
        "pyreqwest is not installed; run: python -m pip install 'blazz[fast]'"
    """

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: python -m pip install 'blazz[{extra}]'")
        self.package = package
        self.extra = extra


class KeyRingError(ConfigurationError):
    """The key ring is missing, unreadable or open to others."""


class UnsuitableStore(ConfigurationError):
    """This store cannot keep sessions safely."""


class NotSupported(BlazzError):
    """This provider cannot do it; nothing was sent."""


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


class WebhookError(BlazzError):
    """A webhook request was not accepted."""


class SignatureMismatch(WebhookError):
    """The signature does not fit the body: another app secret, or not sent by Meta."""


class InboxFull(WebhookError):
    """More updates wait in the inbox than it may hold; the sender is asked to repeat them."""


class InboxUnavailable(WebhookError):
    """The inbox cannot be read or written; its database does not answer or is full."""


class SessionClosed(BlazzError):
    """The session or its client is not open."""


class Timeout(BlazzError, TimeoutError):
    """What was waited for did not happen in time."""


class CampaignError(BlazzError):
    """A campaign cannot be made or run."""


class AudienceError(CampaignError):
    """The audience cannot be read."""


class CampaignConflict(CampaignError):
    """A campaign of that id exists with other content."""


class LeaseLost(CampaignError):
    """Another worker owns this chunk now."""


class LedgerError(CampaignError):
    """The ledger cannot be read or written."""


class LedgerUnavailable(LedgerError):
    """The ledger's server cannot be reached, or its answer was lost; workers wait and go on."""


class EngineUnavailable(CampaignError):
    """The engine's server cannot be reached; workers wait and go on."""


class LimiterUnavailable(CampaignError):
    """The limiter's server cannot be reached; workers wait and go on."""


class AuthStoreError(BlazzError):
    """A session cannot be stored or restored."""


class LeaseTaken(AuthStoreError):
    """Another owner holds the session.

    Attributes:
        owner: Who holds it.
        retry_after: Seconds after which it may be free, if its owner does not renew.
    """

    def __init__(self, message: str | None = None, *, owner: str, retry_after: float) -> None:
        super().__init__(message)
        self.owner = owner
        self.retry_after = retry_after


class OwnershipLost(AuthStoreError):
    """The lease has ended or went to another owner; nothing was changed.

    Whoever gets this must stop using the session at once.
    """


class SnapshotNotFound(AuthStoreError):
    """There is no such revision of the session."""


class StaleSnapshot(AuthStoreError):
    """A newer state exists; nothing was overwritten.

    Going back to an older state of a WhatsApp Web session breaks its chats: both sides of an
    encrypted chat only ever move forward.
    """


class SnapshotDamaged(AuthStoreError):
    """What is stored is not what was written: missing, cut short or altered.

    Attributes:
        damage: What is damaged, one `blazz.auth_stores.Damage` for each place.
    """

    def __init__(self, message: str | None = None, *, damage: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.damage = tuple(damage)


class IncompatibleBrowser(AuthStoreError):
    """This browser may not open that snapshot: it is older, or stores data in another engine."""


class WrongKey(AuthStoreError):
    """It is sealed with a key that is not in the key ring."""


class SourceChanged(AuthStoreError):
    """A file changed, shrank or vanished while it was being stored; nothing was stored."""


class DiskFailed(AuthStoreError):
    """The local disk did not take it; what was there is as it was."""


class StoreUnavailable(AuthStoreError):
    """The store cannot be reached, or does not answer in time."""


class StoreFull(StoreUnavailable):
    """The store has no room."""


def _rebuild(
    kind: type[BlazzError], args: tuple[object, ...], state: dict[str, object]
) -> BlazzError:
    """Make an error again without calling its constructor."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
