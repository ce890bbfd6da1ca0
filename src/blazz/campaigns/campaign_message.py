"""What a recipient of a campaign was sent, found again by the token of the message."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from blazz.campaigns.content import Content, read_content
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, unpack
from blazz.campaigns.tokens import TokenSigner
from blazz.messages.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignMessage:
    """One message of a campaign.

    Attributes:
        campaign: The campaign's id.
        to: Whom it was sent to.
        message: What they were sent, filled in.
    """

    campaign: str
    to: str
    message: Message


async def find_messages(
    ledger: Ledger, signer: TokenSigner, tokens: Collection[str], *, workspace: str
) -> dict[str, CampaignMessage]:
    """Find what was sent under some tokens; those of others, or forgotten ones, are left out.

    Each is looked up by primary key: nothing is kept for it while a campaign is sent.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    known: dict[int, tuple[CampaignRow, Content] | None] = {}
    found: dict[str, CampaignMessage] = {}
    for token in tokens:
        attempt = signer.verify(token)
        if attempt is None:
            continue
        if attempt.campaign not in known:
            row = await ledger.get(attempt.campaign)
            if row is None or row.workspace != workspace:
                known[attempt.campaign] = None
            else:
                known[attempt.campaign] = (row, Content(read_content(row.message)))
        campaign = known[attempt.campaign]
        if campaign is None:
            continue
        row, content = campaign
        for person in await ledger.recipients(
            attempt.campaign, tuple(State), after=attempt.seq - 1, limit=1
        ):
            if person.seq == attempt.seq:
                values = unpack(person.values, row.columns)
                message = content.render(values, variant=person.variant)
                found[token] = CampaignMessage(campaign=row.id, to=person.address, message=message)
    return found
