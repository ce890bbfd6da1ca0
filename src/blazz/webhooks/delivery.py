"""What handlers and readers get of an update, and how it is found again in its body."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from blazz.errors import WebhookError
from blazz.events.base import Event
from blazz.providers.base import Update, WebhookParser
from blazz.webhooks.inbox.base import Inbox, Item, Logged
from blazz.webhooks.routes import Routes
from blazz.webhooks.splitting import digest

_CACHED_KILOBYTES: Final = 8_192


class Delivery:
    """One update on its way to a handler.

    Attributes:
        seq: Its number in the inbox's log.
        session: The key of the session that it is for.
        body: The raw body that it came in.
        attempt: 1 the first time, more when handling it failed before.
    """

    __slots__ = ("_event", "_update", "attempt", "body", "seq", "session")

    def __init__(
        self, update: Update, *, seq: int, session: str, body: bytes, attempt: int = 1
    ) -> None:
        self.seq = seq
        self.session = session
        self.body = body
        self.attempt = attempt
        self._update = update
        self._event: Event | None = None

    @property
    def event(self) -> Event:
        """The typed event; built when it is first asked for."""
        if self._event is None:
            self._event = self._update.event()
        return self._event

    def __repr__(self) -> str:
        return f"<Delivery {self.seq} to {self.session}, attempt {self.attempt}>"


class _Parsed(NamedTuple):
    body: bytes
    parse: WebhookParser
    updates: Sequence[Update]
    weight: int


class Deliveries:
    """Finds the updates of rows in their bodies; keeps those that were parsed lately.

    Args:
        inbox: Where the bodies are.
        routes: The parsers.
    """

    def __init__(self, inbox: Inbox, routes: Routes) -> None:
        self._inbox = inbox
        self._routes = routes
        self._cache: OrderedDict[int, _Parsed] = OrderedDict()
        self._cached = 0

    def remember(
        self, body_id: int, body: bytes, parse: WebhookParser, updates: Sequence[Update]
    ) -> None:
        """Keep what was parsed; the least recently used goes when there is too much."""
        if body_id in self._cache:
            self._cached -= self._cache.pop(body_id).weight
        parsed = _Parsed(body, parse, updates, 1 + len(body) // 1024)
        self._cache[body_id] = parsed
        self._cached += parsed.weight
        while self._cached > _CACHED_KILOBYTES and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self._cached -= oldest.weight

    async def find(self, rows: Sequence[Item | Logged]) -> list[Delivery | None]:
        """Make the deliveries of rows; None where the update cannot be found any more.

        That happens when retention has removed the body, and when a newer parser splits it
        differently.

        Raises:
            InboxUnavailable: The bodies cannot be read.
        """
        missing = {row.body_id for row in rows if row.body_id not in self._cache}
        bodies = await self._inbox.bodies(missing) if missing else {}
        fresh: dict[int, _Parsed] = {}
        return [self._delivery(row, bodies.get(row.body_id), fresh) for row in rows]

    def _delivery(
        self, row: Item | Logged, body: bytes | None, fresh: dict[int, _Parsed]
    ) -> Delivery | None:
        parse = self._routes.parser(row.session)
        # What was parsed for these rows stays at hand even if the cache is too small for all.
        parsed = fresh.get(row.body_id) or self._cache.get(row.body_id)
        if parse is None or (parsed is None and body is None):
            return None
        if parsed is None or parsed.parse != parse:
            parsed = self._parse(row.body_id, parsed.body if parsed else body or b"", parse)
            fresh[row.body_id] = parsed
        update = _locate(row, parsed.updates)
        if update is None:
            return None
        attempt = row.attempts + 1 if isinstance(row, Item) else 1
        return Delivery(update, seq=row.seq, session=row.session, body=parsed.body, attempt=attempt)

    def _parse(self, body_id: int, body: bytes, parse: WebhookParser) -> _Parsed:
        try:
            updates = parse(body)
        except WebhookError:  # it was readable once: another version of the parser split it
            updates = ()
        self.remember(body_id, body, parse, updates)
        return _Parsed(body, parse, updates, 0)


def _locate(row: Item | Logged, updates: Sequence[Update]) -> Update | None:
    """Find a row's update by its place, or by what it is if the parser has changed since."""
    if row.position < len(updates):
        update = updates[row.position]
        if digest(row.session, update.key) == row.key:
            return update
    return _by_key(row, updates)


def _by_key(row: Item | Logged, updates: Iterable[Update]) -> Update | None:
    for update in updates:
        if digest(row.session, update.key) == row.key:
            return update
    return None
