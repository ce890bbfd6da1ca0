"""Accounts: the workspaces, keys, logins and rate limits of this server."""

from __future__ import annotations

import logging
import sys
from typing import Final

import anyio

from blazz.campaigns.limiter.base import Limit
from blazz_server.accounts.grants import Grants
from blazz_server.accounts.keys import Keys
from blazz_server.accounts.limits import RateLimits
from blazz_server.accounts.logins import Logins
from blazz_server.accounts.workspaces import Workspaces
from blazz_server.database import Database
from blazz_server.settings import Settings

_SECONDS_BETWEEN_SAVES: Final = 10.0
_log = logging.getLogger(__name__)


class Accounts:
    """Who may do what.

    Attributes:
        workspaces: The tenants.
        keys: Their API keys, and the administrator's.
        logins: Browsers that are logged in.
        limits: How many calls they may make.
        grants: Whether what live connections were let in on still holds.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.workspaces = Workspaces(database)
        self.keys = Keys(database, root=settings.admin_key.get_secret_value())
        self.logins = Logins(database, self.keys)
        self.grants = Grants(database, self.keys)
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
            await self._save_uses()

    async def close(self) -> None:
        """Write down the last uses, and let go of connections."""
        await self._save_uses()
        await self.limits.close()

    async def _save_uses(self) -> None:
        try:
            await self.keys.save_uses()
        except Exception as error:  # noqa: BLE001  # a database that is away must not end the rest
            _log.warning("when keys were used is written down later: %s", error)
