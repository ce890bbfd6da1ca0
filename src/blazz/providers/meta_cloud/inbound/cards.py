"""Contact cards that people share."""

from __future__ import annotations

from blazz.events.messages import SharedAddress, SharedContact, SharedLink, SharedPhone
from blazz.providers.meta_cloud.inbound.people import to_phone
from blazz.providers.meta_cloud.inbound.reading import Json, day, each, inner, text


def card(contact: Json, origin: str | None) -> SharedContact:
    """Read one card; `origin` is the way it was shared, unless the card says so itself."""
    name, company = inner(contact, "name"), inner(contact, "org")
    return SharedContact(
        name=text(name, "formatted_name"),
        first_name=text(name, "first_name"),
        last_name=text(name, "last_name"),
        middle_name=text(name, "middle_name"),
        prefix=text(name, "prefix"),
        suffix=text(name, "suffix"),
        phones=tuple(_phone(phone) for phone in each(contact, "phones")),
        emails=_links(contact, "emails", "email"),
        urls=_links(contact, "urls", "url"),
        addresses=tuple(_address(address) for address in each(contact, "addresses")),
        company=text(company, "company"),
        department=text(company, "department"),
        title=text(company, "title"),
        birthday=day(contact, "birthday"),
        vcard=text(contact, "vcard"),
        origin=text(contact, "origin") or origin,
    )


def _phone(phone: Json) -> SharedPhone:
    return SharedPhone(
        number=text(phone, "phone"), phone=to_phone(phone.get("wa_id")), type=text(phone, "type")
    )


def _links(contact: Json, name: str, value_name: str) -> tuple[SharedLink, ...]:
    found = ((text(link, value_name), text(link, "type")) for link in each(contact, name))
    return tuple(SharedLink(value=value, type=kind) for value, kind in found if value is not None)


def _address(address: Json) -> SharedAddress:
    return SharedAddress(
        street=text(address, "street"),
        city=text(address, "city"),
        state=text(address, "state"),
        postal_code=text(address, "zip"),
        country=text(address, "country"),
        country_code=text(address, "country_code"),
        type=text(address, "type"),
    )
