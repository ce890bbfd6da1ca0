"""Errors of campaigns."""

from __future__ import annotations

from blazz.errors.base import BlazzError


class CampaignError(BlazzError):
    """A campaign cannot be made or run."""


class AudienceError(CampaignError):
    """The audience cannot be read."""


class CampaignConflict(CampaignError):
    """A campaign of that id exists with other content."""


class LeaseLost(CampaignError):
    """Another worker owns this chunk now."""


class LedgerError(CampaignError):
    """The ledger cannot be read or written."""


class LedgerUnavailable(LedgerError):
    """The ledger's server cannot be reached, or its answer was lost; workers wait and go on."""


class LedgerLost(LedgerError):
    """The ledger has lost its data, or another one is in its place; nothing is sent from it."""


class EngineUnavailable(CampaignError):
    """The engine's server cannot be reached; workers wait and go on."""


class LimiterUnavailable(CampaignError):
    """The limiter's server cannot be reached; workers wait and go on."""
