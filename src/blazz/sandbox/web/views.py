"""How an account sees messages, people and groups: in WhatsApp Web's words; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from blazz.sandbox.web.accounts import Account, Chat
from blazz.sandbox.web.groups import Group
from blazz.sandbox.web.letters import Letter, Level, Mark

People: TypeAlias = Callable[[str], Account]
"""Gives the account of a number."""


def address(person: Account, viewer: Account, *, in_group: bool) -> str:
    """Under which id somebody is seen: in groups by LID, oneself by number."""
    if in_group:
        return person.lid
    return person.jid if person is viewer else person.address


def chat_id(key: str, people: People) -> str:
    """The id of a chat, from a number or a group."""
    return key if key.endswith("@g.us") else people(key).address


def place(letter: Letter, viewer: Account, people: People) -> dict[str, Any]:
    """Which message it is: its id, chat and sender."""
    author = people(letter.author)
    return {
        "id": letter.id,
        "chat": chat_id(letter.chat_of(viewer.number), people),
        "sender": address(author, viewer, in_group=letter.group is not None),
        "fromMe": author is viewer,
    }


def message(letter: Letter, viewer: Account, people: People) -> dict[str, Any]:
    """A whole message."""
    author = people(letter.author)
    in_group = letter.group is not None
    seen = {
        **letter.content,
        **place(letter, viewer, people),
        "t": letter.t,
        "type": letter.type,
        "ack": int(letter.level) if author is viewer else 1,
        "notifyName": author.name,
    }
    quoted = letter.content.get("quotedParticipant")
    if quoted:
        seen["quotedParticipant"] = address(people(quoted), viewer, in_group=in_group)
    if letter.reactions:
        seen["reactions"] = {
            address(people(number), viewer, in_group=in_group): reaction(mark)
            for number, mark in letter.reactions.items()
        }
    if letter.votes:
        seen["votes"] = {
            address(people(number), viewer, in_group=in_group): vote(mark)
            for number, mark in letter.votes.items()
        }
    return seen


def receipts(letter: Letter, people: People) -> dict[str, Any]:
    """Who got, read and played a message, and when; and how many have not yet."""
    in_group = letter.group is not None
    names = {Level.DELIVERED: "delivery", Level.READ: "read", Level.PLAYED: "played"}
    seen: dict[str, Any] = {}
    for level, name in names.items():
        reached = {
            number: letter.times[number, level]
            for number in letter.recipients
            if (number, level) in letter.times
        }
        seen[name] = [
            {"id": people(number).lid if in_group else people(number).address, "t": t}
            for number, t in reached.items()
        ]
        seen[f"{name}Remaining"] = len(letter.recipients) - len(reached)
    return seen


def reaction(mark: Mark) -> dict[str, Any]:
    """One reaction, without who gave it."""
    return {"id": mark.id, "t": mark.t, "text": mark.value}


def vote(mark: Mark) -> dict[str, Any]:
    """One vote, without who gave it."""
    return {"id": mark.id, "t": mark.t, "options": mark.value}


def blocked(account: Account, people: People) -> dict[str, Any]:
    """Whom an account has blocked."""
    return {"blocked": [people(number).address for number in sorted(account.blocked)]}


def chat(seen: Chat) -> dict[str, Any]:
    """What an account has decided about a chat."""
    return {"archive": seen.archived, "pin": seen.pinned, "mute": seen.muted_until}


def contact(person: Account, viewer: Account) -> dict[str, Any]:
    """Somebody, as far as the viewer may know."""
    saved = viewer.contacts.get(person.number)
    return {
        "id": person.address,
        "number": person.jid if person.shows_number else None,
        "lid": person.lid,
        "name": saved,
        "pushname": person.name,
        "isMyContact": saved is not None,
        "isBusiness": person.business,
    }


def existence(person: Account) -> dict[str, Any] | None:
    """What the question whether somebody is on WhatsApp is answered with."""
    if not person.registered:
        return None
    return {
        "wid": person.jid if person.shows_number else person.lid,
        "number": person.jid if person.shows_number else None,
        "lid": person.lid,
        "business": person.business,
        "name": person.name,
        "about": person.about,
    }


def group(seen: Group, people: People) -> dict[str, Any]:
    """A group with its members."""
    return {
        "id": seen.id,
        "subject": seen.subject,
        "desc": seen.description,
        "owner": people(seen.owner).lid,
        "creation": seen.created,
        "announce": seen.announce,
        "restrict": seen.restrict,
        "participants": [
            {
                "id": people(number).lid,
                "number": people(number).jid if people(number).shows_number else None,
                "admin": number in seen.admins,
                "owner": number == seen.owner,
            }
            for number in seen.members
        ],
    }
