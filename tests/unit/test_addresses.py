"""Addresses: every spelling, every refusal, and that reading what was written gives it back."""

from __future__ import annotations

import pickle

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blazz.addresses import (
    Address,
    Group,
    Identity,
    Lid,
    Phone,
    UserId,
    parse,
    parse_phone,
    read_back,
)
from blazz.errors import InvalidAddress, InvalidValue

letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
digits = "0123456789"
alphanumeric = letters + letters.lower() + digits

lids = st.text(digits, min_size=1, max_size=20).map(Lid)
groups = st.text(alphanumeric + "_=+/-", min_size=6, max_size=128).map(Group)
user_ids = st.builds(
    lambda country, middle, end: UserId(f"{country}.{middle}{end}"),
    st.text(letters, min_size=2, max_size=2),
    st.sampled_from(["", "ENT."]),
    st.text(alphanumeric, min_size=1, max_size=128),
)
phones = st.builds(
    lambda region, kind: phonenumbers.format_number(
        phonenumbers.example_number_for_type(region, kind)
        or phonenumbers.example_number_for_type("ID", kind),
        phonenumbers.PhoneNumberFormat.E164,
    ),
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]),
).map(Phone)
addresses = phones | user_ids | lids | groups


@given(addresses)
def test_what_is_written_is_read_back(address: Address) -> None:
    assert parse(str(address)) == address
    assert read_back(str(address)) == address
    assert parse(address) is address
    assert pickle.loads(pickle.dumps(address)) == address
    assert len({address, parse(str(address))}) == 1


@given(st.text() | st.sampled_from(["", "+", "0812-3456-7890", "628123456789@c.us", "a@b@lid"]))
def test_what_no_address_writes_is_not_read_back(text: str) -> None:
    try:
        assert str(read_back(text)) == text
    except InvalidAddress:
        return


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse(text)
    except InvalidAddress:
        return
    assert parse(str(address)) == address


@example(64, "0080440392")
@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.text(alphabet=digits + " -.()", min_size=5, max_size=16),
)
def test_reading_twice_changes_nothing(country: int, rest: str) -> None:
    try:
        phone = parse_phone(f"+{country}{rest}")
    except InvalidAddress:
        return
    assert parse_phone(phone.number) == phone
    assert parse_phone(f" {phone.digits} ") == phone


@pytest.mark.parametrize(
    "spelling",
    [
        "+6281234567890",
        "+62 812-3456-7890",
        "+62 (812) 3456 7890",
        "+62.812.3456.7890",
        "006281234567890",
        "+62 0812 3456 7890",
        "6281234567890",
        "  +62 812 3456 7890  ",
        "+62\u00a0812\u202f3456\u20117890",
        "\uff0b62 812 3456 7890",
        "6281234567890@c.us",
        "6281234567890@s.whatsapp.net",
        "6281234567890:12@s.whatsapp.net",
    ],
)
def test_every_spelling_of_a_number(spelling: str) -> None:
    assert parse(spelling) == Phone("+6281234567890")


@pytest.mark.parametrize(
    ("local", "region", "number"),
    [
        ("0812-3456-7890", "ID", "+6281234567890"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("+62 812 3456 7890", "US", "+6281234567890"),
        ("06 12 34 56 78", "FR", "+33612345678"),
    ],
)
def test_a_local_number_needs_its_region(local: str, region: str, number: str) -> None:
    assert parse(local, region=region) == Phone(number)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "digits"),
        ("Budi", "digits"),
        ("+62 812 ext 5", "digits"),
        ("+62 812", "more digits"),
        ("+1" + "4" * 12, "fewer digits"),
        ("+1234567890123456789", "15 digits"),
        ("+999 123 456 789", "country code"),
        ("0812-3456-7890", "country code"),
        ("budi@example.com", "@c.us, @lid or @g.us"),
        ("@lid", "@c.us, @lid or @g.us"),
        ("abc@lid", "1 to 20 digits"),
        ("a@g.us", "6 to 128"),
        ("1@c.us", "7 to 15 digits"),
        ("6281234567890\n+6281234567891", "a phone number"),
    ],
)
def test_what_is_no_address_says_why(text: str, why: str) -> None:
    with pytest.raises(InvalidAddress, match="got ") as caught:
        parse(text)

    assert why in str(caught.value)
    assert caught.value.value in (text, text.partition("@")[0], f"+{text.partition('@')[0]}")


@pytest.mark.parametrize("value", [None, 6281234567890, b"+6281234567890", 1.5, ["+62"]])
def test_what_is_not_text_is_refused(value: object) -> None:
    for read in (parse, parse_phone, Phone, UserId, Lid, Group):
        with pytest.raises(InvalidAddress):
            read(value)  # type: ignore[operator]


@pytest.mark.parametrize("number", ["6281234567890", "+0812345678", "+123456", "+" + "1" * 16])
def test_a_phone_is_in_e164_form(number: str) -> None:
    with pytest.raises(InvalidAddress, match=r"^Phone.number: a plus sign and 7 to 15 digits"):
        Phone(number)


@pytest.mark.parametrize("number", ["+1234567", "+" + "1" * 15])
def test_a_phone_has_7_to_15_digits(number: str) -> None:
    assert Phone(number).digits == number[1:]


@pytest.mark.parametrize("value", ["us.123", "US123", "USA.1", "US.", "US.a-b", "US." + "a" * 129])
def test_a_user_id_has_metas_form(value: str) -> None:
    with pytest.raises(InvalidAddress, match=r"^UserId.value"):
        UserId(value)


def test_regions() -> None:
    assert Phone("+6281234567890").region == "ID"
    assert Phone("+883510000000090").region is None
    assert Phone("+999123456789").region is None
    assert UserId("US.13491208655302741918").region == "US"


def test_an_address_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Phone("+6281234567890").number = "+6281234567891"  # type: ignore[misc]


def test_an_identity_is_answered_at_the_best_address() -> None:
    phone, user_id, lid = Phone("+6281234567890"), UserId("ID.1"), Lid("1")

    assert Identity(phone=phone, user_id=user_id, lid=lid).address == phone
    assert Identity(user_id=user_id, lid=lid).address == user_id
    assert Identity(lid=lid).address == lid
    assert Identity(username="budi").address is None


def test_an_address_error_is_a_value_error() -> None:
    assert issubclass(InvalidAddress, InvalidValue)
    assert issubclass(InvalidAddress, ValueError)
