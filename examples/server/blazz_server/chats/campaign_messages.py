"""What campaigns said, in the history of a chat.

While a campaign is sent, nothing is written here for it: its rows come with the status updates of
its messages, and hold a token. What was said is in the ledger, and is read when somebody looks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from blazz.campaigns import CampaignMessage
from blazz.messages.codec import to_json
from blazz_server.chats.contents import clean
from blazz_server.chats.sending import text_of
from blazz_server.chats.store import Row
from blazz_server.hosting.service import Hosting

CAMPAIGN: Final = "campaign"
"""The kind of a message of which only its campaign is known."""


class CampaignMessages:
    """Fills in what campaigns said.

    Args:
        hosting: Has the clients of workspaces, which know their ledger.
    """

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting

    async def filled(self, workspace: str, rows: Sequence[Row]) -> Sequence[Row]:
        """The same rows; those of campaigns say what was sent, if the ledger still knows.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        tokens = [row["token"] for row in rows if row["kind"] == CAMPAIGN]
        if not tokens:
            return rows
        client = await self._hosting.client(workspace)
        found = await client.campaign_messages(tokens)
        return [
            {**row, **_said(found[row["token"]])} if row["token"] in found else row for row in rows
        ]


def _said(sent: CampaignMessage) -> dict[str, Any]:
    """A campaign's message, in the columns of one that was sent alone."""
    content: dict[str, Any] = json.loads(to_json(sent.message))
    del content["version"]
    source = content.pop("source", None)
    if isinstance(source, dict) and source.get("type") == "media_id":
        content["media_id"] = source["value"]
    elif isinstance(source, str):
        content["link"] = source
    return {
        "kind": content["type"],
        "text": clean(text_of(content)),
        "content": {**content, CAMPAIGN: sent.campaign},
        "media_id": content.get("media_id"),
    }
