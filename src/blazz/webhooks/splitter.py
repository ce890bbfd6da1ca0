"""Splits the bodies that have arrived into updates and stores those that are new."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final

import anyio.to_thread

from blazz.providers.base import Update, WebhookParser
from blazz.webhooks.delivery import Deliveries
from blazz.webhooks.inbox.base import Arrived, Inbox, Row, Split, SplitResult, State
from blazz.webhooks.observations import BodiesSplit, Observer, ignore
from blazz.webhooks.routes import Routes
from blazz.webhooks.splitting import Router, rows_of, unreadable

_BODIES_AT_ONCE: Final = 256
_QUICK_BYTES: Final = 128 * 1024

_log = logging.getLogger(__name__)


class Splitter:
    """Turns arrived bodies into rows, in the order in which they arrived.

    Args:
        inbox: The inbox.
        routes: The parsers of this process.
        deliveries: Is given what was parsed, to be handled soon.
        observe: Called with what was split.
    """

    def __init__(
        self, inbox: Inbox, routes: Routes, deliveries: Deliveries, *, observe: Observer = ignore
    ) -> None:
        self._inbox = inbox
        self._routes = routes
        self._deliveries = deliveries
        self._observe = observe
        self._router: Router | None = None
        self._reported: set[tuple[State, str | None]] = set()

    async def split(self) -> bool:
        """Split some of the bodies that wait; returns whether there were any.

        Raises:
            InboxUnavailable: The inbox cannot be read or written.
        """
        arrived = await self._inbox.arrived(self._routes.signers, limit=_BODIES_AT_ONCE)
        if not arrived:
            return False
        parsed: list[tuple[Arrived, Sequence[Update] | str]] = []
        for body in arrived:
            updates = await self._parsed(body)
            if updates is not None:
                parsed.append((body, updates))
        while True:
            router = self._router or Router(await self._inbox.routes())
            splits = [Split(body.body_id, _rows(body, updates, router)) for body, updates in parsed]
            result = await self._inbox.split(splits, version=router.version)
            if result is not None:
                break
            self._router = None  # a session has registered meanwhile, here or elsewhere
        self._router = router
        for (body, updates), split in zip(parsed, splits, strict=True):
            parse = self._routes.parser_of_signer(body.signer)
            if parse is not None and not isinstance(updates, str):
                self._deliveries.keep(body, parse, updates, split.rows)
        self._report(splits, result)
        return True

    async def _parsed(self, arrived: Arrived) -> Sequence[Update] | str | None:
        """Parse a body; the reason if it cannot be, None if that is not ours to tell."""
        parse = self._routes.parser_of_signer(arrived.signer)
        if parse is None:  # its session was removed just now
            return None
        try:
            updates = await _parse(parse, arrived.body)
        except Exception as error:  # noqa: BLE001  # a signed body is kept, whatever is wrong
            _log.warning("a webhook body cannot be read and is kept: %s", type(error).__name__)
            return f"{type(error).__name__}: {error}"[:500]
        return updates

    def _report(self, splits: Sequence[Split], result: SplitResult) -> None:
        kept = [row for split in splits for row in split.rows if row.state is not State.READY]
        for row in kept:
            if (row.state, row.account) not in self._reported and len(self._reported) < 1_000:
                self._reported.add((row.state, row.account))
                _log.warning("an update is kept, not delivered: %s", row.error)
        if self._observe is not ignore:
            count = Counter(row.state for row in kept)
            self._observe(
                BodiesSplit(
                    bodies=len(splits),
                    new=result.new,
                    duplicates=result.duplicates,
                    unrouted=count[State.UNROUTED],
                    foreign=count[State.FOREIGN],
                    unreadable=count[State.UNREADABLE],
                )
            )


async def _parse(parse: WebhookParser, body: bytes) -> Sequence[Update]:
    """Parse a body; a large one beside the event loop, which it would hold up."""
    if len(body) <= _QUICK_BYTES:
        return parse(body)
    return await anyio.to_thread.run_sync(parse, body)


def _rows(arrived: Arrived, updates: Sequence[Update] | str, router: Router) -> list[Row]:
    if isinstance(updates, str):
        return [unreadable(arrived, updates)]
    return rows_of(arrived, updates, router)
