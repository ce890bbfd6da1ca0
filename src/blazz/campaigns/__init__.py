"""Campaigns: an audience, a message, and a ledger that never sends twice."""

from __future__ import annotations

from blazz.campaigns.audience import Audience
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.records import CampaignState, Counts, ErrorCount, UnknownPolicy
from blazz.campaigns.priority import Priority
from blazz.campaigns.progress import Phase, Progress
from blazz.campaigns.report import Report
from blazz.campaigns.settle import StatusSettler
from blazz.campaigns.spec import CampaignSpec

__all__ = [
    "Audience",
    "Campaign",
    "CampaignSpec",
    "CampaignState",
    "Counts",
    "ErrorCount",
    "Phase",
    "Priority",
    "Progress",
    "Report",
    "StatusSettler",
    "UnknownPolicy",
]
