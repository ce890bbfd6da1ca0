"""One change of a webhook batch, and the updates that it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from blazz.events.base import UNDATED, Event
from blazz.events.unknown import UnknownUpdate
from blazz.providers.meta_cloud.inbound.keys import digest, plain
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    each,
    inner,
    moment,
    storable,
)


class Change:
    """What the updates of one change have in common.

    Attributes:
        field: The kind of change, such as `messages`; None where it names none.
        value: All of it.
        holder: The part of it that holds its lists: all of it, but for `standby`.
        account: The phone number id, or the WABA id where no number is named.
        scope: The account, as keys and conversations begin with it.
        time: When it happened, where its entry says so.
    """

    __slots__ = ("_by_id", "_contacts", "account", "field", "holder", "scope", "time", "value")

    def __init__(self, field: str | None, value: Json, entry: Json) -> None:
        self.field = field
        self.value = value
        self.holder = value if field != "standby" else inner(value, "standby") or value
        metadata = value.get("metadata")
        account = plain(metadata.get("phone_number_id")) if type(metadata) is dict else None
        self.account = account = account or _account(value) or plain(entry.get("id"))
        self.scope = account or ""
        self.time = moment(entry, "time") if "time" in entry else None
        self._contacts: list[Json] | None = None
        self._by_id: dict[str, Json] | None = None

    def contact(self, user_id: object, wa_id: object) -> Json | None:
        """Find what the change tells about a person, by user id first and number second.

        A number may differ from the WhatsApp id of the same person (Brazil, Mexico), so a person
        who is alone in the change is taken to be the one it tells about.
        """
        contacts = self._contacts
        if contacts is None:
            contacts = self._contacts = each(self.holder, "contacts")
        if len(contacts) == 1:
            contact = contacts[0]
            if user_id and (theirs := contact.get("user_id")):
                return contact if user_id == theirs else None
            return contact if contact.get("wa_id") == wa_id or self._single() else None
        if not contacts:
            return None
        if self._by_id is None:
            self._by_id = _index(contacts)
        found = self._by_id.get(plain(user_id) or "")
        return found or self._by_id.get(plain(wa_id) or "")

    def _single(self) -> bool:
        """Tell whether the change holds a single update."""
        lists = (items for name, items in self.holder.items() if name != "contacts")
        return sum(len(items) for items in lists if type(items) is list) == 1


def _account(value: Json) -> str | None:
    """Find the number or account that a change without metadata names."""
    for name, id_name in _ACCOUNTS:
        account = plain(inner(value, name).get(id_name))
        if account is not None:
            return account
    return None


# Where the id of the account stands in changes without metadata: routing names the number as the
# recipient, and an update about a partner's client has the partner's id in its entry.
_ACCOUNTS = (
    ("recipient", "phone_number_id"),
    ("phone_number_settings", "phone_number_id"),
    ("waba_info", "waba_id"),
)


def _index(contacts: list[Json]) -> dict[str, Json]:
    """Index contacts by their ids; the first of two wins."""
    index: dict[str, Json] = {}
    for name in ("user_id", "wa_id"):
        for contact in contacts:
            known = plain(contact.get(name))
            if known is not None:
                index.setdefault(known, contact)
    return index


class CloudUpdate:
    """One update of a webhook batch; its event is built when it is asked for.

    Attributes:
        key: What it is.
        conversation: Updates with the same one are handled in order; None: no order is needed.
        change: What it has in common with its neighbours.
        item: The update as it came.
    """

    __slots__ = ("_build", "_event", "change", "conversation", "item", "key")

    def __init__(
        self, key: str, conversation: str | None, change: Change, item: Json, build: Build
    ) -> None:
        self.key = key
        self.conversation = conversation
        self.change = change
        self.item = item
        self._build = build
        self._event: Event | None = None

    @property
    def account(self) -> str | None:
        """The phone number id or WABA id that it belongs to."""
        return self.change.account

    def event(self) -> Event:
        """Build the typed event; what is not understood is an `UnknownUpdate`."""
        event = self._event
        if event is None:
            try:
                event = self._build(self.item, self)
            except Unreadable as error:
                event = self.unknown(str(error))
            except Exception as error:  # noqa: BLE001 - an update is never lost, whatever is wrong
                event = self.unknown(f"it could not be read ({type(error).__name__})")
            self._event = event
        return event

    def unknown(self, reason: str) -> UnknownUpdate:
        """Make the event of an update that is not understood."""
        field = self.change.field
        return UnknownUpdate(
            **self.common(), field=(field and storable(field)) or None, reason=storable(reason)
        )

    def common(self) -> dict[str, Any]:
        """Give what every event has: its key, its time, its account and all of it."""
        item = self.item
        return {
            "key": self.key,
            "at": moment(item, "timestamp") or self.change.time or UNDATED,
            "account": self.change.account,
            "raw": item,
        }

    def __repr__(self) -> str:
        return f"CloudUpdate({self.key!r})"


Build: TypeAlias = Callable[[Json, CloudUpdate], Event]
"""Builds the event of one update. May raise `Unreadable`, or anything: it becomes unknown."""

Identify: TypeAlias = Callable[[Json, Change], tuple[str | None, str | None]]
"""Names the key and the conversation of one update; a key of None is made from all of it."""


Follow: TypeAlias = Callable[[CloudUpdate], CloudUpdate | None]
"""Finds another update that the item of an update stands for, too."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of update is named and read, and what else its items may tell."""

    identify: Identify
    build: Build
    follow: Follow | None = None


def hashed(change: Change, name: str, item: object) -> str:
    """Make a key from all of an update, its account and its time."""
    entry_time = None if change.time is None else change.time.timestamp()
    return f"{name}:{change.scope}:{digest(change.field, entry_time, item)}"
