"""Chats: what sessions send and receive, remembered and shown."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import Final
from weakref import WeakSet

import anyio
from sqlalchemy.exc import SQLAlchemyError

from blazz import Client
from blazz_server.chats.campaign_messages import CampaignMessages
from blazz_server.chats.forgetting import forget_session
from blazz_server.chats.links import Links
from blazz_server.chats.media import MediaShelf
from blazz_server.chats.places import Place
from blazz_server.chats.recording import Recording
from blazz_server.chats.requests import ChatOut, MessageOut
from blazz_server.chats.sending import Sending
from blazz_server.chats.settling import Settling
from blazz_server.chats.store import ChatStore
from blazz_server.chats.writer import Writer
from blazz_server.database import Database
from blazz_server.hosting.service import Hosting
from blazz_server.paging import Page, page_of
from blazz_server.settings import Settings

_SETTLE_SECONDS: Final = 10.0
_TIDY_SECONDS: Final = 600.0

_log: Final = logging.getLogger(__name__)


class Chats:
    """Messages of all kinds, chats, people and files.

    Args:
        settings: What the environment says.
        database: The server's own tables.
        hosting: Runs the sessions.

    Attributes:
        writer: Writes to the tables, many changes at once.
        store: Reads them.
        media: Files.
        sending: Sends.
        recording: Writes down what happens.
    """

    def __init__(self, settings: Settings, database: Database, hosting: Hosting) -> None:
        self.writer = Writer(database)
        self.store = ChatStore(database)
        self.media = MediaShelf(
            database,
            Links(allow_private=settings.allow_private_targets),
        )
        self.sending = Sending(self.writer, self.media)
        self.recording = Recording(self.writer)
        self._settling = Settling(database, self.writer, self.sending)
        self._campaigns = CampaignMessages(hosting)
        # One whose workspace was deleted is closed, and nobody else holds it.
        self._clients: WeakSet[Client] = WeakSet()
        hosting.on_client(self._with_client)
        hosting.on_removal(functools.partial(forget_session, database))

    async def open(self) -> None:
        """Nothing to open: the tables are there."""

    async def run(self) -> None:
        """Send, and settle what is in doubt, until cancelled."""
        async with anyio.create_task_group() as tasks:
            self.sending.run_in(tasks)
            tasks.start_soon(self._keep_settling)
            tasks.start_soon(self._keep_tidy)

    async def close(self) -> None:
        """Let go of the connection."""
        await self.writer.close()

    # Looking

    async def list_chats(
        self, workspace: str, session: str, *, limit: int = 50
    ) -> Sequence[ChatOut]:
        """The chats of a session, the newest first."""
        rows = await self.store.chats(workspace, session, limit=limit)
        return [ChatOut.of(row) for row in rows]

    async def history(
        self, workspace: str, session: str, chat: str, *, after: str = "", limit: int = 50
    ) -> Page[MessageOut]:
        """What was said in a chat, the newest first.

        Args:
            workspace: Whose it is.
            session: The session's name.
            chat: The chat, as `list_chats` names it.
            after: The `next` of the page before; none for the first.
            limit: The most messages.

        Raises:
            ApiError: `after` is not the `next` of a page.
        """
        before = Place.read(after)
        rows = await self.store.history(workspace, session, chat, before=before, limit=limit + 1)
        return page_of(
            await self._campaigns.filled(workspace, rows),
            limit,
            item=MessageOut.of,
            cursor=lambda it: Place(it["at"], it["id"], it["arrival"]).cursor,
        )

    async def message(self, workspace: str, session: str, name: str) -> MessageOut | None:
        """One message, by the server's id or by WhatsApp's."""
        row = await self.store.message(workspace, session, name)
        if row is None:
            return None
        (filled,) = await self._campaigns.filled(workspace, [row])
        return MessageOut.of(filled)

    # Beside the requests

    def _with_client(self, client: Client) -> None:
        self.recording.register(client)
        self._clients.add(client)

    async def _keep_settling(self) -> None:
        while True:
            await anyio.sleep(_SETTLE_SECONDS)
            await self.settle()

    async def settle(self) -> None:
        """Find out what became of messages in doubt of the sessions that run here."""
        for client in list(self._clients):
            try:
                await self._settling.settle(list(client.sessions.values()))
            except (SQLAlchemyError, OSError) as error:
                _log.warning("messages in doubt are looked at later: %s", error)

    async def _keep_tidy(self) -> None:
        while True:
            await anyio.sleep(_TIDY_SECONDS)
            try:
                await self._settling.forget_keys()
                await self.media.forget_old()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("old keys and files are removed later: %s", error)
