"""Linking a page to a phone, giving it the history, and ending that again."""

from __future__ import annotations

import secrets
from typing import Any

from blazz.sandbox.web import views
from blazz.sandbox.web.accounts import Account, Standing
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.letters import Letter
from blazz.sandbox.web.pairing import CODE_ALPHABET
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.world import WebWorld

_LETTERS_AT_ONCE = 200


def link(world: WebWorld, account: Account, secret: bytes) -> Device:
    """Link a page to an account; the history waits for it in its queue.

    Raises:
        WebRefusal: The account is not let in, or has too many devices.
    """
    check_standing(world, account)
    if not account.registered:
        raise WebRefusal("not_on_whatsapp", f"+{account.number} is not on WhatsApp")
    now = world.clock.now()
    device = account.link(secret, now, most=world.settings.most_devices)
    _put_history(world, account, device)
    world.changed.notify_all()
    return device


def check_standing(world: WebWorld, account: Account) -> None:
    """Make sure that an account is let in; a suspension that is over is lifted.

    Raises:
        WebRefusal: It is banned or suspended; the text says for how many seconds.
    """
    if account.standing is Standing.BANNED:
        raise WebRefusal("banned", "this account may no longer use WhatsApp")
    if account.standing is Standing.SUSPENDED:
        left = account.suspended_until - world.clock.now()
        if left > 0:
            raise WebRefusal("temporarily_banned", str(round(left)))
        account.standing = Standing.GOOD


def unlink(world: WebWorld, account: Account, device: Device, reason: str) -> None:
    """Remove a device; if it is away, it is told when it comes back."""
    account.unlink(device.id, reason)
    world.end(device, "logged_out", reason)
    world.changed.notify_all()


def new_code() -> str:
    """A pairing code."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))


def _put_history(world: WebWorld, account: Account, device: Device) -> None:
    """Put contacts, groups, chats and the newest messages of each into a new device's queue."""
    people = world.account
    numbers = {key for key in account.chats if not key.endswith("@g.us")} | account.contacts.keys()
    device.told_of |= numbers
    groups = [group for group in world.groups.values() if account.number in group.members]
    letters = _newest_letters(account, world.settings.history)
    starts = range(0, max(1, len(letters)), _LETTERS_AT_ONCE)
    first: dict[str, Any] = {
        "contacts": [views.contact(people(number), account) for number in sorted(numbers)],
        "groups": [views.group(group, people) for group in groups],
        "chats": [
            {"id": views.chat_id(key, people), "unreadCount": chat.unread, **views.chat(chat)}
            for key, chat in account.chats.items()
        ],
    }
    for place, start in enumerate(starts, start=1):
        rest = first if place == 1 else {"contacts": [], "groups": [], "chats": []}
        part = letters[start : start + _LETTERS_AT_ONCE]
        messages = [views.message(letter, account, people) for letter in part]
        done = 100 * place // len(starts)
        device.put("history", {**rest, "messages": messages, "done": done})
    if account.blocked:
        device.put("blocked", views.blocked(account, people))


def _newest_letters(account: Account, most: int) -> list[Letter]:
    """The newest messages of each chat, oldest first."""
    found = [letter for chat in account.chats.values() for letter in chat.letters[-most:] if most]
    return sorted(found, key=lambda letter: letter.t)
