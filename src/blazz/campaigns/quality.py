"""What WhatsApp reports of quality, and which campaigns must pause for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blazz.campaigns.content import Content, read_content
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, CampaignState
from blazz.campaigns.options import CampaignOptions
from blazz.campaigns.routing import sessions_of
from blazz.events.base import Event
from blazz.events.numbers import NumberQualityChanged
from blazz.events.templates import TemplateQualityChanged, TemplateStatusChanged
from blazz.messages.template import Template

QUALITY_EVENTS: Final = (NumberQualityChanged, TemplateQualityChanged, TemplateStatusChanged)
"""The events that may be a concern."""

_DROPPED: Final = frozenset({"FLAGGED", "DOWNGRADE"})
_UNUSABLE: Final = frozenset({"PAUSED", "DISABLED", "FLAGGED", "LOCKED", "REJECTED"})
_RUNNING: Final = frozenset({CampaignState.RUNNING})


@dataclass(frozen=True, slots=True)
class Concern:
    """Why campaigns must pause.

    Attributes:
        reason: In words.
        template: Only those that send this template; None: all of the number that it is about.
        language: Only in this language; None: in any.
    """

    reason: str
    template: str | None = None
    language: str | None = None


def concern(event: Event) -> Concern | None:
    """Tell whether an event is one; pure.

    Only drops are: what gets better needs no decision.
    """
    match event:
        case NumberQualityChanged(change=change) if change in _DROPPED:
            return Concern(f"WhatsApp lowered the number's quality ({change})")
        case TemplateStatusChanged(status=status, name=str(name)) if status in _UNUSABLE:
            told = f": {event.description}" if event.description else ""
            return Concern(f"the template {name} is {status.lower()}{told}", name, event.language)
        case TemplateQualityChanged(score="RED", name=str(name)):
            return Concern(f"the template {name} is rated low (RED)", name, event.language)
        case _:
            return None


def affects(row: CampaignRow, found: Concern, session: str) -> bool:
    """Whether a campaign must pause for it; pure.

    Args:
        row: The campaign.
        found: The concern.
        session: The session that the event came to. A template is that of an account, which
            several sessions may share, so its campaigns are told by its name.
    """
    if found.template is None:
        return session in sessions_of(row, CampaignOptions.from_json(row.options))
    for message in Content(read_content(row.message)).messages:
        if isinstance(message, Template) and message.name == found.template:
            # The language may be filled in from the row, and then it may be this one.
            return found.language in {None, message.language} or "{" in message.language
    return False


async def heed(ledger: Ledger, event: Event, *, workspace: str, session: str, now: float) -> int:
    """Pause the campaigns that an event concerns.

    Returns:
        How many were paused.

    Raises:
        LedgerError: The ledger cannot be read or written; give the event again.
    """
    found = concern(event)
    if found is None:
        return 0
    paused = 0
    for row in await ledger.campaigns(workspace, states=_RUNNING):
        if affects(row, found, session) and await ledger.change(
            row.number, CampaignState.PAUSED, expected=_RUNNING, reason=found.reason
        ):
            await ledger.note(row.number, f"paused: {found.reason}", at=now)
            paused += 1
    return paused
