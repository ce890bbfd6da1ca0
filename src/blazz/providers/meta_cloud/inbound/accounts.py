"""`account_…` fields, `business_capability_update` and `partner_solutions`."""

from __future__ import annotations

from blazz.events.accounts import (
    AccountAlerted,
    AccountReviewed,
    AccountSettingsChanged,
    AccountUpdated,
    CapabilityChanged,
    PartnerSolutionChanged,
    RateEligibility,
    Restriction,
    VolumeTier,
)
from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    each,
    inner,
    integer,
    moment,
    required,
    tame,
    text,
    texts,
)


def account(value: Json, update: CloudUpdate) -> AccountUpdated:
    """Read `account_update`; which objects it holds depends on its `event`."""
    waba, ban = inner(value, "waba_info"), inner(value, "ban_info")
    disconnection = inner(value, "disconnection_info")
    certification = inner(value, "partner_client_certification_info")
    client = certification or inner(value, "partner_client_certification_needed_info")
    change = required(value, "event", "value")
    # The entry of these has the partner's id, whether or not they name the account.
    of_partner = bool(waba) or change.startswith("PARTNER_APP_")
    return AccountUpdated(
        **update.common(),
        change=change,
        waba_id=text(waba, "waba_id") or (None if of_partner else update.account),
        phone_number=text(value, "phone_number"),
        country=text(value, "country"),
        violation=text(inner(value, "violation_info"), "violation_type"),
        ban_state=text(ban, "waba_ban_state"),
        ban_date=text(ban, "waba_ban_date"),
        restrictions=_restrictions(value),
        disconnection_reason=text(disconnection, "reason"),
        disconnected_by=text(disconnection, "initiated_by"),
        owner_business_id=text(waba, "owner_business_id"),
        partner_app_id=text(waba, "partner_app_id"),
        solution_id=text(waba, "solution_id"),
        solution_partner_ids=texts(waba, "solution_partner_business_ids"),
        ad_account_id=text(waba, "ad_account_linked") or text(waba, "ad_account_id"),
        certification_status=text(certification, "status"),
        certification_client_id=text(client, "client_business_id"),
        rejection_reasons=texts(certification, "rejection_reasons"),
        rate_eligibility=_rates(inner(value, "auth_international_rate_eligibility")),
        volume_tier=_tier(inner(value, "volume_tier_info")),
    )


def _restrictions(value: Json) -> tuple[Restriction, ...]:
    return tuple(
        Restriction(
            type=text(restriction, "restriction_type"),
            expires_at=moment(restriction, "expiration"),
            remediation=text(restriction, "remediation"),
        )
        for restriction in each(value, "restriction_info")
    )


def _rates(rates: Json) -> RateEligibility | None:
    if not rates:
        return None
    countries = each(rates, "exception_countries")
    return RateEligibility(
        starts_at=moment(rates, "start_time"),
        exceptions={
            code: moment(country, "start_time")
            for country in countries
            if (code := text(country, "country_code")) is not None
        },
    )


def _tier(tier: Json) -> VolumeTier | None:
    if not tier:
        return None
    return VolumeTier(
        category=text(tier, "pricing_category"),
        tier=text(tier, "tier"),
        region=text(tier, "region"),
        month=text(tier, "effective_month"),
        reached_at=moment(tier, "tier_update_time"),
    )


def alert(value: Json, update: CloudUpdate) -> AccountAlerted:
    """Read `account_alerts`."""
    info = inner(value, "alert_info") or value
    return AccountAlerted(
        **update.common(),
        type=required(info, "alert_type", "alert_info"),
        severity=text(info, "alert_severity"),
        status=text(info, "alert_status"),
        description=text(info, "alert_description"),
        entity_type=text(value, "entity_type"),
        entity_id=text(value, "entity_id"),
    )


def review(value: Json, update: CloudUpdate) -> AccountReviewed:
    """Read `account_review_update`."""
    return AccountReviewed(**update.common(), decision=required(value, "decision", "value"))


def settings(value: Json, update: CloudUpdate) -> AccountSettingsChanged:
    """Read `account_settings_update`."""
    number = inner(value, "phone_number_settings")
    return AccountSettingsChanged(
        **update.common(),
        type=text(value, "type"),
        phone_number_id=text(number, "phone_number_id"),
        settings=tame({name: it for name, it in number.items() if name != "phone_number_id"}),
    )


def capability(value: Json, update: CloudUpdate) -> CapabilityChanged:
    """Read `business_capability_update`; the limit is a tier or a number, -1 for none."""
    limit = text(value, "max_daily_conversations_per_business")
    return CapabilityChanged(
        **update.common(),
        messaging_limit=limit or text(value, "max_daily_conversation_per_phone"),
        numbers_per_business=integer(value, "max_phone_numbers_per_business"),
        numbers_per_account=integer(value, "max_phone_numbers_per_waba"),
    )


def solution(value: Json, update: CloudUpdate) -> PartnerSolutionChanged:
    """Read `partner_solutions`; its account is a business portfolio."""
    return PartnerSolutionChanged(
        **update.common(),
        change=required(value, "event", "value"),
        solution_id=text(value, "solution_id"),
        status=text(value, "solution_status"),
    )
