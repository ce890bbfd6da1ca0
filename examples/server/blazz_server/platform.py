"""The parts of one running server, opened in order and closed in reverse."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

import anyio

from blazz_server.accounts.service import Accounts
from blazz_server.campaigns.service import CampaignDesk
from blazz_server.chats.service import Chats
from blazz_server.database import Database
from blazz_server.database.upgrade import open_database
from blazz_server.hosting.service import Hosting
from blazz_server.incoming.service import Incoming
from blazz_server.live.service import Live
from blazz_server.monitoring.platform_levels import PlatformLevels
from blazz_server.monitoring.service import Monitoring
from blazz_server.settings import Settings
from blazz_server.webhooks.service import Webhooks

_log = logging.getLogger(__name__)


class Part(Protocol):
    """One of them."""

    async def run(self) -> None:
        """Do what is done beside the requests, until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Platform:
    """What the routes work with; `request.app.state.platform`.

    Attributes:
        settings: What the environment says.
        database: The server's own tables.
        monitoring: Measures.
        accounts: Workspaces, keys, logins, rate limits.
        live: The bus, and what browsers hear of it.
        hosting: Sessions, on this instance and on others.
        chats: Messages, chats, people and files.
        campaigns: Campaigns, and the audiences that were uploaded for them.
        webhooks: What subscribers are sent.
        incoming: What Meta sends.
    """

    settings: Settings
    database: Database
    monitoring: Monitoring
    accounts: Accounts
    live: Live
    hosting: Hosting
    chats: Chats
    campaigns: CampaignDesk
    webhooks: Webhooks
    incoming: Incoming


async def open_platform(
    settings: Settings, stack: AsyncExitStack, *, failed: Callable[[], object] | None = None
) -> Platform:
    """Open all parts, and start what runs beside the requests; `stack` closes them.

    Args:
        settings: What the environment says.
        stack: Closes the parts.
        failed: Called when a part ends with an error that nobody foresaw. It has the server stop in
            good order: one that answers calls and does nothing beside them must not stay. Without
            it the error is raised.
    """
    database = await open_database(settings)
    stack.push_async_callback(database.close)
    monitoring = Monitoring(settings)
    accounts = Accounts(settings, database)
    live = Live(settings, monitoring, accounts.grants)
    hosting = Hosting(settings, database, live, monitoring)
    accounts.workspaces.on_removal(hosting.leave)
    chats = Chats(settings, database, hosting)
    campaigns = CampaignDesk(settings, database, hosting, chats.media)
    webhooks = Webhooks(settings, database, hosting)
    incoming = Incoming(database, hosting)
    platform = Platform(
        settings,
        database,
        monitoring,
        accounts,
        live,
        hosting,
        chats,
        campaigns,
        webhooks,
        incoming,
    )
    PlatformLevels(monitoring, database, hosting)
    # Hosting last: when its sessions open, all that listens to them is there.
    parts = (monitoring, accounts, live, chats, campaigns, webhooks, incoming, hosting)
    for part in parts:
        await part.open()
        stack.push_async_callback(part.close)
    # Entered last: what runs beside has ended before the first part closes.
    background = await stack.enter_async_context(anyio.create_task_group())
    stack.callback(background.cancel_scope.cancel)
    for part in parts:
        background.start_soon(_run, part, failed)
    return platform


async def _run(part: Part, failed: Callable[[], object] | None) -> None:
    try:
        await part.run()
    except Exception:
        name = type(part).__name__
        _log.critical("%s has failed; this instance stops", name, exc_info=True)
        if failed is None:
            raise
        failed()
        await anyio.sleep_forever()
