"""What live connections were let in on: keys and logins, and whether these still hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Final

from sqlalchemy import select

from blazz_server.accounts.keys import Keys
from blazz_server.accounts.tables import ApiKey, Login
from blazz_server.database import Database, utc_now

_AT_ONCE: Final = 500
"""SQLite takes a few tens of thousands of values in a query, older ones 999."""


class Grants:
    """Tells which grants have ended.

    A call is checked when it comes; a socket was let in once and stays for hours. So each instance
    asks now and then for the grants of the sockets that it has.

    Args:
        database: Where keys and logins are.
        keys: Knows the administrator's key.
    """

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def ended(self, grants: Collection[str]) -> set[str]:
        """Which of these hold no more: revoked, expired, logged out, or deleted.

        Args:
            grants: Some of `Principal.grants`.
        """
        found: set[str] = set()
        for some in _chunks(grants):
            found |= await self._holding(some)
        return {*grants} - found

    async def _holding(self, grants: Collection[str]) -> set[str]:
        now = utc_now()
        ids = {ApiKey.id_in(grant) for grant in grants} - {None}
        digests = {Login.digest_in(grant) for grant in grants} - {None}
        found = {self._keys.root_grant} - {""}
        async with self._database.read() as transaction:
            if ids:
                keys = await transaction.scalars(select(ApiKey).where(ApiKey.id.in_(ids)))
                found |= {key.grant for key in keys if key.works_at(now)}
            if digests:
                logins = await transaction.scalars(select(Login).where(Login.digest.in_(digests)))
                found |= {login.grant for login in logins if now < login.expires_at}
        return found


def _chunks(grants: Iterable[str]) -> Iterator[list[str]]:
    left = iter(grants)
    while some := list(islice(left, _AT_ONCE)):
        yield some
