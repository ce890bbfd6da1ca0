"""The names that a person goes by in what is remembered of conversations. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from blazz.addresses import Address, Identity

# WhatsApp writes some numbers with a digit that people leave out, or the other way round; Meta's
# page on phone numbers says so of Brazil and Mexico, and Argentina does the same.
_SPELLINGS: Final = (
    (re.compile(r"(\+55[1-9][0-9])9([6-9][0-9]{7})"), r"\1\2"),
    (re.compile(r"(\+55[1-9][0-9])([6-9][0-9]{7})"), r"\g<1>9\2"),
    (re.compile(r"(\+52)1([0-9]{10})"), r"\1\2"),
    (re.compile(r"(\+52)([0-9]{10})"), r"\g<1>1\2"),
    (re.compile(r"(\+54)9([1-8][0-9]{9})"), r"\1\2"),
    (re.compile(r"(\+54)([1-8][0-9]{9})"), r"\g<1>9\2"),
)


def names_of(person: Identity | Address) -> Sequence[str]:
    """All that a person can be addressed by, as `str(address)` writes it.

    What is recorded of somebody under each of their names is found under any of them.

    Example:
        >>> from blazz.addresses import Phone
        >>> names_of(Phone("+6281234567890"))
        ['+6281234567890']
        >>> names_of(Phone("+5511987654321"))
        ['+5511987654321', '+551187654321']
    """
    if not isinstance(person, Identity):
        return _written(person)
    known = (person.phone, person.user_id, person.parent_user_id, person.lid)
    return [name for address in known if address is not None for name in _written(address)]


def _written(address: Address) -> list[str]:
    """An address, and how else WhatsApp may write it."""
    written = str(address)
    if written.startswith("+5"):  # all of them, and few others
        for form, other in _SPELLINGS:
            if form.fullmatch(written):
                return [written, form.sub(other, written)]
    return [written]
