"""Which column holds the phone number, and whether all others are there."""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from blazz.addresses import parse
from blazz.errors import AudienceError, InvalidAddress

_USUAL_NAMES = (
    "phone", "phonenumber", "phoneno", "mobile", "mobilenumber", "mobilephone", "cell",
    "cellphone", "cellnumber", "whatsapp", "whatsappnumber", "whatsappid", "waid", "wa", "number",
    "tel", "telephone", "telephonenumber", "telno", "msisdn", "gsm", "contactnumber", "contactno",
    "recipient", "to",
    "nomor", "nomorhp", "nohp", "hp", "nomorwa", "nowa", "nomorwhatsapp", "telepon",
    "nomortelepon", "notelp",
    "telefono", "numerotelefono", "numerodetelefono", "celular", "movil", "numero",
    "telefone", "numerodetelefone", "telemovel", "telemovil",
    "telefon", "telefonnummer", "handy", "handynummer", "rufnummer", "mobil", "mobilnummer",
    "mobiltelefon", "portable", "numerodetelephone", "telephoneportable", "cellulare",
    "numeroditelefono", "telefoon", "telefoonnummer", "gsmno", "ceptelefonu", "simu",
)  # fmt: skip


def find_phone(name: str, columns: Sequence[str], asked: str | None) -> str:
    """Find the column with the phone numbers.

    Args:
        name: The audience's name, for errors.
        columns: Its columns.
        asked: The name that the user gave; None: look for a usual one.

    Raises:
        AudienceError: There is no such column, or more than one could be meant.

    Example:
        >>> find_phone("contacts.csv", ["Name", "Teléfono"], None)
        'Teléfono'
    """
    if asked is not None:
        _check(name, columns, asked, f"there is no column {asked!r}")
        return asked
    usual = [column for column in columns if _plain(column) in _USUAL_NAMES]
    exact = [column for column in usual if _plain(column) == "phone"]
    found = list(dict.fromkeys(exact or usual))
    if len(found) == 1:
        _check_single(name, columns, found[0])
        return found[0]
    if found:
        names = ", ".join(map(repr, found))
        raise AudienceError(
            f"{name}: more than one column could hold the phone number ({names});"
            f" choose one with phone={found[0]!r}"
        )
    raise AudienceError(
        f"{name}: no column is named like a phone number's; name it with phone=…;"
        f" {_listed(columns)}"
    )


def check_needed(name: str, columns: Sequence[str], needed: Iterable[str]) -> None:
    """Check that the columns which the message needs are there, once each.

    Raises:
        AudienceError: One is missing, or there twice.
    """
    for column in sorted(needed):
        _check(name, columns, column, f"the message needs the column {column!r}")


def suggest_phone(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str | None:
    """Name the one column whose values look like phone numbers, judging by some rows."""
    hits: Counter[int] = Counter()
    seen = 0
    for row in rows:
        seen += 1
        hits.update(place for place, text in enumerate(row) if _looks_like_phone(text))
    likely = [place for place, times in hits.items() if times * 2 > seen and place < len(columns)]
    return columns[likely[0]] if len(likely) == 1 else None


def looks_like_data(row: Sequence[str]) -> bool:
    """Whether what stands in place of a header has a phone number in it."""
    return any(_looks_like_phone(text) for text in row)


def _check(name: str, columns: Sequence[str], column: str, problem: str) -> None:
    if column not in columns:
        near = difflib.get_close_matches(
            column.casefold(), [known.casefold() for known in columns], n=1
        )
        meant = [known for known in columns if near and known.casefold() == near[0]]
        hint = f" (did you mean {meant[0]!r}?)" if meant else ""
        raise AudienceError(f"{name}: {problem}{hint}; {_listed(columns)}")
    _check_single(name, columns, column)


def _check_single(name: str, columns: Sequence[str], column: str) -> None:
    times = list(columns).count(column)
    if times > 1:
        raise AudienceError(
            f"{name}: there are {times} columns named {column!r}; rename all but one"
        )


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:30] if column)
    more = f" and {len(columns) - 30} more" if len(columns) > 30 else ""
    return f"the columns are: {shown}{more}" if shown else "it has no named columns"


def _plain(column: str) -> str:
    """A name without case, accents, spaces and punctuation."""
    decomposed = unicodedata.normalize("NFKD", column.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


def _looks_like_phone(text: str) -> bool:
    if sum(letter.isdigit() for letter in text) < 8:
        return False
    try:
        parse(text)
    except InvalidAddress:
        return False
    return True
