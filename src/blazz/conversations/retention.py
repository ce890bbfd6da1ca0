"""How long conversations are remembered."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

import anyio

from blazz.conversations.base import ConversationStore

KEPT: Final = timedelta(days=8)
"""As long as the inbox keeps what answers: Meta repeats its webhooks for up to 7 days."""

_EVERY_SECONDS: Final = 3600.0

_log = logging.getLogger(__name__)


async def forget_regularly(store: ConversationStore) -> None:
    """Forget what is old, now and once an hour, until cancelled.

    Who wrote when and who opted out is never forgotten.
    """
    while True:
        try:
            await store.prune(datetime.now(UTC) - KEPT)
        except Exception:  # noqa: BLE001  # the database is away; nothing depends on this
            _log.warning("old conversations could not be forgotten", exc_info=True)
        await anyio.sleep(_EVERY_SECONDS)
