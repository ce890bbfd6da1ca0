"""Campaign rows and the import of audiences, as work on a SQLite connection."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    NewRow,
    Reject,
    RejectKind,
    UnknownPolicy,
)
from blazz.campaigns.priority import Priority
from blazz.databases.queries import Queries
from blazz.errors import CampaignConflict, LeaseLost, LedgerError

SQL = Queries("blazz.campaigns.ledger", "sqlite.sql")

_CAMPAIGN_FIELDS = tuple(field.name for field in fields(CampaignRow))


def create(connection: sqlite3.Connection, row: CampaignRow, now: float) -> CampaignRow:
    """Insert a campaign, or bring an existing one's options up to date."""
    values = _to_values(row) | {"now": now}
    existing = find(connection, row.workspace, row.id)
    if existing is None:
        connection.execute(SQL["insert_campaign"], values)
    else:
        values["number"] = existing.number
        same = existing.message == row.message and existing.columns == row.columns
        if not same:
            if existing.state is not CampaignState.IMPORTING:
                raise CampaignConflict(
                    f"the campaign {row.id!r} exists with another message; choose another id,"
                    " or give the message that it was made with"
                )
            connection.execute(SQL["update_content"], values)
        connection.execute(SQL["update_options"], values)
    stored = find(connection, row.workspace, row.id)
    assert stored is not None
    return stored


def find(connection: sqlite3.Connection, workspace: str, campaign_id: str) -> CampaignRow | None:
    """Read a campaign by its name."""
    cursor = connection.execute(
        SQL["campaign_by_name"], {"workspace": workspace, "id": campaign_id}
    )
    return _one(cursor)


def get(connection: sqlite3.Connection, number: int) -> CampaignRow | None:
    """Read a campaign by its number."""
    return _one(connection.execute(SQL["campaign_by_number"], {"number": number}))


def campaigns_of(connection: sqlite3.Connection, workspace: str) -> list[CampaignRow]:
    """Read all campaigns of a workspace."""
    cursor = connection.execute(SQL["campaigns_of"], {"workspace": workspace})
    names = [column[0] for column in cursor.description]
    return [_from_values(dict(zip(names, values, strict=True))) for values in cursor]


def begin_import(
    connection: sqlite3.Connection, number: int, owner: str, now: float, ttl: float
) -> None:
    """Take over the import and remove what an earlier one left behind."""
    claimed = connection.execute(
        SQL["claim_import"], {"number": number, "owner": owner, "now": now, "until": now + ttl}
    ).rowcount
    if not claimed:
        row = get(connection, number)
        if row is None:
            raise LedgerError(f"there is no campaign {number}")
        if row.state is not CampaignState.IMPORTING:
            raise CampaignConflict(f"the audience of the campaign {row.id!r} is complete")
        raise CampaignConflict(f"another process is importing the campaign {row.id!r}")
    for query in ("clear_recipients", "clear_chunks", "clear_rejects"):
        connection.execute(SQL[query], {"number": number})


def import_rows(
    connection: sqlite3.Connection,
    number: int,
    rows: Sequence[NewRow],
    rejects: Sequence[Reject],
    *,
    owner: str,
    until: float,
) -> None:
    """Append rows and rejects, and count them."""
    counted = connection.execute(
        SQL["count_import"],
        {
            "number": number,
            "owner": owner,
            "until": until,
            "rows": len(rows) + len(rejects),
            "rejected": len(rejects),
        },
    ).fetchone()
    if counted is None:
        raise LeaseLost("another process has begun this import again")
    before, chunk_size = counted
    connection.executemany(
        SQL["insert_recipient"],
        [
            (number, seq, line, address, values)
            for seq, (line, address, values) in enumerate(rows, before + 1)
        ],
    )
    filled = Counter(seq // chunk_size + 1 for seq in range(before, before + len(rows)))
    connection.executemany(
        SQL["fill_chunk"], [(number, chunk, size) for chunk, size in filled.items()]
    )
    connection.executemany(
        SQL["insert_reject"],
        [
            (number, line, kind, reason, json.dumps(fields, ensure_ascii=False))
            for line, kind, reason, fields in rejects
        ],
    )


def repeated(connection: sqlite3.Connection, number: int) -> array[int]:
    """Find rows whose address came before: pairs of the row's number and the first one's.

    One pass that SQLite sorts on disk. An index that is kept during the import costs four times as
    much, because addresses come in no order. A pair takes 16 bytes.
    """
    pairs = array("q")
    for (group,) in connection.execute(SQL["repeated_addresses"], {"number": number}):
        first, *others = sorted(map(int, group.split(",")))
        for seq in others:
            pairs.extend((seq, first))
    return pairs


def remove_repeated(
    connection: sqlite3.Connection, number: int, pairs: array[int], owner: str, until: float
) -> None:
    """Move some of these rows to the rejects."""
    counted = connection.execute(
        SQL["count_duplicates"],
        {"number": number, "owner": owner, "until": until, "count": len(pairs) // 2},
    ).rowcount
    if not counted:
        raise LeaseLost("another process has begun this import again")
    row = get(connection, number)
    assert row is not None
    removed: Counter[int] = Counter()
    rejects = []
    for seq, first in zip(pairs[::2], pairs[1::2], strict=True):
        line, address = connection.execute(SQL["remove_recipient"], (number, seq)).fetchone()
        (original,) = connection.execute(SQL["line_of"], (number, first)).fetchone()
        reason = f"the same address as in line {original}"
        rejects.append((number, line, RejectKind.DUPLICATE, reason, json.dumps([address])))
        removed[(seq - 1) // row.chunk_size + 1] += 1
    connection.executemany(SQL["insert_reject"], rejects)
    connection.executemany(
        SQL["fill_chunk"], [(number, chunk, -count) for chunk, count in removed.items()]
    )


def finish_import(
    connection: sqlite3.Connection, number: int, owner: str, audience: str, columns: Sequence[str]
) -> CampaignRow:
    """Make the campaign ready to run."""
    finished = connection.execute(
        SQL["finish_import"],
        {
            "number": number,
            "owner": owner,
            "audience": audience,
            "columns": json.dumps(list(columns), ensure_ascii=False),
        },
    ).rowcount
    if not finished:
        raise LeaseLost("another process has begun this import again")
    row = get(connection, number)
    assert row is not None
    return row


def _one(cursor: sqlite3.Cursor) -> CampaignRow | None:
    values = cursor.fetchone()
    if values is None:
        return None
    names = [column[0] for column in cursor.description]
    return _from_values(dict(zip(names, values, strict=True)))


def _from_values(values: dict[str, Any]) -> CampaignRow:
    known = {name: values[name] for name in _CAMPAIGN_FIELDS}
    known["columns"] = tuple(json.loads(values["columns"]))
    known["audience_columns"] = tuple(json.loads(values["audience_columns"]))
    known["priority"] = Priority(values["priority"])
    known["unknown"] = UnknownPolicy(values["unknown"])
    known["state"] = CampaignState(values["state"])
    return CampaignRow(**known)


def _to_values(row: CampaignRow) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(row, name) for name in _CAMPAIGN_FIELDS}
    values["columns"] = json.dumps(row.columns, ensure_ascii=False)
    del values["audience_columns"]  # known at the end of the import
    return values
