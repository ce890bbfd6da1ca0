"""The events that the fixtures mean. Conversions."""

from __future__ import annotations

from blazz.events import ConversionDetected, Event
from tests.unit.providers.meta_cloud.inbound.people import NUMBER, at

EXPECTED: dict[str, list[Event]] = {
    "marketing/lead": [
        ConversionDetected(
            key=f"conversion:{NUMBER}:wamid.LEAD=:LeadSubmitted",
            at=at(),
            account=NUMBER,
            name="LeadSubmitted",
            message_id="wamid.LEAD=",
            click_id="AbCd-EfGh",
        ),
    ],
    "marketing/purchase": [
        ConversionDetected(
            key=f"conversion:{NUMBER}:wamid.LEAD=:Purchase",
            at=at(),
            account=NUMBER,
            name="Purchase",
            message_id="wamid.LEAD=",
            currency="USD",
            value=25000.0,
        ),
    ],
}
