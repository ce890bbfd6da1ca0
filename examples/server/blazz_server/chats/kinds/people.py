"""Contact cards."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from blazz.messages import (
    ContactAddress,
    ContactCard,
    ContactEmail,
    ContactName,
    ContactPhone,
    Contacts,
    ContactUrl,
    Message,
    Organization,
)
from blazz_server.chats.kinds.base import Kind, Link, Part, Sources

Short = Annotated[str, Field(min_length=1, max_length=256)]


class Name(Part):
    """A person's name: in full, and its parts where they are known."""

    formatted: Short
    first: Short | None = None
    last: Short | None = None
    middle: Short | None = None
    prefix: Short | None = None
    suffix: Short | None = None


class CardPhone(Part):
    """A phone number; with `wa_id` the card has a button to chat."""

    number: Short
    label: Short | None = None
    wa_id: Annotated[str, Field(pattern=r"^[0-9]{5,20}$")] | None = None


class CardEmail(Part):
    """An email address."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=256)]
    label: Short | None = None


class CardUrl(Part):
    """A web address."""

    url: Link
    label: Short | None = None


class CardAddress(Part):
    """A postal address; at least one part must be there."""

    street: Short | None = None
    city: Short | None = None
    state: Short | None = None
    zip: Short | None = None
    country: Short | None = None
    country_code: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    label: Short | None = None


class CardOrganization(Part):
    """Where a person works; at least one part must be there."""

    company: Short | None = None
    department: Short | None = None
    title: Short | None = None


class Card(Part):
    """One person's card."""

    name: Name
    phones: Annotated[list[CardPhone], Field(max_length=20)] = Field(default_factory=list)
    emails: Annotated[list[CardEmail], Field(max_length=20)] = Field(default_factory=list)
    urls: Annotated[list[CardUrl], Field(max_length=20)] = Field(default_factory=list)
    addresses: Annotated[list[CardAddress], Field(max_length=20)] = Field(default_factory=list)
    org: CardOrganization | None = None
    birthday: date | None = None

    def value(self) -> ContactCard:
        """Make the card."""
        return ContactCard(
            ContactName(**dict(self.name)),
            phones=[ContactPhone(**dict(it)) for it in self.phones],
            emails=[ContactEmail(**dict(it)) for it in self.emails],
            urls=[ContactUrl(**dict(it)) for it in self.urls],
            addresses=[ContactAddress(**dict(it)) for it in self.addresses],
            org=None if self.org is None else Organization(**dict(self.org)),
            birthday=self.birthday,
        )


class ContactsMessage(Kind):
    """One or more contact cards."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "contacts",
                    "contacts": [
                        {
                            "name": {"formatted": "Budi Santoso", "first": "Budi"},
                            "phones": [{"number": "+62 812-3456-7890", "wa_id": "6281234567890"}],
                        }
                    ],
                }
            ]
        }
    )
    type: Literal["contacts"]
    contacts: Annotated[list[Card], Field(min_length=1, max_length=50)]

    def value(self, sources: Sources) -> Message:
        """Make the cards."""
        return Contacts([card.value() for card in self.contacts])
