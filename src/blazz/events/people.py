"""A person changed: their number, their user id, their security code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from blazz.addresses import Identity
from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Event):
    """What you know of a person is no longer so; a subclass says what.

    Attributes:
        person: Who they were: look them up by this.
        now: Who they are: remember them as this.
        message_id: The id of the notice, where it has one.
        body: The notice in words.
    """

    person: Identity
    now: Identity
    message_id: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChanged(PersonChanged):
    """A person moved to another phone number; their user id changes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdChanged(PersonChanged):
    """A person got another business-scoped user id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChanged(PersonChanged):
    """A person's security code changed: a new phone, or somebody else behind the number.

    Attributes:
        identity_key_hash: The new code's hash; send it with a message to be sure who reads it.
        acknowledged: You already confirmed the new code.
        detected_at: When WhatsApp noticed.
    """

    identity_key_hash: str | None = None
    acknowledged: bool | None = None
    detected_at: datetime | None = None
