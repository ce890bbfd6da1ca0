"""Logins of the dashboard: a browser shows a key once, then has a cookie for some hours."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete

from blazz_server.accounts.keys import Keys
from blazz_server.accounts.principal import Principal
from blazz_server.accounts.secrets import csrf_token, digest_of
from blazz_server.accounts.tables import Login
from blazz_server.database import Database, utc_now
from blazz_server.errors import ApiError

COOKIE: Final = "blazz_login"
CSRF_HEADER: Final = "X-CSRF-Token"
LASTS: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True, repr=False)
class NewLogin:
    """A login that was just made.

    Attributes:
        cookie: What the browser gets.
        csrf: What its pages send along with it.
        principal: Who logged in.
        expires_at: When it ends.
    """

    cookie: str
    csrf: str
    principal: Principal
    expires_at: datetime


class Logins:
    """The browsers that are logged in."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def log_in(self, key: str) -> NewLogin:
        """Log a browser in with an API key.

        Raises:
            ApiError: It is no key, or it is revoked or expired.
        """
        principal = await self._keys.recognize(key)
        if principal is None:
            raise ApiError(401, "bad_key", "this key is unknown, revoked or expired")
        cookie, now = secrets.token_urlsafe(32), utc_now()
        login = Login(
            digest=digest_of(cookie),
            key_id=principal.key_id,
            created_at=now,
            expires_at=now + LASTS,
        )
        async with self._database.begin() as transaction:
            await transaction.execute(delete(Login).where(Login.expires_at <= now))
            transaction.add(login)
        return NewLogin(cookie, csrf_token(cookie), _behind(login, principal), login.expires_at)

    async def recognize(self, cookie: str) -> Principal | None:
        """Who is behind a cookie; None: nobody, or the login or its key has ended."""
        async with self._database.read() as transaction:
            login = await transaction.get(Login, digest_of(cookie))
        if login is None or login.expires_at <= utc_now():
            return None
        principal = await self._keys.principal(login.key_id)
        return None if principal is None else _behind(login, principal)

    async def log_out(self, cookie: str) -> str | None:
        """End a login; give the grant that ends with it, or None: there is no such login."""
        ended = delete(Login).where(Login.digest == digest_of(cookie)).returning(Login)
        async with self._database.begin() as transaction:
            login = await transaction.scalar(ended)
        return None if login is None else login.grant


def _behind(login: Login, principal: Principal) -> Principal:
    """Who is behind a login: the principal of its key, for as long as both hold."""
    return replace(principal, kind="login", grants=(*principal.grants, login.grant))
