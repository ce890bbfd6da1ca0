"""Webhooks out: listens to every session, fills the outbox, and sends what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
from sqlalchemy.ext.asyncio import AsyncSession

from blazz import Client, Session
from blazz.events.base import Event
from blazz.events.sessions import SessionStateChanged
from blazz.realtime.broadcasts import data_of, names_of
from blazz_server.database import Database
from blazz_server.database.ids import new_id
from blazz_server.settings import Settings
from blazz_server.webhooks.guarded_http import TIMEOUT, GuardedHttp
from blazz_server.webhooks.happenings import Happening
from blazz_server.webhooks.kinds import TEST
from blazz_server.webhooks.log import DeliveryLog
from blazz_server.webhooks.outbox import Outbox
from blazz_server.webhooks.sealing import SecretBox
from blazz_server.webhooks.sender import Sender
from blazz_server.webhooks.subscriptions import Subscriptions
from blazz_server.webhooks.tables import Subscription

if TYPE_CHECKING:
    from blazz_server.hosting.service import Hosting

HANDLER = "server.webhooks"


class Webhooks:
    """What subscribers are sent.

    Args:
        settings: What the environment says.
        database: Where the outbox is.
        hosting: Runs the sessions that are listened to.

    Attributes:
        subscriptions: Who is told.
        log: What was sent.
        outbox: What is to be sent.
    """

    def __init__(self, settings: Settings, database: Database, hosting: Hosting) -> None:
        box = SecretBox.in_folder(settings.folder)
        private = settings.allow_private_targets
        self.subscriptions = Subscriptions(database, box, allow_private=private)
        self.log = DeliveryLog(database)
        self.outbox = Outbox(database, instance=settings.instance)
        # A request ends well before others take its delivery over.
        self._http = GuardedHttp(allow_private=private, timeout=min(TIMEOUT, settings.lease / 2))
        lease = timedelta(seconds=settings.lease)
        self._sender = Sender(self.outbox, self._http, box, lease=lease)
        hosting.on_client(self._listen)
        hosting.records.on_change(self._write_states)

    def _listen(self, client: Client) -> None:
        client.on(name=HANDLER)(self._take)

    async def _take(self, session: Session, event: Event) -> None:
        """Write an event down. Only then is it handled; until then it comes again."""
        if names_of(event) and not isinstance(event, SessionStateChanged):
            await self.outbox.put(_happening(session.workspace, session.name, event))

    async def _write_states(
        self,
        transaction: AsyncSession,
        workspace: str,
        session: str,
        changes: Sequence[SessionStateChanged],
    ) -> None:
        """Write states down with the table of sessions: those of all providers, also at the end."""
        happenings = [_happening(workspace, session, change) for change in changes]
        await self.outbox.write(transaction, happenings)

    async def send_test(self, subscription: Subscription) -> None:
        """Send a subscriber something to try out with."""
        await self.outbox.put_for(
            subscription,
            Happening(
                workspace=subscription.workspace,
                key=new_id("test"),
                names=[TEST],
                data={"text": "This is a test."},
            ),
        )

    def wake(self) -> None:
        """Send what is due now, without waiting for the next look."""
        self._sender.wake()

    async def open(self) -> None:
        """Get ready."""
        await self._http.__aenter__()
        await self.subscriptions.forget_old_secrets()

    async def run(self) -> None:
        """Send until cancelled."""
        await self._sender.run()

    async def close(self) -> None:
        """Close the connections."""
        with anyio.CancelScope(shield=True):
            await self._http.__aexit__(None, None, None)


def _happening(workspace: str, session: str, event: Event) -> Happening:
    return Happening(
        workspace=workspace,
        session=session,
        key=f"{type(event).__name__}:{event.key}",
        names=names_of(event),
        data=data_of(session, event),
    )
