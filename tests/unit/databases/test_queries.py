"""Named queries and migrations, read from the package."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from blazz.databases.queries import Queries, migrations

INBOX = "blazz.webhooks.inbox"


def test_queries_have_names_and_no_semicolons() -> None:
    queries = Queries(INBOX, "sqlite.sql")

    assert "put_body" in queries
    assert len(queries) == len(list(queries))
    assert all(not sql.endswith(";") and sql for sql in queries.values())
    with pytest.raises(KeyError):
        queries["no_such_query"]


def test_migrations_come_in_order() -> None:
    steps = migrations(INBOX, "sqlite_migrations")

    assert [step.number for step in steps] == list(range(1, len(steps) + 1))


def test_both_databases_have_the_queries_that_operations_use() -> None:
    source = resources.files(INBOX).joinpath("operations.py").read_text(encoding="utf-8")
    used = set(re.findall(r'(?:Statement|Batch)\(\s*"(\w+)"', source))
    used |= set(re.findall(r'"(entries_not_done|entries|prune_\w+)"', source))

    assert len(used) > 30
    shared = set(Queries(INBOX, "queries.sql"))
    for database in ("sqlite.sql", "postgres.sql"):
        own = set(Queries(INBOX, database))
        assert used <= shared | own
        assert not shared & own
