"""A session itself: the states it goes through, how it is kept, and why."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from blazz.events.base import Event


class SessionState(enum.StrEnum):
    """Where a session stands."""

    STARTING = "starting"
    """It is being started; a browser is launched and its page is loaded."""
    PAIRING = "pairing"
    """It waits for somebody to link an account to it."""
    CONNECTING = "connecting"
    """It is logged in and not connected yet."""
    READY = "ready"
    """It can send and receive."""
    RECONNECTING = "reconnecting"
    """It was ready and will be again: the connection or the browser broke."""
    LOGGED_OUT = "logged_out"
    """The account is no longer linked; it has to be paired again."""
    BANNED = "banned"
    """WhatsApp has locked the account, for good or for a while."""
    OUTDATED = "outdated"
    """WhatsApp wants a newer client, or has changed so that this one no longer works."""
    STOPPED = "stopped"
    """It does not run."""


class StateReason(enum.StrEnum):
    """Why a session is in its state."""

    OPENED = "opened"
    """It was asked to start."""
    CLOSED = "closed"
    """It was asked to stop."""
    NOT_LINKED = "not_linked"
    """No account is linked to it yet."""
    LINKED = "linked"
    """An account was linked, or was linked before."""
    CONNECTED = "connected"
    """The connection to WhatsApp stands."""
    CONNECTION_LOST = "connection_lost"
    """The connection to WhatsApp broke."""
    BROWSER_CRASHED = "browser_crashed"
    """The browser or its page crashed or was killed."""
    BROWSER_HUNG = "browser_hung"
    """The browser gave no sign of life."""
    PAGE_FAILED = "page_failed"
    """The page could not be loaded or did not become ready."""
    MEMORY = "memory"
    """The browser had grown too large and was started anew."""
    LOGGED_OUT_HERE = "logged_out_here"
    """`logout` was called."""
    LOGGED_OUT_BY_PHONE = "logged_out_by_phone"
    """The account's owner unlinked it on the phone."""
    LOGGED_OUT_BY_WHATSAPP = "logged_out_by_whatsapp"
    """WhatsApp ended the login; the detail is its own word for why."""
    LOGIN_LOST = "login_lost"
    """What is stored no longer is a login: lost, damaged, or refused."""
    WRONG_ACCOUNT = "wrong_account"
    """Another account than the one it is bound to was linked; it was logged out at once."""
    ACCOUNT_LOCKED = "account_locked"
    """WhatsApp banned the account for good."""
    TEMPORARILY_BANNED = "temporarily_banned"
    """WhatsApp suspended the account for a while; it is still linked."""
    CLIENT_OUTDATED = "client_outdated"
    """WhatsApp says that this version of its page is too old."""
    BRIDGE_OUTDATED = "bridge_outdated"
    """WhatsApp has changed: parts of it that are needed were not found."""
    OPENED_ELSEWHERE = "opened_elsewhere"
    """The same login was opened in another browser."""
    OWNERSHIP_LOST = "ownership_lost"
    """Another process owns the session now."""
    FAILED = "failed"
    """It could not be started; the detail says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent(Event):
    """Something about the session itself, rather than about its messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStateChanged(SessionEvent):
    """The session came into another state.

    Attributes:
        state: Where it stands now.
        previous: Where it stood before.
        reason: Why.
        detail: More about it in words, such as WhatsApp's own name of the reason.
    """

    state: SessionState
    previous: SessionState
    reason: StateReason
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSaved(SessionEvent):
    """The session's state was stored; any instance can go on from it.

    A backup that found nothing new to store is no event.

    Attributes:
        revision: The number of the stored state; a later one is always higher.
        size: The bytes of the state.
        uploaded: The bytes that had to be stored; the rest was stored already.
        seconds: How long it took.
    """

    revision: int
    size: int
    uploaded: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFailed(SessionEvent):
    """The session's state could not be stored; the session itself goes on.

    Attributes:
        error: What went wrong.
        retry_in: Seconds until it is tried again; None: it is not, the session has ended.
    """

    error: str
    retry_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSkipped(SessionEvent):
    """A stored state is damaged; an older one was restored in its place.

    Attributes:
        revision: The number of the damaged state.
        reason: What is wrong with it.
    """

    revision: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRestored(SessionEvent):
    """The session goes on from a stored state.

    Attributes:
        revision: The number of the state.
        size: The bytes of the state.
        seconds: How long it took.
        notes: What differs between the browser that wrote it and the one that opens it.
    """

    revision: int
    size: int
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipEnded(SessionEvent):
    """Another process owns the session now, or may soon: it was stopped here at once.

    Attributes:
        epoch: The number of the ownership that has ended.
        reason: How it ended.
    """

    epoch: int
    reason: str
