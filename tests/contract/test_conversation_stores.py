"""Every conversation store keeps the promises of the seam."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazz.conversations.base import ConversationStore
from blazz.conversations.postgres import PostgresConversationStore
from blazz.conversations.sqlite import SqliteConversationStore
from blazz.testing.conversations import check_conversation_store


async def test_sqlite(tmp_path: Path) -> None:
    await check_conversation_store(lambda: SqliteConversationStore(tmp_path / "c.db"))


async def test_postgres(postgres_url: str) -> None:
    await check_conversation_store(lambda: PostgresConversationStore(postgres_url))


class Shared(SqliteConversationStore):
    """Lets tenants see each other's suppressions."""

    async def suppressed(self, session, addresses):
        return await super().suppressed("acme/sales", addresses)


async def test_the_check_finds_a_store_that_breaks_a_promise(tmp_path: Path) -> None:
    def make() -> ConversationStore:
        return Shared(tmp_path / "c.db")

    with pytest.raises(AssertionError, match="tenants share suppressions"):
        await check_conversation_store(make)
