"""Every inbox keeps the promises of the seam, and the checks find one that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blazz.testing.inbox import check_inbox
from blazz.webhooks.inbox.base import Inbox
from blazz.webhooks.inbox.postgres import PostgresInbox
from blazz.webhooks.inbox.sqlite import SqliteInbox


async def test_the_sqlite_inbox(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"

    assert isinstance(SqliteInbox(path), Inbox)
    await check_inbox(lambda clock: SqliteInbox(path, clock=clock))


async def test_the_postgres_inbox(postgres_url: str) -> None:
    assert isinstance(PostgresInbox(postgres_url), Inbox)
    await check_inbox(lambda clock: PostgresInbox(postgres_url, clock=clock))


NEVER = " AND false"
MISTAKES = {
    "handled updates are forgotten": (
        "add_update",
        lambda sql: sql.replace("DO NOTHING", "DO UPDATE SET state = 0"),
    ),
    "conversations are ignored": ("ready", lambda sql: sql.replace("lane <> ''", "false")),
    "nothing is unblocked": ("unblock", lambda sql: sql + NEVER),
    "leases never end": ("lapsed_owners", lambda sql: sql + NEVER),
    "leases end at once": ("lapsed_owners", lambda sql: sql.replace("until <= ?1", "?1 > 0")),
    "failures are not tried again": ("due", lambda sql: sql.replace("WHERE", "WHERE false AND")),
    "failures are tried at once": ("due", lambda sql: sql.replace("until <= ?1", "?1 > 0")),
    "old owners change what is not theirs": (
        "failed",
        lambda sql: sql.replace("owner = ?2 AND state = 1", "?2 <> ''"),
    ),
    "progress is forgotten": ("released", lambda sql: sql.replace("= ?4", "= nullif(?4, ?4)")),
    "dead updates stay dead": ("revive", lambda sql: sql.replace("state = 5", "false")),
    "others' secrets are accepted": (
        "adoptable",
        lambda sql: sql.replace("routes.signer = bodies.signer AND", ""),
    ),
    "the log skips": ("read_after", lambda sql: sql.replace("seq > ?1", "seq > ?1 + 1")),
    "nothing is pruned": ("prune_handled", lambda sql: sql.replace("WHERE", "WHERE false AND", 1)),
    "everything is pruned": ("mark_before", lambda sql: sql.replace("at <= ?1", "?1 > 0")),
    "bodies go too early": ("prune_bodies", lambda sql: sql.replace("state >= 5", "state = 99")),
    "what is handled comes again": (
        "prune_handled",
        lambda sql: sql.replace("BETWEEN 6 AND 8", "= 99").replace("WHERE again", "WHERE false"),
    ),
    "what arrives again is forgotten": (
        "prune_handled",
        lambda sql: sql.replace("WHERE again", "WHERE false"),
    ),
    "the dead go by their age": ("prune_kept", lambda sql: sql.replace("<= ?3", "<= ?3 + 1e9")),
    "what nobody wants stays": ("prune_forgotten", lambda sql: sql.replace("state = 0", "false")),
    "a body goes with what others need": ("with_others", lambda sql: sql + NEVER),
    "a wrong clock is believed": ("forget_marks_after", lambda sql: sql + NEVER),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_checks_find_a_mistake(tmp_path: Path, mistake: str) -> None:
    def make(clock: Callable[[], float]) -> SqliteInbox:
        inbox = SqliteInbox(tmp_path / "inbox.db", clock=clock)
        query, change = MISTAKES[mistake]
        sql = change(inbox._queries[query])
        assert sql != inbox._queries[query]
        inbox._queries = {**inbox._queries, query: sql}  # type: ignore[assignment]
        return inbox

    with pytest.raises((AssertionError, ValueError)):
        await check_inbox(make)
