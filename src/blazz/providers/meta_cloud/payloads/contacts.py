"""Contact objects."""

from __future__ import annotations

from typing import Any

from blazz.messages import (
    ContactAddress,
    ContactCard,
    ContactEmail,
    ContactName,
    ContactPhone,
    Contacts,
    ContactUrl,
    Organization,
)


def contacts(message: Contacts) -> list[dict[str, Any]]:
    """The `contacts` list."""
    return [_card(card) for card in message.cards]


def _card(card: ContactCard) -> dict[str, Any]:
    body: dict[str, Any] = {"name": _name(card.name)}
    if card.birthday is not None:
        body["birthday"] = card.birthday.isoformat()
    lists = {
        "phones": [_phone(phone) for phone in card.phones],
        "emails": [_email(email) for email in card.emails],
        "urls": [_url(url) for url in card.urls],
        "addresses": [_address(address) for address in card.addresses],
    }
    body.update({name: items for name, items in lists.items() if items})
    if card.org is not None:
        body["org"] = _organization(card.org)
    return body


def _name(name: ContactName) -> dict[str, str]:
    parts = _present(
        first_name=name.first,
        last_name=name.last,
        middle_name=name.middle,
        prefix=name.prefix,
        suffix=name.suffix,
    )
    # Meta refuses a name without any part: what is shown in full is then the first name, too.
    return {"formatted_name": name.formatted, **(parts or {"first_name": name.formatted})}


def _phone(phone: ContactPhone) -> dict[str, str]:
    return _present(phone=phone.number, type=phone.label, wa_id=phone.wa_id)


def _email(email: ContactEmail) -> dict[str, str]:
    return _present(email=email.email, type=email.label)


def _url(url: ContactUrl) -> dict[str, str]:
    return _present(url=url.url, type=url.label)


def _address(address: ContactAddress) -> dict[str, str]:
    return _present(
        street=address.street,
        city=address.city,
        state=address.state,
        zip=address.zip,
        country=address.country,
        country_code=address.country_code,
        type=address.label,
    )


def _organization(org: Organization) -> dict[str, str]:
    return _present(company=org.company, department=org.department, title=org.title)


def _present(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}
