"""Splits the bodies that have arrived into updates and stores those that are new."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

import anyio.to_thread

from blazz.providers.base import Update, WebhookParser
from blazz.webhooks.delivery import Deliveries
from blazz.webhooks.inbox.base import Arrived, Inbox, Row, Split, SplitResult, State
from blazz.webhooks.observations import BodiesSplit, Observer, ignore
from blazz.webhooks.routes import Routes
from blazz.webhooks.splitting import Router, rows_of, unreadable
from blazz.webhooks.wording import described, one_line

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
        kept: Called with the bytes of bodies of which something is kept, not delivered.
    """

    def __init__(
        self,
        inbox: Inbox,
        routes: Routes,
        deliveries: Deliveries,
        *,
        observe: Observer = ignore,
        kept: Callable[[int], object] = lambda _size: None,
    ) -> None:
        self._inbox = inbox
        self._routes = routes
        self._deliveries = deliveries
        self._observe = observe
        self._kept = kept
        self._router: Router | None = None
        self._reported: set[tuple[State, str | None]] = set()

    async def split(self) -> Collection[str] | None:
        """Split some of the bodies that wait.

        Returns the sessions that have got something; None if there were no bodies.

        Raises:
            InboxUnavailable: The inbox cannot be read or written.
        """
        arrived = await self._inbox.arrived(self._routes.sessions, limit=_BODIES_AT_ONCE)
        if not arrived:
            return None
        router = self._router or Router(await self._inbox.routes())
        parsed = await self._parse_all(arrived, router)
        while True:
            splits = [Split(it.arrived.body_id, it.rows(router)) for it in parsed]
            result = await self._inbox.split(splits, version=router.version)
            if result is not None:
                break
            # A session has registered meanwhile, here or elsewhere.
            router = Router(await self._inbox.routes())
        self._router = router
        for it, split in zip(parsed, splits, strict=True):
            if it.updates:
                self._deliveries.keep(it.arrived, it.parse, it.updates, split.rows)
        self._report(splits, result)
        self._count_kept(parsed, splits)
        if not parsed:
            return None
        return {row.session for split in splits for row in split.rows if row.session is not None}

    async def _parse_all(self, arrived: Sequence[Arrived], router: Router) -> list[_Parsed]:
        parsed: list[_Parsed] = []
        for body in arrived:
            parse = self._routes.reader(router.readers(body.signer))
            if parse is not None:  # else its session was removed just now
                parsed.append(await _parsed(body, parse))
        return parsed

    def _report(self, splits: Sequence[Split], result: SplitResult) -> None:
        kept = [row for split in splits for row in split.rows if row.state is not State.READY]
        for row in kept:
            if (row.state, row.account) not in self._reported and len(self._reported) < 1_000:
                self._reported.add((row.state, row.account))
                _log.warning("an update is kept, not delivered: %s", one_line(row.error or ""))
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

    def _count_kept(self, parsed: Sequence[_Parsed], splits: Sequence[Split]) -> None:
        size = sum(
            len(it.arrived.body)
            for it, split in zip(parsed, splits, strict=True)
            if any(row.session is None for row in split.rows)
        )
        if size:
            self._kept(size)


class _Parsed(NamedTuple):
    """A body and its updates, or why it has none."""

    arrived: Arrived
    parse: WebhookParser
    updates: Sequence[Update]
    error: str | None = None

    def rows(self, router: Router) -> list[Row]:
        if self.error is not None:
            return [unreadable(self.arrived, self.error)]
        try:
            return rows_of(self.arrived, self.updates, router)
        except Exception as error:  # noqa: BLE001  # an update of somebody else's parser
            _log.warning("a webhook body cannot be split and is kept: %s", type(error).__name__)
            return [unreadable(self.arrived, described(error))]


async def _parsed(arrived: Arrived, parse: WebhookParser) -> _Parsed:
    """Parse a body; a large one beside the event loop, which it would hold up."""
    try:
        if len(arrived.body) <= _QUICK_BYTES:
            updates = parse(arrived.body)
        else:
            updates = await anyio.to_thread.run_sync(parse, arrived.body)
    except Exception as error:  # noqa: BLE001  # a signed body is kept, whatever is wrong
        _log.warning("a webhook body cannot be read and is kept: %s", type(error).__name__)
        return _Parsed(arrived, parse, (), described(error))
    return _Parsed(arrived, parse, updates)
