"""What handlers and readers get of an update, and how it is found again in its body."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from blazz.errors import WebhookError
from blazz.events.base import Event
from blazz.providers.base import Update, WebhookParser
from blazz.webhooks.inbox.base import Arrived, Inbox, Item, Logged, Row, State
from blazz.webhooks.routes import Routes
from blazz.webhooks.splitting import digest

_KEPT_KILOBYTES: Final = 8_192

_log = logging.getLogger(__name__)


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


class _Parsed:
    """A parsed body, and its updates by the keys of their rows."""

    __slots__ = ("body", "by_key", "left", "parse", "sessions", "updates", "weight")

    def __init__(self, body: bytes, parse: WebhookParser, updates: Sequence[Update]) -> None:
        self.body = body
        self.parse = parse
        self.updates = updates
        self.by_key: dict[bytes, Update] = {}
        self.sessions: set[str] = set()
        self.weight = 1 + len(body) // 1024
        self.left = 0

    def find(self, row: Item | Logged) -> Update | None:
        """Find the update of a row by what it is: another parser may have split it otherwise."""
        update = self.by_key.get(row.key)
        if update is None and row.session not in self.sessions:
            self.sessions.add(row.session)
            for candidate in self.updates:
                self.by_key.setdefault(digest(row.session, candidate.key), candidate)
            update = self.by_key.get(row.key)
        return update


class Deliveries:
    """Finds the updates of rows in their bodies.

    What has just been split is kept parsed until it is taken, and no longer: many parsed bodies
    would keep the garbage collector busy.

    Args:
        inbox: Where the bodies are.
        routes: The parsers.
    """

    def __init__(self, inbox: Inbox, routes: Routes) -> None:
        self._inbox = inbox
        self._routes = routes
        self._kept: dict[int, _Parsed] = {}
        self._weight = 0
        self._last: tuple[int, _Parsed] | None = None

    def keep(
        self, arrived: Arrived, parse: WebhookParser, updates: Sequence[Update], rows: Sequence[Row]
    ) -> None:
        """Keep what was split; the oldest goes when there is too much."""
        sessions = self._routes.sessions
        parsed = _Parsed(arrived.body, parse, updates)
        for row in rows:
            if row.state is State.READY and row.session in sessions:
                parsed.by_key[row.key] = updates[row.position]
        parsed.left = len(parsed.by_key)
        if not parsed.left:
            return
        self._forget(arrived.body_id)
        self._kept[arrived.body_id] = parsed
        self._weight += parsed.weight
        while self._weight > _KEPT_KILOBYTES and len(self._kept) > 1:
            self._forget(next(iter(self._kept)))

    def _forget(self, body_id: int) -> None:
        parsed = self._kept.pop(body_id, None)
        self._weight -= parsed.weight if parsed else 0

    async def find(self, rows: Sequence[Item | Logged]) -> list[Delivery | None]:
        """Make the deliveries of rows; None where the update cannot be found any more.

        That happens when retention has removed the body, and when a newer parser splits it
        differently or cannot read it.

        Raises:
            InboxUnavailable: The bodies cannot be read.
        """
        at_hand = dict([self._last]) if self._last else {}
        at_hand.update(
            (row.body_id, self._kept[row.body_id]) for row in rows if row.body_id in self._kept
        )
        missing = {row.body_id for row in rows if row.body_id not in at_hand}
        bodies = await self._inbox.bodies(missing) if missing else {}
        return [self._delivery(row, bodies.get(row.body_id), at_hand) for row in rows]

    def _delivery(
        self, row: Item | Logged, body: bytes | None, at_hand: dict[int, _Parsed]
    ) -> Delivery | None:
        try:
            parsed = self._parsed(row, body, at_hand)
            update = parsed.find(row) if parsed else None
        except Exception as error:  # noqa: BLE001  # somebody else's parser, or an update of it
            _log.warning("update %d cannot be read", row.seq, exc_info=error)
            return None
        if parsed is None or update is None:
            return None
        attempt = 1
        if isinstance(row, Item):
            attempt += row.attempts
            if not row.attempts:
                self._took(row.body_id)
        return Delivery(update, seq=row.seq, session=row.session, body=parsed.body, attempt=attempt)

    def _parsed(
        self, row: Item | Logged, body: bytes | None, at_hand: dict[int, _Parsed]
    ) -> _Parsed | None:
        parse = self._routes.parser(row.session)
        parsed = at_hand.get(row.body_id)
        if parse is None or (parsed is None and body is None):
            return None
        if parsed is None or parsed.parse != parse:
            parsed = _parse(parsed.body if parsed else body or b"", parse)
            at_hand[row.body_id] = parsed
            self._last = (row.body_id, parsed)  # a large body is taken piece by piece
        return parsed

    def _took(self, body_id: int) -> None:
        kept = self._kept.get(body_id)
        if kept is not None:
            kept.left -= 1
            if not kept.left:
                self._forget(body_id)


def _parse(body: bytes, parse: WebhookParser) -> _Parsed:
    try:
        return _Parsed(body, parse, parse(body))
    except WebhookError:  # it was readable once: another version of the parser split it
        return _Parsed(body, parse, ())
