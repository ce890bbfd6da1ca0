"""The events that the fixtures mean. Payment configurations."""

from __future__ import annotations

from blazz.events import Event, PaymentConfigurationChanged
from tests.unit.providers.meta_cloud.inbound.people import ACCOUNT, at

EXPECTED: dict[str, list[Event]] = {
    "payments/configuration": [
        PaymentConfigurationChanged(
            key=f"payment_configuration_update:{ACCOUNT}:c513ad8118bee8046a7b8b42b3b5ead1b8d1bb5c",
            at=at(),
            account=ACCOUNT,
            configuration="razorpay-prod",
            provider="razorpay",
            merchant_id="acc_1",
            status="Needs Testing",
            created_at=at(-100),
            updated_at=at(-50),
        ),
    ],
}
