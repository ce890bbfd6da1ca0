"""Make synthetic contacts: `python examples/make_contacts.py --rows 10000 > contacts.csv`.

The numbers have the right length for their country, but are not in any range that is in use
(libphonenumber calls them possible, not valid), so they belong to nobody. As in real life, they are
spelled in several ways, some stand twice, and some are no phone numbers at all. A few are magic
numbers of the sandbox, which make it answer with errors.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Iterator

import phonenumbers

NAMES = {
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
    "TR": ["Ayşe Yılmaz", "Mehmet Çelik", "Fatma Şahin", "Mustafa Öztürk", "İrem Doğan"],
    "AE": ["محمد العلي", "فاطمة حسن", "Omar Al Mazrouei", "Noura Saeed", "Khalid Rahman"],
    "ES": ["Lucía Fernández", "Íñigo Ruiz", "Carmen Ibáñez", "Javier López", "Marta Gil, hija"],
    "PH": ["Maria Reyes", "Jose Cruz", "Angel Santos", "Niño Garcia", "Grace Bautista"],
}
LANGUAGES = {"ID": "id", "BR": "pt_BR", "MX": "es_MX", "ES": "es", "DE": "de", "FR": "fr"}
NOT_NUMBERS = [
    "n/a",
    "",
    "12345",
    "+62 81",
    "call the office",
    "+999 123 456 789",
    "0",
    "+1 555 01",
]
MAGIC_NUMBERS = [
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


def unused_number(region: str, chance: random.Random) -> str:
    """A number of the right length for a country that is not in use there."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
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


def spelled(number: str, chance: random.Random) -> str:
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
    """Make rows of phone, name, language and voucher code."""
    chance = random.Random(seed)
    earlier: list[str] = []
    for row in range(rows):
        region = chance.choice(list(NAMES))
        name = chance.choice(NAMES[region])
        draw = chance.random()
        if row % 1000 == 500:
            phone = MAGIC_NUMBERS[row // 1000 % len(MAGIC_NUMBERS)]
        elif draw < 0.003:
            phone = chance.choice(NOT_NUMBERS)
        elif draw < 0.008 and earlier:
            phone = spelled(chance.choice(earlier), chance)
        else:
            number = unused_number(region, chance)
            earlier = [*earlier[-99:], number]
            phone = spelled(number, chance)
        yield phone, name, LANGUAGES.get(region, "en"), f"HALO-{chance.randrange(16**6):06X}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["phone", "name", "language", "code"])
    out.writerows(contacts(parser.parse_args().rows))


if __name__ == "__main__":
    main()
