"""Campaigns: an audience, a message, and a ledger that never sends twice."""

from __future__ import annotations

from blazz.campaigns.audience import Audience
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.campaign_message import CampaignMessage
from blazz.campaigns.content import Variants
from blazz.campaigns.dry_run import DryRun
from blazz.campaigns.ledger.records import CampaignState, Counts, ErrorCount, UnknownPolicy
from blazz.campaigns.options import (
    Canary,
    FrequencyCap,
    Numbers,
    OptOuts,
    OverCap,
    SendHours,
    Share,
    Tier,
)
from blazz.campaigns.priority import Priority
from blazz.campaigns.progress import Phase, Progress
from blazz.campaigns.rate_card import RateCard
from blazz.campaigns.report import Report
from blazz.campaigns.settle import StatusSettler
from blazz.campaigns.spec import CampaignSpec
from blazz.campaigns.watching import watch

__all__ = [
    "Audience",
    "Campaign",
    "CampaignMessage",
    "CampaignSpec",
    "CampaignState",
    "Canary",
    "Counts",
    "DryRun",
    "ErrorCount",
    "FrequencyCap",
    "Numbers",
    "OptOuts",
    "OverCap",
    "Phase",
    "Priority",
    "Progress",
    "RateCard",
    "Report",
    "SendHours",
    "Share",
    "StatusSettler",
    "Tier",
    "UnknownPolicy",
    "Variants",
    "watch",
]
