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
    │   │   └── SessionNotReady             the session is not connected at the moment
    │   ├── SessionEnded                    the session is logged out, banned, outdated or stopped
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
    ├── RequestNotAuthentic                 a call between services is not signed, or used before
    │   └── WrongReceiver                   it is signed for somebody else
    ├── ClusterError                        no instance can do it
    │   ├── NoInstance                      no instance has room for the session
    │   ├── OwnerUnreachable                the instance that owns the session does not answer
    │   └── RegistryUnavailable             the registry's server does not answer
    ├── RealtimeError                       live events cannot be published or followed
    │   ├── BacklogLost                     what followed this cursor is no longer kept
    │   └── BusUnavailable                  the bus's server does not answer
    ├── SessionClosed                       the session or client is not open
    ├── PairingFailed                       no account was linked
    │   └── WrongAccount                    another account than the one it is bound to
    ├── Timeout (also TimeoutError)         what was waited for did not happen in time
    │   └── MaybeNotAsked                   nobody knows whether the question was sent
    ├── CampaignError                       a campaign cannot be made or run
    │   ├── AudienceError                   the audience cannot be read
    │   ├── CampaignConflict                a campaign of that id exists with other content
    │   ├── LeaseLost                       another worker owns this chunk now
    │   ├── LedgerError                     the ledger cannot be read or written
    │   │   ├── LedgerUnavailable           its server does not answer; workers wait and go on
    │   │   └── LedgerLost                  it lost its data; nothing is sent from it
    │   ├── EngineUnavailable               the engine's server does not answer, likewise
    │   └── LimiterUnavailable              the limiter's server does not answer, likewise
    ├── AuthStoreError                      a session cannot be stored or restored
    │   ├── LeaseTaken                      another owner holds the session
    │   ├── OwnershipLost                   this owner's lease has ended; nothing was changed
    │   ├── SnapshotNotFound                there is no such revision
    │   ├── StaleSnapshot                   a newer state exists; nothing was overwritten
    │   ├── SnapshotDamaged                 what is stored is not what was written
    │   ├── IncompatibleBrowser             this browser may not open that snapshot
    │   ├── WrongKey                        sealed with a key that is not in the key ring
    │   ├── SourceChanged                   a file changed while it was being stored
    │   ├── DiskFailed                      the local disk did not take it
    │   └── StoreUnavailable                the store cannot be reached or does not answer
    │       └── StoreFull                   the store has no room
    └── WebError                            the browser of a session does not work
        ├── BrowserNotFound (also ConfigurationError)   there is no Chromium here
        ├── WrongWaJs (also ConfigurationError)         not wa-js, or another version of it
        ├── BrowserFailed                   Chromium does not start
        ├── ProfileInUse                    another browser uses this profile
        ├── PageNotLoaded                   WhatsApp Web was not loaded
        ├── BridgeOutdated                  WhatsApp has changed: parts that are needed are missing
        ├── BridgeError                     a function in the page failed
        ├── CaptureFailed                   the state of the browser was not taken; it runs on
        └── BrowserDied                     the browser has ended
            ├── PageCrashed                 the page crashed
            ├── PageReloaded                the page was loaded anew during the call
            └── PageHung                    the page gives no sign of life

Errors of the Cloud API have a class for each code in `blazz.providers.meta_cloud.faults`; each is
also one of the six kinds of `Refused`, so code that catches those works with every provider.
"""

from __future__ import annotations

from blazz.errors.base import (
    BlazzError,
    ConfigurationError,
    InvalidAddress,
    InvalidValue,
    MissingDependency,
    NotSupported,
    SessionClosed,
    Timeout,
)
from blazz.errors.campaigns import (
    AudienceError,
    CampaignConflict,
    CampaignError,
    EngineUnavailable,
    LeaseLost,
    LedgerError,
    LedgerLost,
    LedgerUnavailable,
    LimiterUnavailable,
)
from blazz.errors.cluster import (
    ClusterError,
    NoInstance,
    OwnerUnreachable,
    RegistryUnavailable,
    RequestNotAuthentic,
    WrongReceiver,
)
from blazz.errors.realtime import BacklogLost, BusUnavailable, RealtimeError
from blazz.errors.sending import (
    AnswerLost,
    ConnectionFailed,
    DailyCapReached,
    DeliveryFailed,
    DeliveryUnknown,
    MaybeNotAsked,
    NotAuthorized,
    NotSent,
    Refused,
    Rejected,
    Restricted,
    Retry,
    Suppressed,
    Throttled,
    Unavailable,
    Undeliverable,
    UnreadableAnswer,
    WindowClosed,
)
from blazz.errors.sessions import PairingFailed, SessionEnded, SessionNotReady, WrongAccount
from blazz.errors.storing import (
    AuthStoreError,
    DiskFailed,
    IncompatibleBrowser,
    KeyRingError,
    LeaseTaken,
    OwnershipLost,
    SnapshotDamaged,
    SnapshotNotFound,
    SourceChanged,
    StaleSnapshot,
    StoreFull,
    StoreUnavailable,
    UnsuitableStore,
    WrongKey,
)
from blazz.errors.web import (
    BridgeError,
    BridgeOutdated,
    BrowserDied,
    BrowserFailed,
    BrowserNotFound,
    CaptureFailed,
    PageCrashed,
    PageHung,
    PageNotLoaded,
    PageReloaded,
    ProfileInUse,
    WebError,
    WrongWaJs,
)
from blazz.errors.webhooks import (
    InboxFull,
    InboxUnavailable,
    SignatureMismatch,
    WebhookError,
)

__all__ = [
    "AnswerLost",
    "AudienceError",
    "AuthStoreError",
    "BacklogLost",
    "BlazzError",
    "BridgeError",
    "BridgeOutdated",
    "BrowserDied",
    "BrowserFailed",
    "BrowserNotFound",
    "BusUnavailable",
    "CampaignConflict",
    "CampaignError",
    "CaptureFailed",
    "ClusterError",
    "ConfigurationError",
    "ConnectionFailed",
    "DailyCapReached",
    "DeliveryFailed",
    "DeliveryUnknown",
    "DiskFailed",
    "EngineUnavailable",
    "InboxFull",
    "InboxUnavailable",
    "IncompatibleBrowser",
    "InvalidAddress",
    "InvalidValue",
    "KeyRingError",
    "LeaseLost",
    "LeaseTaken",
    "LedgerError",
    "LedgerLost",
    "LedgerUnavailable",
    "LimiterUnavailable",
    "MaybeNotAsked",
    "MissingDependency",
    "NoInstance",
    "NotAuthorized",
    "NotSent",
    "NotSupported",
    "OwnerUnreachable",
    "OwnershipLost",
    "PageCrashed",
    "PageHung",
    "PageNotLoaded",
    "PageReloaded",
    "PairingFailed",
    "ProfileInUse",
    "RealtimeError",
    "Refused",
    "RegistryUnavailable",
    "Rejected",
    "RequestNotAuthentic",
    "Restricted",
    "Retry",
    "SessionClosed",
    "SessionEnded",
    "SessionNotReady",
    "SignatureMismatch",
    "SnapshotDamaged",
    "SnapshotNotFound",
    "SourceChanged",
    "StaleSnapshot",
    "StoreFull",
    "StoreUnavailable",
    "Suppressed",
    "Throttled",
    "Timeout",
    "Unavailable",
    "Undeliverable",
    "UnreadableAnswer",
    "UnsuitableStore",
    "WebError",
    "WebhookError",
    "WindowClosed",
    "WrongAccount",
    "WrongKey",
    "WrongReceiver",
    "WrongWaJs",
]
