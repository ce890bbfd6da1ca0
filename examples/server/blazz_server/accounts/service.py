"""Accounts: the workspaces, keys, logins and rate limits of this server."""

from __future__ import annotations

import sys

import anyio

from blazz.campaigns.limiter.base import Limit
from blazz_server.accounts.keys import Keys
from blazz_server.accounts.limits import RateLimits
from blazz_server.accounts.logins import Logins
from blazz_server.accounts.workspaces import Workspaces
from blazz_server.database import Database
from blazz_server.settings import Settings

_SECONDS_BETWEEN_SAVES = 10.0


class Accounts:
    """Who may do what.

    Attributes:
        workspaces: The tenants.
        keys: Their API keys, and the administrator's.
        logins: Browsers that are logged in.
        limits: How many calls they may make.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.workspaces = Workspaces(database)
        self.keys = Keys(database, root=settings.admin_key.get_secret_value())
        self.logins = Logins(database, self.keys)
        self.limits = RateLimits(
            settings.redis_url, Limit(settings.calls_per_second, settings.calls_at_once)
        )

    async def open(self) -> None:
        """Make the administrator's key at the first start, and show it this once."""
        made = await self.keys.ensure_root()
        if made is not None:
            print(  # never through the log, which is kept
                f"\n  The administrator's key, shown only now:  {made.reveal()}\n",
                file=sys.stderr,
                flush=True,
            )

    async def run(self) -> None:
        """Write down now and then when keys were used last."""
        while True:
            await anyio.sleep(_SECONDS_BETWEEN_SAVES)
            await self.keys.save_uses()

    async def close(self) -> None:
        """Write down the last uses, and let go of connections."""
        await self.keys.save_uses()
        await self.limits.close()
