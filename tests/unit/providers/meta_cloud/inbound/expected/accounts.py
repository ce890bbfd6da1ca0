"""The events that the fixtures mean. Accounts."""

from __future__ import annotations

from datetime import UTC, datetime

from blazz.events import (
    AccountAlerted,
    AccountReviewed,
    AccountSettingsChanged,
    AccountUpdated,
    CapabilityChanged,
    Event,
    PartnerSolutionChanged,
    RateEligibility,
    Restriction,
    VolumeTier,
)
from tests.unit.providers.meta_cloud.inbound.people import ACCOUNT, NUMBER, at

EXPECTED: dict[str, list[Event]] = {
    "accounts/ad_account": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:faba2a203aec8259ad867fe1efe4c7745aa4bb9e",
            at=at(),
            account=ACCOUNT,
            change="AD_ACCOUNT_LINKED",
            waba_id=ACCOUNT,
            ad_account_id="act_1",
        ),
    ],
    "accounts/alert": [
        AccountAlerted(
            key=f"account_alerts:{ACCOUNT}:f4ec0950ac5f2062107f1497eb3fa2d1fb366e64",
            at=at(),
            account=ACCOUNT,
            type="INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED",
            severity="WARNING",
            status="ACTIVE",
            description="Send more first",
            entity_type="BUSINESS",
            entity_id="660000000000006",
        ),
    ],
    "accounts/app_installed": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:9d74ea7bab3e7fb4627e3d4d2aeba44f2e6e07e1",
            at=at(),
            account=ACCOUNT,
            change="PARTNER_APP_INSTALLED",
            waba_id=ACCOUNT,
            partner_app_id="990000000000009",
        ),
    ],
    "accounts/capability": [
        CapabilityChanged(
            key=f"business_capability_update:{ACCOUNT}:79ecc708a91efbb13b2f395a18a81d374acaf37c",
            at=at(),
            account=ACCOUNT,
            messaging_limit="TIER_2K",
            numbers_per_account=25,
        ),
    ],
    "accounts/capability_in_numbers": [
        CapabilityChanged(
            key=f"business_capability_update:{ACCOUNT}:27ef025d9210446e8067f300d9f7bb245e3a4a31",
            at=at(),
            account=ACCOUNT,
            messaging_limit="-1",
            numbers_per_business=2,
        ),
    ],
    "accounts/country": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:322dc9cf044315aa73ae0d10f4da946e72ff3f2f",
            at=at(),
            account=ACCOUNT,
            change="BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
            waba_id=ACCOUNT,
            country="ID",
        ),
    ],
    "accounts/disabled": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:4cbbaa4902d36ddf981f95f127eeaae4ba878716",
            at=at(),
            account=ACCOUNT,
            change="DISABLED_UPDATE",
            waba_id=ACCOUNT,
            ban_state="SCHEDULE_FOR_DISABLE",
            ban_date="April 17, 2026",
        ),
    ],
    "accounts/international_rates": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:5bb39ccae8d1455df3d2a4d9eeacf8dd7c579f9d",
            at=at(),
            account=ACCOUNT,
            change="AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
            waba_id=ACCOUNT,
            rate_eligibility=RateEligibility(starts_at=at(10), exceptions={"IN": at(20)}),
        ),
    ],
    "accounts/partner_added": [
        AccountUpdated(
            key="account_update:220000000000009:6e4ee58f155abe0bd83de0e24dbd1c630bed9e8e",
            at=at(),
            account="220000000000009",
            change="PARTNER_ADDED",
            waba_id="220000000000009",
            owner_business_id="660000000000006",
            solution_id="770000000000007",
            solution_partner_ids=("880000000000008",),
        ),
    ],
    "accounts/partner_removed": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:318c4efc7e06ba01ad9e5b3bf300773c4af1957e",
            at=at(),
            account=ACCOUNT,
            change="PARTNER_REMOVED",
            waba_id=ACCOUNT,
            phone_number="6281200000000",
            disconnection_reason="PRIMARY_INACTIVITY",
            disconnected_by="SYSTEM",
            owner_business_id="660000000000006",
        ),
    ],
    "accounts/partner_solution": [
        PartnerSolutionChanged(
            key="partner_solutions:660000000000006:591ab6cc39bdfdae7b767104980237102d07c47c",
            at=at(),
            account="660000000000006",
            change="SOLUTION_CREATED",
            solution_id="770000000000007",
            status="INITIATED",
        ),
    ],
    "accounts/restricted": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:0a7ed7c0890d4aa800ed4aeb6d36245263372f17",
            at=at(),
            account=ACCOUNT,
            change="ACCOUNT_RESTRICTION",
            waba_id=ACCOUNT,
            restrictions=(
                Restriction(
                    type="RESTRICTED_BIZ_INITIATED_MESSAGING",
                    expires_at=at(3600),
                    remediation="Wait",
                ),
                Restriction(
                    type="RESTRICTED_ADD_PHONE_NUMBER_ACTION",
                    expires_at=datetime(2026, 12, 12, 7, 9, 27, tzinfo=UTC),
                ),
            ),
        ),
    ],
    "accounts/review": [
        AccountReviewed(
            key=f"account_review_update:{ACCOUNT}:a6e73207fb23f897c749dd67328d5a5b063bb7b9",
            at=at(),
            account=ACCOUNT,
            decision="APPROVED",
        ),
    ],
    "accounts/settings": [
        AccountSettingsChanged(
            key=f"account_settings_update:{NUMBER}:f8330438fa07c85edaa2d1e654c8def38fa8541e",
            at=at(),
            account=NUMBER,
            type="PHONE_NUMBER_SETTINGS",
            phone_number_id=NUMBER,
            settings={"calling": {"status": "ENABLED"}},
        ),
    ],
    "accounts/verification": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:5398cb97b6a9b4fa4a96e7eb0387d6155f6cd21f",
            at=at(),
            account=ACCOUNT,
            change="PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
            waba_id=ACCOUNT,
            certification_status="FAILED",
            certification_client_id="660000000000006",
            rejection_reasons=("LEGAL NAME NOT MATCHING",),
        ),
    ],
    "accounts/violation": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:61e46d37712d379104085bb86972a1fbff3608b7",
            at=at(),
            account=ACCOUNT,
            change="ACCOUNT_VIOLATION",
            waba_id=ACCOUNT,
            violation="SCAM",
        ),
    ],
    "accounts/volume_tier": [
        AccountUpdated(
            key=f"account_update:{ACCOUNT}:23d8d75e50092bbda703a8bcfef58d1785fe7a88",
            at=at(),
            account=ACCOUNT,
            change="VOLUME_BASED_PRICING_TIER_UPDATE",
            waba_id=ACCOUNT,
            volume_tier=VolumeTier(
                category="UTILITY",
                tier="25000001:50000000",
                region="Indonesia",
                month="2026-05",
                reached_at=at(-1),
            ),
        ),
    ],
}
