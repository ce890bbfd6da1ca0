"""Divides a webhook batch among several owners, so that nobody sees what is another's; pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Hashable
from typing import Any, Final, TypeVar

from blazz.errors import WebhookError
from blazz.providers.meta_cloud.inbound.change import Change
from blazz.providers.meta_cloud.inbound.decoding import TooDeep, decode
from blazz.providers.meta_cloud.inbound.reading import Json

Owner = TypeVar("Owner", bound=Hashable)

_ALL: Final = object()
"""Stands for the whole of an entry that holds no changes."""


def divide(body: bytes, owners: Callable[[str | None], Collection[Owner]]) -> dict[Owner, bytes]:
    """Give each owner a batch with their own updates, and nothing else.

    A batch that belongs to one owner as a whole is given as it came. Updates of a divided batch are
    the same as before: their keys do not depend on what stands beside them.

    Args:
        body: The batch as Meta sent it.
        owners: Whose updates of an account are; the account is the phone number id, or the WABA id
            where no number is named. Updates without any owner are left out.

    Raises:
        WebhookError: It is not a batch, so nobody can tell whose it is.

    Example:
        >>> body = b'{"entry": [{"id": "1", "changes": [{}]}, {"id": "2", "changes": [{}]}]}'
        >>> divide(body, lambda account: ["acme" if account == "1" else "globex"])["acme"]
        b'{"entry":[{"id":"1","changes":[{}]}]}'
    """
    try:
        batch = decode(body)
    except TooDeep as error:
        raise WebhookError("the webhook's body is nested too deeply to be divided") from error
    entries = batch.get("entry") if type(batch) is dict else None
    if type(entries) is not list:
        raise WebhookError("the webhook's body is not an object with a list of entries")
    shares: dict[Owner, list[tuple[int, object]]] = {}
    pieces = 0
    for position, entry in enumerate(entries):
        for account, change in _changes(entry):
            pieces += 1
            for owner in owners(account):
                shares.setdefault(owner, []).append((position, change))
    return {
        owner: body if len(share) == pieces else _written(batch, entries, share)
        for owner, share in shares.items()
    }


def _changes(entry: Any) -> list[tuple[str | None, object]]:  # noqa: ANN401  # JSON can be anything
    """The changes of an entry with their accounts; one that holds none is a change itself."""
    if type(entry) is not dict:
        return [(None, _ALL)]
    changes = entry.get("changes")
    if type(changes) is not list or not changes:
        return [(Change(None, {}, entry).account, _ALL)]
    return [(_account(change, entry), change) for change in changes]


def _account(change: object, entry: Json) -> str | None:
    value = change.get("value") if type(change) is dict else None
    return Change(None, value if type(value) is dict else {}, entry).account


def _written(batch: Json, entries: list[Any], share: list[tuple[int, object]]) -> bytes:
    kept: dict[int, list[object]] = {}
    for position, change in share:
        kept.setdefault(position, []).append(change)
    divided = [
        entries[position] if changes[0] is _ALL else {**entries[position], "changes": changes}
        for position, changes in kept.items()
    ]
    try:
        text = json.dumps({**batch, "entry": divided}, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError) as error:  # a number beyond all limits
        raise WebhookError(f"the webhook's body cannot be divided: {error}") from error
    return text.encode()
