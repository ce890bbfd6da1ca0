"""From one body to the rows that the inbox keeps of it; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Final

from blazz.providers.base import Update
from blazz.webhooks.inbox.base import Arrived, RouteTable, Row, State

_LONGEST: Final = 128


class Router:
    """Tells which sessions an update is for."""

    def __init__(self, table: RouteTable) -> None:
        self.version = table.version
        self._routes = table.routes
        self._accounts = {account for account, _ in table.routes}
        self._by_signer: dict[str, set[str]] = {}
        for (_, signer), routes in table.routes.items():
            self._by_signer.setdefault(signer, set()).update(route.session for route in routes)

    def sessions(self, account: str | None, arrived: Arrived) -> Sequence[str]:
        """The sessions that an account of a body is for.

        An update that names no account is for the signer's only session, if it has only one.
        """
        if account is not None:
            routes = self._routes.get((account, arrived.signer), ())
            return [
                session
                for session, last_body in routes
                if last_body is None or arrived.body_id <= last_body
            ]
        known = self.readers(arrived.signer)
        return list(known) if len(known) == 1 else []

    def readers(self, signer: str) -> Collection[str]:
        """The sessions that have registered with a signer."""
        return self._by_signer.get(signer, ())

    def is_foreign(self, account: str | None) -> bool:
        """Whether the account is registered at all, if only with other signers."""
        return account in self._accounts


def rows_of(arrived: Arrived, updates: Sequence[Update], router: Router) -> list[Row]:
    """Make the rows of a body's updates.

    An account may be that of several sessions (numbers of one business account): each gets a row.
    """
    rows: list[Row] = []
    for position, update in enumerate(updates):
        account, key = update.account, update.key
        sessions = router.sessions(account, arrived)
        if sessions:
            lane = lane_of(update.conversation)
            rows.extend(
                Row(position, digest(session, key), session, lane, State.READY)
                for session in sessions
            )
        else:
            rows.append(_kept(arrived, position, account, key, router))
    if not rows:
        rows.append(unreadable(arrived, "the parser found no update in it"))
    return rows


def _kept(arrived: Arrived, position: int, account: str | None, key: str, router: Router) -> Row:
    """Keep an update that no session may have, apart from the keys of those that it names."""
    scope = f"\0kept\0{arrived.signer}\0{account}"
    named = None if account is None else storable(account)
    if router.is_foreign(account):
        state = State.FOREIGN
        error = f"account {named} is registered, but not with the secret that signed this"
    else:
        state = State.UNROUTED
        error = f"no session is registered for account {named}"
    return Row(position, digest(scope, key), None, "", state, named, error)


def unreadable(arrived: Arrived, error: str) -> Row:
    """Make the row of a body that could not be split."""
    key = blake2b(arrived.body, digest_size=16, person=b"unreadable").digest()
    return Row(-1, key, None, "", State.UNREADABLE, None, error)


def digest(scope: str, key: str) -> bytes:
    """Make the key of a row: what the update is, within a session.

    Within it, because whoever may write to one session must not be able to use up another's keys.
    """
    text = f"{scope}\0{key}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def lane_of(conversation: str | None) -> str:
    """Make the lane of a conversation; empty if no order is needed."""
    return storable(conversation) if conversation else ""


def storable(text: str) -> str:
    """Make text that every database takes: no NUL, no lone surrogates, not too long.

    Example:
        >>> storable("6281234567890"), len(storable("x" * 1000))
        ('6281234567890', 33)
    """
    if text.isascii() and len(text) <= _LONGEST and "\0" not in text:
        return text
    return f"#{blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
