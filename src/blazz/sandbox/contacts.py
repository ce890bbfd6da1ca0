"""Synthetic contacts, as untidy as real ones.

The numbers have the right length for their country, but are not in any range that is in use
(libphonenumber calls them possible, not valid), so they belong to nobody. They are spelled in
several ways, some stand twice, and some are no phone numbers at all. A few are magic numbers of the
sandbox, which make it answer with errors.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from typing import Final, TextIO

import phonenumbers

COLUMNS: Final = ("phone", "name", "language", "code")
"""What each contact has."""

_NAMES: Final = {
    "ID": ["Budi Santoso", "Siti Rahayu", "Agus Wijaya", "Dewi Lestari", "Putri Anggraini"],
    "IN": ["Aarav Sharma", "Priya Nair", "Rohan Gupta", "Ananya Iyer", "Vikram Singh"],
    "BR": ["João Silva", "Maria Souza", "Ana Conceição", "Pedro Araújo", "Letícia Gonçalves"],
    "MX": ["José Hernández", "Guadalupe Núñez", "Luis Ramírez", "Sofía Peña", "Raúl Muñoz"],
    "US": ["James O'Neil", "Emily Carter", 'Robert "Bob" Hall', "Ashley Young", "Chris Moore"],
    "GB": ["Oliver Smith", "Amelia Jones", "Harry Taylor", "Isla Brown", "George Evans"],
    "DE": ["Jürgen Müller", "Anna Weiß", "Lukas Schäfer", "Mia König", "Jonas Böhm"],
    "FR": ["Hélène Dupont", "Gaël Lefèvre", "Chloé Moreau", "François Petit", "Zoé Garnier"],
    "NG": ["Chinedu Okafor", "Amina Bello", "Tunde Adeyemi", "Ngozi Eze", "Ibrahim Musa"],
    "ZA": ["Thabo Nkosi", "Lerato Dlamini", "Pieter Botha", "Zanele Khumalo", "Sipho Ndlovu"],
    "TR": ["Ayşe Yılmaz", "Mehmet Çelik", "Fatma Şahin", "Mustafa Öztürk", "İrem Doğan"],  # noqa: RUF001
    "AE": ["محمد العلي", "فاطمة حسن", "Omar Al Mazrouei", "Noura Saeed", "Khalid Rahman"],
    "ES": ["Lucía Fernández", "Íñigo Ruiz", "Carmen Ibáñez", "Javier López", "Marta Gil, hija"],
    "PH": ["Maria Reyes", "Jose Cruz", "Angel Santos", "Niño Garcia", "Grace Bautista"],
}
_LANGUAGES: Final = {"ID": "id", "BR": "pt_BR", "MX": "es_MX", "ES": "es", "DE": "de", "FR": "fr"}
_NOT_NUMBERS: Final = [
    "n/a",
    "",
    "12345",
    "+62 81",
    "call the office",
    "+999 123 456 789",
    "0",
    "+1 555 01",
]
_MAGIC_NUMBERS: Final = [
    "+1 555 013 1026",  # refused: undeliverable
    "+1 555 913 1026",  # accepted, then failed: undeliverable
    "+1 555 913 1049",  # accepted, then failed: too much marketing for this user
    "+1 555 913 1050",  # accepted, then failed: stopped marketing messages
    "+1 555 013 2012",  # refused: a parameter of the template has the wrong form
    "+1 555 800 0001",  # delivered, never read
    "+1 555 800 0004",  # statuses come backwards
    "+1 555 800 0005",  # every status comes twice
    "+1 555 800 0007",  # accepted, but the connection closes without an answer
    "+1 555 800 0013",  # throttled twice, then accepted
]


def _unused_number(region: str, chance: random.Random) -> str:
    """A number of the right length for a country that is not in use there."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None, f"libphonenumber knows no mobile number of {region}"
    digits = str(example.national_number)
    while True:
        drawn = "".join(chance.choice("0123456789") for _ in digits[1:])
        number = phonenumbers.PhoneNumber(
            example.country_code, int(chance.choice("123456789") + drawn)
        )
        fictional = example.country_code == 1 and str(number.national_number).startswith("555")
        possible = phonenumbers.is_possible_number(number)
        if possible and not phonenumbers.is_valid_number(number) and not fictional:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _spelled(number: str, chance: random.Random) -> str:
    """Write a number as people and spreadsheets do."""
    parsed = phonenumbers.parse(number)
    digits = str(parsed.national_number)
    country = parsed.country_code
    return chance.choice(
        [
            number,
            number[1:],
            f"00{number[1:]}",
            f"+{country} {digits[:3]}-{digits[3:7]}-{digits[7:]}".rstrip("-"),
            f"+{country} {digits[:3]} {digits[3:6]} {digits[6:]}",
            f"+{country} ({digits[:3]}) {digits[3:]}",
            f" +{country}.{digits[:4]}.{digits[4:]} ",
        ]
    )


def contacts(rows: int, *, seed: int = 11) -> Iterator[tuple[str, str, str, str]]:
    """Make rows of `COLUMNS`; the same seed gives the same rows.

    Example:
        >>> next(contacts(1))[1]
        'Zoé Garnier'
    """
    chance = random.Random(seed)  # noqa: S311  # the same seed must give the same rows
    earlier: list[str] = []
    for row in range(rows):
        region = chance.choice(list(_NAMES))
        name = chance.choice(_NAMES[region])
        draw = chance.random()
        if row % 1000 == 500:
            phone = _MAGIC_NUMBERS[row // 1000 % len(_MAGIC_NUMBERS)]
        elif draw < 0.003:
            phone = chance.choice(_NOT_NUMBERS)
        elif draw < 0.008 and earlier:
            phone = _spelled(chance.choice(earlier), chance)
        else:
            number = _unused_number(region, chance)
            earlier = [*earlier[-99:], number]
            phone = _spelled(number, chance)
        yield phone, name, _LANGUAGES.get(region, "en"), f"HALO-{chance.randrange(16**6):06X}"


def write_contacts(file: TextIO, rows: int, *, seed: int = 11) -> None:
    """Write contacts as CSV, with a header."""
    out = csv.writer(file, lineterminator="\n")
    out.writerow(COLUMNS)
    out.writerows(contacts(rows, seed=seed))
