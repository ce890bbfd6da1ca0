"""Who a message goes to or comes from: phone numbers, user ids, LIDs and groups.

`parse` turns what people and APIs write into one of four frozen types. `Identity` holds everything
that is known of one person; since usernames exist, a phone number may be missing from it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TypeAlias

from blazz.errors import InvalidAddress

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_LID = re.compile(r"[0-9]{1,20}")
_GROUP = re.compile(r"[A-Za-z0-9_=+/-]{6,128}")
_JID = re.compile(r"(?P<user>[^@:]+)(?::[0-9]+)?@(?P<server>c\.us|s\.whatsapp\.net|lid|g\.us)")
_WORTH_PARSING = re.compile(r"[0-9+()\s.\-/\u00a0\u2010-\u2015\u202f\u2060\uff0b]{5,40}")


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number in E.164 form, such as `+6281234567890`.

    Raises:
        InvalidAddress: The text is not a plus sign and 7 to 15 digits (ITU-T E.164).

    Example:
        >>> Phone("+6281234567890").digits
        '6281234567890'
    """

    number: str

    def __post_init__(self) -> None:
        _check("Phone.number", self.number, _E164, "a plus sign and 7 to 15 digits")

    @property
    def digits(self) -> str:
        """The number without its plus sign, as WhatsApp's `wa_id` is written."""
        return self.number[1:]

    @property
    def region(self) -> str | None:
        """The ISO 3166 code of the country, such as `ID`; None where there is none (`+883`)."""
        return _region(self.number)

    def __str__(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class UserId:
    """A business-scoped user id (BSUID), such as `US.13491208655302741918`.

    Meta gives it to each pair of business and user; it changes with the user's phone number.

    Example:
        >>> UserId("US.13491208655302741918").region
        'US'
    """

    value: str

    def __post_init__(self) -> None:
        rule = "a country code, a dot and at most 128 letters or digits"
        _check("UserId.value", self.value, _USER_ID, rule)

    @property
    def region(self) -> str:
        """The ISO 3166 code of the user's country, which the id starts with."""
        return self.value[:2]

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Lid:
    """A linked id, by which WhatsApp Web hides a phone number; written `123456789@lid`.

    Example:
        >>> str(Lid("123456789"))
        '123456789@lid'
    """

    value: str

    def __post_init__(self) -> None:
        _check("Lid.value", self.value, _LID, "1 to 20 digits")

    def __str__(self) -> str:
        return f"{self.value}@lid"


@dataclass(frozen=True, slots=True)
class Group:
    """A group: the id that the provider gave it, without `@g.us`.

    Example:
        >>> str(Group("120363021234567890"))
        '120363021234567890@g.us'
    """

    value: str

    def __post_init__(self) -> None:
        _check("Group.value", self.value, _GROUP, "6 to 128 letters, digits or _=+/-")

    def __str__(self) -> str:
        return f"{self.value}@g.us"


Address: TypeAlias = Phone | UserId | Lid | Group
"""Whom a message can be sent to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """All that is known of one person or group; each part may be missing.

    Example:
        >>> Identity(phone=Phone("+6281234567890"), name="Budi").address
        Phone(number='+6281234567890')
    """

    phone: Phone | None = None
    user_id: UserId | None = None
    parent_user_id: UserId | None = None
    lid: Lid | None = None
    username: str | None = None
    name: str | None = None

    @property
    def address(self) -> Address | None:
        """What to answer to: the phone number if known, else the user id, else the LID."""
        return self.phone or self.user_id or self.lid


def parse(text: str | Address, *, region: str | None = None) -> Address:
    """Read an address as people, spreadsheets and APIs write it.

    Args:
        text: A phone number in any spelling (`+62 812-3456-7890`, `0062812…`, `62812…`), a
            BSUID, a LID or group (`…@lid`, `…@g.us`), or a WhatsApp id (`…@c.us`).
        region: The ISO 3166 country that numbers without a country code belong to, such as `ID`.

    Raises:
        InvalidAddress: It is none of these; the message says why.

    Example:
        >>> parse("0812-3456-7890", region="ID")
        Phone(number='+6281234567890')
        >>> parse("+44 (0)20 7946 0958")
        Phone(number='+442079460958')
    """
    if isinstance(text, Address):
        return text
    if not isinstance(text, str):
        raise InvalidAddress("address", "must be text", text)
    stripped = text.strip()
    if "@" in stripped:
        return _parse_jid(stripped)
    if len(stripped) > 2 and stripped[2] == "." and _USER_ID.fullmatch(stripped):
        return UserId(stripped)
    return parse_phone(stripped, region=region)


def read_back(text: str) -> Address:
    """Read what `str` wrote of an address, many times faster than `parse` reads what people write.

    Raises:
        InvalidAddress: `str` of an address never writes that.

    Example:
        >>> read_back(str(Lid("123456789")))
        Lid(value='123456789')
    """
    user, _, server = text.partition("@")
    if server == "lid":
        return Lid(user)
    if server == "g.us":
        return Group(user)
    return Phone(text) if text.startswith("+") else UserId(text)


def parse_phone(text: str, *, region: str | None = None) -> Phone:
    """Read a phone number in any human spelling into E.164.

    A number is accepted when its length fits its country's plan (libphonenumber's "possible"
    test): the stricter test rejects real numbers whenever a country opens a new range.

    Raises:
        InvalidAddress: It is not a possible phone number; the message says why.
    """
    rule = "at least 5 digits with an optional +, spaces and punctuation"
    _check("phone", text, _WORTH_PARSING, rule)
    phone = _read(text, text, region)
    # What is left once a trunk prefix is gone, +44 (0)20 …, may start like one again: a number is
    # only done when reading it changes nothing.
    while _digits(text) != phone.digits:
        text, phone = phone.number, _read(phone.number, text, None)
    return phone


def _read(number: str, written: str, region: str | None) -> Phone:
    import phonenumbers

    spaced = " ".join(number.split())  # phonenumbers knows fewer kinds of space than people type
    try:
        parsed = phonenumbers.parse(_international(spaced, region), region)
    except phonenumbers.NumberParseException as error:
        limit = _PARSE_FAILURES.get(error.error_type, str(error))
        raise InvalidAddress("phone", limit, written) from error
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        limit = _IMPOSSIBLE.get(reason, "a length that its country uses")
        raise InvalidAddress("phone", limit, written)
    return Phone(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


# phonenumbers.NumberParseException.error_type and ValidationResult, in words; written as numbers
# so that importing blazz does not load phonenumbers.
_PARSE_FAILURES = {
    0: "a known country code after the plus sign, or region= for numbers without one",
    1: "a phone number",
    2: "more digits after the international prefix",
    3: "at least 2 digits",
    4: "at most 15 digits (ITU-T E.164)",
}
_IMPOSSIBLE = {
    1: "a known country code",
    2: "more digits than this for its country",
    3: "fewer digits than this for its country",
    4: "a full number with its area code",
    5: "a length that its country uses",
}


def _check(field: str, value: object, pattern: re.Pattern[str], rule: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidAddress(field, rule, value)


def _international(text: str, region: str | None) -> str:
    """Add the plus sign that spreadsheets swallow: without a region the number must be full."""
    if region is not None or text.startswith(("+", "\uff0b")):
        return text
    if text.startswith("00"):
        return f"+{text[2:]}"
    return f"+{text}"


def _parse_jid(text: str) -> Address:
    match = _JID.fullmatch(text)
    if match is None:
        raise InvalidAddress("address", "an id that ends in @c.us, @lid or @g.us", text)
    user = match["user"]
    if match["server"] == "lid":
        return Lid(user)
    if match["server"] == "g.us":
        return Group(user)
    return Phone(f"+{user}")


@functools.lru_cache(maxsize=4096)
def _region(number: str) -> str | None:
    import phonenumbers

    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None
    return region if region and region != "001" else None
