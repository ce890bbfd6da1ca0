"""The WhatsApp Business account: its standing, its limits, its partners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Something that the account may not do for now.

    Attributes:
        type: Such as `RESTRICTED_BIZ_INITIATED_MESSAGING` or `RESTRICTED_ADD_PHONE_NUMBER_ACTION`.
        expires_at: Until when.
        remediation: What can be done about it.
    """

    type: str | None = None
    expires_at: datetime | None = None
    remediation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeTier:
    """The price tier that the account reached with its volume.

    Attributes:
        category: The category that it is for, such as `UTILITY`.
        tier: The least and the most messages of the tier, such as `25000001:50000000`.
        region: The country or region of the recipients.
        month: The month that it is for, such as `2026-03`.
        reached_at: When it was reached; of several updates the earliest counts.
    """

    category: str | None = None
    tier: str | None = None
    region: str | None = None
    month: str | None = None
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateEligibility:
    """From when authentication messages to other countries have their own rates.

    Attributes:
        starts_at: For every country but those named.
        exceptions: Countries (ISO 3166) with a start of their own.
    """

    starts_at: datetime | None = None
    exceptions: Mapping[str, datetime | None] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdated(Event):
    """Something about the account changed; which fields are told depends on `change`.

    Attributes:
        change: `ACCOUNT_DELETED`, `ACCOUNT_RESTRICTION`, `ACCOUNT_VIOLATION`,
            `DISABLED_UPDATE`, `ACCOUNT_OFFBOARDED`, `ACCOUNT_RECONNECTED`, `PARTNER_ADDED`,
            `PARTNER_REMOVED`, `PARTNER_APP_INSTALLED`, `PARTNER_APP_UNINSTALLED`,
            `AD_ACCOUNT_LINKED`, `MM_LITE_TERMS_SIGNED`, `AUTH_INTL_PRICE_ELIGIBILITY_UPDATE`,
            `BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE`, `VOLUME_BASED_PRICING_TIER_UPDATE`,
            `PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE`, …; new ones may come.
        waba_id: The account that it is about, where it is named.
        phone_number: The number that it is about, as it is displayed.
        country: The primary business location (ISO 3166).
        violation: Which policy was broken, such as `SCAM`.
        ban_state: `SCHEDULE_FOR_DISABLE`, `DISABLE` or `REINSTATE`.
        ban_date: The day of it, in words, such as `April 17, 2026`.
        restrictions: What the account may not do.
        disconnection_reason: Why a WhatsApp Business app was disconnected.
        disconnected_by: `SYSTEM` or `USER`.
        owner_business_id: The business portfolio that owns the account.
        partner_app_id: The app that was installed or removed.
        solution_id: The multi-partner solution that it came by.
        solution_partner_ids: The business portfolios of that solution's partners.
        ad_account_id: The advertising account that was linked.
        certification_status: What became of the partner-led verification.
        certification_client_id: The business portfolio that was, or must be, verified.
        rejection_reasons: Why the verification failed.
        rate_eligibility: When international authentication rates begin.
        volume_tier: The price tier that was reached.
    """

    change: str
    waba_id: str | None = None
    phone_number: str | None = None
    country: str | None = None
    violation: str | None = None
    ban_state: str | None = None
    ban_date: str | None = None
    restrictions: tuple[Restriction, ...] = ()
    disconnection_reason: str | None = None
    disconnected_by: str | None = None
    owner_business_id: str | None = None
    partner_app_id: str | None = None
    solution_id: str | None = None
    solution_partner_ids: tuple[str, ...] = ()
    ad_account_id: str | None = None
    certification_status: str | None = None
    certification_client_id: str | None = None
    rejection_reasons: tuple[str, ...] = ()
    rate_eligibility: RateEligibility | None = None
    volume_tier: VolumeTier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAlerted(Event):
    """Meta draws attention to something about the account.

    Attributes:
        type: What, such as `OBA_APPROVED` or `INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED`.
        severity: `CRITICAL`, `WARNING` or `INFORMATIONAL`.
        status: `ACTIVE` or `NONE`.
        description: What can be done about it.
        entity_type: What it is about: `BUSINESS`, `PHONE_NUMBER`, ….
        entity_id: The id of that.
    """

    type: str
    severity: str | None = None
    status: str | None = None
    description: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReviewed(Event):
    """The account was reviewed: `APPROVED`, `REJECTED`, `PENDING` or `DEFERRED`."""

    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettingsChanged(Event):
    """Settings of the account or of one of its numbers changed.

    Attributes:
        type: Which, such as `PHONE_NUMBER_SETTINGS`.
        phone_number_id: The number that they belong to.
        settings: The settings as they are now, in the form of the settings API.
    """

    type: str | None = None
    phone_number_id: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityChanged(Event):
    """How much the business may send and own.

    Attributes:
        messaging_limit: How many people may be written to first in 24 hours: `TIER_2K`,
            `TIER_UNLIMITED`, …, or a number in words; shared by all numbers of the business.
        numbers_per_business: How many phone numbers the business may have.
        numbers_per_account: How many phone numbers this account may have.
    """

    messaging_limit: str | None = None
    numbers_per_business: int | None = None
    numbers_per_account: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSolutionChanged(Event):
    """A multi-partner solution was made or changed.

    Attributes:
        change: `SOLUTION_CREATED` or `SOLUTION_UPDATED`.
        solution_id: Its id.
        status: `DRAFT`, `INITIATED`, `ACTIVE`, `REJECTED`, `PENDING_DEACTIVATION` or
            `DEACTIVATED`.
    """

    change: str
    solution_id: str | None = None
    status: str | None = None
