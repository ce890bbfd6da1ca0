"""Notices that a person changed, which come among the messages or by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from blazz.addresses import Identity
from blazz.events.people import IdentityChanged, NumberChanged, PersonChanged, UserIdChanged
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.people import (
    SELF,
    SENDER,
    contact_of,
    conversation,
    identity,
    to_phone,
    to_user_id,
)
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    flag,
    inner,
    moment,
    text,
)

# The names that one and the same notice had in different versions of the API.
_NUMBER = frozenset({"user_changed_number", "customer_changed_number"})
_USER_ID = frozenset({"user_changed_user_id"})
_IDENTITY = frozenset({"customer_identity_changed", "user_identity_changed"})


def notice(item: Json, update: CloudUpdate) -> PersonChanged:
    """Read a message of the type `system`.

    Raises:
        Unreadable: It is a notice of another kind.
    """
    system = inner(item, "system")
    kind = text(system, "type")
    before = identity(item, SENDER, contact_of(item, SENDER, update.change))
    common: dict[str, Any] = update.common()
    common |= {"message_id": text(item, "id"), "body": text(system, "body")}
    if kind in _NUMBER:
        old = to_phone(system.get("customer")) or before.phone
        now = _after(before, system | {"wa_id": system.get("wa_id") or system.get("new_wa_id")})
        return NumberChanged(**common, person=replace(before, phone=old), now=now)
    if kind in _USER_ID:
        old_id = to_user_id(system.get("previous_user_id")) or before.user_id
        return UserIdChanged(
            **common, person=replace(before, user_id=old_id), now=_after(before, system)
        )
    if kind in _IDENTITY:
        code = inner(item, "identity") or inner(system, "identity")
        return IdentityChanged(
            **common,
            person=before,
            now=before,
            identity_key_hash=text(code, "hash") or text(system, "identity"),
            acknowledged=flag(code, "acknowledged"),
            detected_at=moment(code, "created_timestamp"),
        )
    raise Unreadable(f"notices of type {(kind or 'none')[:40]} are not known")


def _after(before: Identity, system: Json) -> Identity:
    """Tell who a person is after a change: what is not told again may have changed, too."""
    new = identity(system, SELF)
    return replace(new, username=before.username, name=before.name)


def _identify(item: Json, change: Change) -> tuple[str | None, str | None]:
    previous = inner(item, "user_id").get("previous")
    return None, conversation({**item, "user_id": previous}, SELF, change)


def _build(item: Json, update: CloudUpdate) -> UserIdChanged:
    user_id, parent = inner(item, "user_id"), inner(item, "parent_user_id")
    contact = update.change.contact(None, item.get("wa_id")) or {}
    profile = inner(contact, "profile")
    known = Identity(
        phone=to_phone(item.get("wa_id") or contact.get("wa_id")),
        username=text(profile, "username"),
        name=text(profile, "name"),
    )
    person = replace(
        known,
        user_id=to_user_id(user_id.get("previous")),
        parent_user_id=to_user_id(parent.get("previous")),
    )
    now = replace(
        known,
        user_id=to_user_id(user_id.get("current")),
        parent_user_id=to_user_id(parent.get("current")),
    )
    if person.user_id is None and now.user_id is None:
        raise Unreadable("user_id_update.user_id is missing")
    return UserIdChanged(**update.common(), person=person, now=now, body=text(item, "detail"))


USER_ID_UPDATE = Kind(_identify, _build)
