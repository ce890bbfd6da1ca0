"""The events that the fixtures mean. Phone numbers."""

from __future__ import annotations

from blazz.events import (
    Event,
    NumberNameReviewed,
    NumberQualityChanged,
    SecurityChanged,
    UsernameChanged,
)
from tests.unit.providers.meta_cloud.inbound.people import ACCOUNT, at

EXPECTED: dict[str, list[Event]] = {
    "numbers/name": [
        NumberNameReviewed(
            key=f"phone_number_name_update:{ACCOUNT}:f01edaba34a61c5b2b233d0453ac74877b0f7141",
            at=at(),
            account=ACCOUNT,
            phone_number="6281200000000",
            decision="REJECTED",
            name="Toko Kopi",
            rejection_reason="NAME_NOT_CONSISTENT",
        ),
    ],
    "numbers/security": [
        SecurityChanged(
            key=f"security:{ACCOUNT}:425ef45e828376976d53bbed9815a635898e163e",
            at=at(),
            account=ACCOUNT,
            phone_number="6281200000000",
            change="PIN_RESET_REQUEST",
            requester="610000000000001",
        ),
    ],
    "numbers/throughput": [
        NumberQualityChanged(
            key=f"phone_number_quality_update:{ACCOUNT}:b600332be5039a66963fe7460083ea059847d0d7",
            at=at(),
            account=ACCOUNT,
            phone_number="6281200000000",
            change="THROUGHPUT_UPGRADE",
            messaging_limit="TIER_UNLIMITED",
            previous_limit="TIER_100K",
        ),
    ],
    "numbers/username": [
        UsernameChanged(
            key=f"business_username_updates:{ACCOUNT}:97361de54eee894fa79b387aac78bc19169433e6",
            at=at(),
            account=ACCOUNT,
            phone_number="6281200000000",
            status="approved",
            username="toko.kopi",
        ),
    ],
    "numbers/username_revoked": [
        UsernameChanged(
            key=f"business_username_updates:{ACCOUNT}:ca9bf0cf33f89387865067f1b429cc5d5a8bb1bc",
            at=at(),
            account=ACCOUNT,
            phone_number="6281200000000",
            status="approved",
            username="toko_kopi.2",
            context="revoked",
        ),
    ],
    "numbers/username_deleted": [
        UsernameChanged(
            key=f"business_username_update:{ACCOUNT}:cf8eb2b5b7f9f4a89498bb31269d193fd1749184",
            at=at(),
            account=ACCOUNT,
            phone_number="6281200000000",
            status="deleted",
        ),
    ],
}
