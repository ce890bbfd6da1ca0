"""Who and where the webhook fixtures are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from blazz.addresses import Group, Identity, Phone, UserId

ACCOUNT = "220000000000002"
NUMBER = "110000000000001"
GROUP = Group("Z3J1cDoxMjM0NTY3ODkwMTIz")

SARI_UNNAMED = Identity(
    phone=Phone("+6281234500001"),
    user_id=UserId("ID.40000000000000000001"),
    parent_user_id=UserId("ID.ENT.50000000000000000001"),
    username="sari.dewi",
)
SARI_BY_ID = Identity(
    phone=SARI_UNNAMED.phone,
    user_id=SARI_UNNAMED.user_id,
    parent_user_id=SARI_UNNAMED.parent_user_id,
)
SARI = Identity(
    phone=SARI_UNNAMED.phone,
    user_id=SARI_UNNAMED.user_id,
    parent_user_id=SARI_UNNAMED.parent_user_id,
    username=SARI_UNNAMED.username,
    name="Sari Dewi",
)
BUDI_UNNAMED = Identity(phone=Phone("+6281234500002"))
BUDI = Identity(phone=BUDI_UNNAMED.phone, name="Budi")
HIDDEN = Identity(user_id=UserId("ID.40000000000000000003"), username="tamu_malam", name="Tamu")
SHOP = Identity(phone=Phone("+6281200000000"))


def at(seconds: int = 0) -> datetime:
    """The time of the fixtures, and seconds after it."""
    return datetime.fromtimestamp(1_780_000_000, UTC) + timedelta(seconds=seconds)
