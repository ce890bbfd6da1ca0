"""The parts of one running server, opened in order and closed in reverse."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

import anyio

from blazz_server.accounts.service import Accounts
from blazz_server.database import Database
from blazz_server.database.upgrade import open_database
from blazz_server.settings import Settings


@dataclass(frozen=True, slots=True)
class Platform:
    """What the routes work with; `request.app.state.platform`.

    Attributes:
        settings: What the environment says.
        database: The server's own tables.
        accounts: Workspaces, keys, logins, rate limits.
    """

    settings: Settings
    database: Database
    accounts: Accounts


async def open_platform(settings: Settings, stack: AsyncExitStack) -> Platform:
    """Open all parts, and start what runs beside the requests; `stack` closes them."""
    database = await open_database(settings)
    stack.push_async_callback(database.close)
    accounts = Accounts(settings, database)
    platform = Platform(settings, database, accounts)
    parts = (accounts,)
    for part in parts:
        await part.open()
        stack.push_async_callback(part.close)
    # Entered last: what runs beside has ended before the first part closes.
    background = await stack.enter_async_context(anyio.create_task_group())
    stack.callback(background.cancel_scope.cancel)
    for part in parts:
        background.start_soon(part.run)
    return platform
