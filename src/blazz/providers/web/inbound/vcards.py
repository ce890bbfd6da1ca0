"""Contact cards as WhatsApp Web carries them (vCard 3.0, RFC 2426): reading and writing."""

from __future__ import annotations

import re
from typing import Final

from blazz.addresses import Phone
from blazz.errors import InvalidAddress
from blazz.events.messages import SharedContact, SharedLink, SharedPhone
from blazz.messages.contacts import ContactCard

_ESCAPE: Final = re.compile(r"[\\,;]")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_PARTS: Final = re.compile(r"(?<!\\);")
_ITEM: Final = re.compile(r"^item\d+\.", re.IGNORECASE)


def shared_contact(card: str) -> SharedContact:
    r"""Read a card; what is not understood stands in `vcard`.

    Example:
        >>> shared_contact("BEGIN:VCARD\nFN:Budi\nTEL;waid=6281:+62 81\nEND:VCARD").name
        'Budi'
    """
    first: dict[str, str] = {}
    phones: list[SharedPhone] = []
    links: dict[str, list[SharedLink]] = {"EMAIL": [], "URL": []}
    for line in _FOLD.sub("", card).splitlines():
        head, colon, value = line.partition(":")
        if not colon:
            continue
        name, *parameters = head.split(";")
        name = _ITEM.sub("", name).upper()
        if name == "TEL":
            phones.append(_phone(value, parameters))
        elif name in links:
            links[name].append(SharedLink(value=_plain(value), type=_type(parameters)))
        else:
            first.setdefault(name, value)
    names = [_plain(part) or None for part in _PARTS.split(first.get("N", ""))]
    last, given, middle, prefix = (*names, None, None, None, None)[:4]
    company = [_plain(part) for part in _PARTS.split(first.get("ORG", ""))]
    return SharedContact(
        name=_plain(first["FN"]) if "FN" in first else None,
        first_name=given,
        last_name=last,
        middle_name=middle,
        prefix=prefix,
        phones=tuple(phones),
        emails=tuple(links["EMAIL"]),
        urls=tuple(links["URL"]),
        company=company[0] or None,
        department=(company[1] or None) if len(company) > 1 else None,
        title=_plain(first["TITLE"]) if "TITLE" in first else None,
        vcard=card,
    )


def written(card: ContactCard) -> str:
    r"""Write a card.

    Example:
        >>> print(written(ContactCard("Budi; S", phones=["+62 812-3456-7890"])))
        BEGIN:VCARD
        VERSION:3.0
        N:;Budi\; S;;;
        FN:Budi\; S
        TEL;type=CELL:+62 812-3456-7890
        END:VCARD
    """
    name = card.name
    parts = (name.last, name.first or name.formatted, name.middle, name.prefix, name.suffix)
    lines = ["BEGIN:VCARD", "VERSION:3.0"]
    lines.append(f"N:{';'.join(_escaped(part or '') for part in parts)}")
    lines.append(f"FN:{_escaped(name.formatted)}")
    if card.org is not None:
        company = (card.org.company or "", card.org.department or "")
        lines.append(f"ORG:{';'.join(_escaped(part) for part in company)}")
        if card.org.title is not None:
            lines.append(f"TITLE:{_escaped(card.org.title)}")
    for phone in card.phones:
        waid = f";waid={phone.wa_id}" if phone.wa_id else ""
        lines.append(f"TEL;type={_word(phone.label or 'CELL')}{waid}:{phone.number or ''}")
    lines += [f"EMAIL;type={_word(it.label)}:{_escaped(it.email)}" for it in card.emails]
    lines += [f"URL;type={_word(it.label)}:{_escaped(it.url)}" for it in card.urls]
    for place in card.addresses:
        inner = ("", "", place.street, place.city, place.state, place.zip, place.country)
        written_parts = ";".join(_escaped(part or "") for part in inner)
        lines.append(f"ADR;type={_word(place.label)}:{written_parts}")
    if card.birthday is not None:
        lines.append(f"BDAY:{card.birthday.isoformat()}")
    lines.append("END:VCARD")
    return "\n".join(lines)


def _phone(value: str, parameters: list[str]) -> SharedPhone:
    known = None
    for parameter in parameters:
        name, _, digits = parameter.partition("=")
        if name.lower() == "waid":
            try:
                known = Phone(f"+{digits}")
            except InvalidAddress:
                known = None
    return SharedPhone(number=_plain(value) or None, phone=known, type=_type(parameters))


def _type(parameters: list[str]) -> str | None:
    found = [it.partition("=")[2] for it in parameters if it.lower().startswith("type=")]
    return found[0].upper() if found and found[0] else None


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _escaped(value: str) -> str:
    flat = _ESCAPE.sub(lambda found: f"\\{found[0]}", value)
    return flat.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _word(label: str | None) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "", label or "") or "HOME"
