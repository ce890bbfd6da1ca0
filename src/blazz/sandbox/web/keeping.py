"""What an account decides about its chats and about people; its devices are told."""

from __future__ import annotations

from typing import Any

from blazz.sandbox.web import views
from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.world import WebWorld


def set_chat(
    world: WebWorld,
    account: Account,
    key: str,
    *,
    archived: bool | None = None,
    pinned: bool | None = None,
    muted_until: int | None = None,
    device: Device | None = None,
) -> None:
    """Put a chat away, pin or mute it; what is None stays as it is."""
    chat = account.chat(key)
    if archived is not None:
        chat.archived = archived
    if pinned is not None:
        chat.pinned = pinned
    if muted_until is not None:
        chat.muted_until = muted_until
    told = {"chat": views.chat_id(key, world.account), **views.chat(chat)}
    account.tell_devices("chat", told, but=device)
    world.changed.notify_all()


def block(
    world: WebWorld,
    account: Account,
    person: Account,
    *,
    blocked: bool,
    device: Device | None = None,
) -> dict[str, Any]:
    """Block somebody, or no longer; gives what pages are told."""
    (account.blocked.add if blocked else account.blocked.discard)(person.number)
    told = views.blocked(account, world.account)
    account.tell_devices("blocked", told, but=device)
    world.changed.notify_all()
    return told


def save_contact(
    world: WebWorld,
    account: Account,
    person: Account,
    name: str | None,
    *,
    device: Device | None = None,
) -> dict[str, Any]:
    """Save somebody under a name, or no longer; gives what pages are told."""
    if name is None:
        account.contacts.pop(person.number, None)
    else:
        account.contacts[person.number] = name
    told = views.contact(person, account)
    account.tell_devices("contact", told, but=device)
    world.changed.notify_all()
    return told
