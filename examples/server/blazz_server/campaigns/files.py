"""Files in the messages of campaigns: only those of the campaign's own sessions are sent."""

from __future__ import annotations

from collections.abc import Sequence

from blazz import Session
from blazz.errors import NotSupported
from blazz.providers.base import Capability
from blazz_server.campaigns.plan import CampaignPlan
from blazz_server.chats.kinds import Sources
from blazz_server.chats.media import MediaShelf


async def sources_of(plan: CampaignPlan, sessions: Sequence[Session], shelf: MediaShelf) -> Sources:
    """Find the files that a campaign's messages name.

    Each session must have them: an access token may give out files of other tenants, too.

    Raises:
        ApiError: A session has no such file.
        NotSupported: WhatsApp Web would have to fetch a link anew for each recipient.
    """
    kinds = plan.kinds
    for session in sessions:
        if Capability.UPLOAD_MEDIA not in session.provider.capabilities:
            links = [link for kind in kinds for link in kind.links()]
            if links:
                raise NotSupported(
                    f"session {session.name!r} cannot send links to files in campaigns; upload the"
                    " file and name it by its media_id"
                )
    found = [await shelf.sources(session, *kinds) for session in sessions]
    return found[0]
