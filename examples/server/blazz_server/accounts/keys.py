"""Makes API keys, recognizes them, revokes them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update

from blazz_server.accounts.principal import EVERYTHING, Principal, Scope
from blazz_server.accounts.secrets import KeyText, digest_of, same
from blazz_server.accounts.tables import ApiKey, Login
from blazz_server.database import Database, utc_now
from blazz_server.errors import not_found

ROOT: Final = "root"
"""The id of the administrator's key."""
REMEMBERED: Final = 2.0
"""Seconds that a key is remembered: another instance refuses a revoked one within this time."""
_MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the only time that its text is known."""

    row: ApiKey
    text: KeyText


class Keys:
    """The API keys of all workspaces, and the administrator's.

    Args:
        database: Where they are kept.
        root: The administrator's key, if it is given from outside; it is in no table then.
        clock: Monotonic seconds.
    """

    def __init__(
        self, database: Database, *, root: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._root = digest_of(root) if root else ""
        self.root_grant = f"key:{ROOT}:{self._root[:16]}" if root else ""
        """The grant of the administrator's key, if it is given from outside."""
        self._clock = clock
        self._remembered: OrderedDict[str, tuple[ApiKey | None, float]] = OrderedDict()
        self._used: dict[str, datetime] = {}

    async def ensure_root(self) -> KeyText | None:
        """Make the administrator's key if there is none; gives it the one time it is made."""
        if self._root:
            return None
        text = KeyText.make(id=ROOT)
        async with self._database.begin() as transaction:
            if await transaction.get(ApiKey, ROOT) is not None:
                return None
            transaction.add(_row(text, None, "administrator", {Scope.ADMIN}, None))
        return text

    async def replace_root(self) -> KeyText:
        """Make a new administrator's key; the old one ends, and the logins that were made with it.

        On instances that run this takes `REMEMBERED` seconds.
        """
        text = KeyText.make(id=ROOT)
        async with self._database.begin() as transaction:
            await transaction.execute(delete(Login).where(Login.key_id == ROOT))
            await transaction.merge(_row(text, None, "administrator", {Scope.ADMIN}, None))
        self._remembered.pop(ROOT, None)
        return text

    async def create(
        self,
        workspace: str,
        *,
        label: str,
        scopes: Collection[Scope],
        expires_at: datetime | None = None,
    ) -> NewKey:
        """Make a key of a workspace."""
        text = KeyText.make()
        row = _row(text, workspace, label, scopes, expires_at)
        async with self._database.begin() as transaction:
            transaction.add(row)
        return NewKey(row, text)

    async def page(self, workspace: str, *, after: str, limit: int) -> list[ApiKey]:
        """List the keys of a workspace by id, beginning after one."""
        some = select(ApiKey).where(ApiKey.workspace == workspace, ApiKey.id > after)
        async with self._database.read() as transaction:
            return list(await transaction.scalars(some.order_by(ApiKey.id).limit(limit)))

    async def revoke(self, workspace: str, key_id: str) -> str:
        """End a key: here at once, on other instances within `REMEMBERED` seconds.

        Gives the grant that ends with it. A key that was revoked before stays as it is.

        Raises:
            ApiError: The workspace has no such key.
        """
        ended = (
            update(ApiKey)
            .where(ApiKey.id == key_id, ApiKey.workspace == workspace)
            .values(revoked_at=func.coalesce(ApiKey.revoked_at, utc_now()))
            .returning(ApiKey)
        )
        async with self._database.begin() as transaction:
            row = await transaction.scalar(ended)
            if row is None:
                raise not_found("key", key_id)
        self._remembered.pop(key_id, None)
        return row.grant

    def forget(self) -> None:
        """Read every key anew, after a workspace was removed."""
        self._remembered.clear()

    async def recognize(self, text: str) -> Principal | None:
        """Whose key this is; None: nobody's, or it is revoked or expired."""
        if self._root and same(digest_of(text), self._root):
            return self._root_principal()
        key = KeyText.parse(text)
        if key is None:
            return None
        row = await self._find(key.id)
        # Compared also when there is no such key, so that the time tells nothing of ids.
        if not same(key.digest, row.digest if row else "-") or row is None:
            return None
        return self._principal(row)

    async def principal(self, key_id: str) -> Principal | None:
        """Who a key stands for, by its id alone: for those who showed it before."""
        if key_id == ROOT and self._root:
            return self._root_principal()
        row = await self._find(key_id)
        return None if row is None else self._principal(row)

    async def title(self, key_id: str) -> str:
        """What people know a key by, in what is written down of its deeds; it may be revoked."""
        if key_id == ROOT:
            return "the administrator"
        row = await self._find(key_id)
        label = "" if row is None else row.label
        return f"{label} ({key_id})" if label else key_id

    async def save_uses(self) -> None:
        """Write down when keys were used last: now and then, not at every call."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            async with self._database.begin() as transaction:
                for key_id, at in sorted(
                    used.items()
                ):  # in one order, so that none waits in a ring
                    await transaction.execute(
                        update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=at)
                    )
        except BaseException:
            self._used = used | self._used
            raise

    def _principal(self, row: ApiKey) -> Principal | None:
        now = utc_now()
        if not row.works_at(now):
            return None
        self._used[row.id] = now
        scopes = frozenset(Scope(scope) for scope in row.scopes)
        everything = EVERYTHING if Scope.ADMIN in scopes else scopes
        return Principal(
            row.id, row.workspace, everything, expires_at=row.expires_at, grants=(row.grant,)
        )

    def _root_principal(self) -> Principal:
        return Principal(ROOT, None, EVERYTHING, grants=(self.root_grant,))

    async def _find(self, key_id: str) -> ApiKey | None:
        row, until = self._remembered.get(key_id, (None, 0.0))
        if self._clock() < until:
            return row
        async with self._database.read() as transaction:
            row = await transaction.get(ApiKey, key_id)
        self._remembered[key_id] = row, self._clock() + REMEMBERED
        while len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return row


def _row(
    text: KeyText,
    workspace: str | None,
    label: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
) -> ApiKey:
    return ApiKey(
        id=text.id,
        workspace=workspace,
        label=label,
        digest=text.digest,
        scopes=sorted(scopes),
        created_at=utc_now(),
        expires_at=expires_at,
    )
