"""Which country a recipient belongs to, and which clocks may hang on their wall.

Both are read off the phone number with the tables of Google's libphonenumber. A mobile number often
fits several time zones: then all of them are given, and whoever asks must suit them all.
"""

from __future__ import annotations

import functools
import zoneinfo

from blazz import addresses
from blazz.addresses import Phone, UserId
from blazz.errors import InvalidAddress

NO_COUNTRY = ""
"""What stands for the country of a recipient who has none: groups, linked ids, `+883`."""

_CACHED = 20_000


def country_of(address: str) -> str:
    """Give the ISO 3166 code of a recipient's country, or an empty text.

    Args:
        address: A recipient as `str(address)` writes it.

    Example:
        >>> country_of("+6281234567890"), country_of("US.1349"), country_of("abcdef@g.us")
        ('ID', 'US', '')
    """
    if address.startswith("+"):
        return _only_country(address[1:4]) or Phone(address).region or NO_COUNTRY
    try:
        parsed = addresses.parse(address)
    except InvalidAddress:
        return NO_COUNTRY
    return parsed.region if isinstance(parsed, UserId) else NO_COUNTRY


@functools.lru_cache(maxsize=_CACHED)
def zones_of(address: str) -> tuple[str, ...]:
    """Give the time zones that a recipient may live in, all of them; none if nothing is known.

    A mobile number can be taken along, so it gets every zone of its country code where the
    country has more than one.

    Args:
        address: A recipient as `str(address)` writes it.

    Example:
        >>> zones_of("+6281234567890"), zones_of("abcdef@g.us")
        (('Asia/Jakarta',), ())
    """
    return _known(_numbers_zones(address, narrow=False))


@functools.lru_cache(maxsize=_CACHED)
def likely_zones_of(address: str) -> tuple[str, ...]:
    """Give only the zones of the area that a number was handed out in; see `zones_of`.

    Example:
        >>> len(zones_of("+79161234567")) > 10, likely_zones_of("+79161234567")
        (True, ('Europe/Moscow',))
    """
    return _known(_numbers_zones(address, narrow=True))


def is_zone(name: str) -> bool:
    """Whether this machine knows a time zone.

    Example:
        >>> is_zone("Asia/Jakarta"), is_zone("Asia/Atlantis")
        (True, False)
    """
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _numbers_zones(address: str, *, narrow: bool) -> tuple[str, ...]:
    if not address.startswith("+"):
        return ()
    import phonenumbers
    from phonenumbers import timezone

    try:
        number = phonenumbers.parse(address)
    except phonenumbers.NumberParseException:
        return ()
    if narrow:
        return timezone.time_zones_for_geographical_number(number)
    return timezone.time_zones_for_number(number)


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out `Etc/Unknown`, and what this machine's tables do not have."""
    return tuple(name for name in names if name != "Etc/Unknown" and is_zone(name))


@functools.lru_cache(maxsize=1024)
def _only_country(digits: str) -> str | None:
    """Give the country of a country code that only one country has; spares reading the number."""
    import phonenumbers

    for length in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]))
        if regions is not None:
            return regions[0] if len(regions) == 1 and regions[0] != "001" else None
    return None
