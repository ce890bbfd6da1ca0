"""What goes into the outbox, what comes out of it, and what came of that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from blazz_server.webhooks.judging import Outcome, Verdict
from blazz_server.webhooks.tables import OutboxEvent, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that subscribers may want to know.

    Attributes:
        workspace: Where it happened.
        key: What makes it this event and no other, within the workspace.
        names: The names that it goes by, the most general first.
        data: Its details, which JSON can hold.
        session: The session that it happened to, if any.
    """

    workspace: str
    key: str
    names: Sequence[str]
    data: Mapping[str, Any]
    session: str | None = None

    @property
    def id(self) -> str:
        """The id of the event, the same each time."""
        text = "\0".join((self.workspace, self.session or "", self.names[0], self.key))
        return f"evt_{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that is ours to send until the lease ends.

    Attributes:
        id: Its id.
        claim: The mark that it was claimed with.
        number: Which attempt this is, from 1.
        failures: How many have failed since it was queued.
        expires_at: When it is given up.
        subscription: To whom.
        event: Of what.
        kind: As what it is told.
    """

    id: str
    claim: str
    number: int
    failures: int
    expires_at: datetime
    kind: str
    subscription: Subscription = field(repr=False)
    event: OutboxEvent = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt, and what follows from it."""

    claimed: Claimed
    outcome: Outcome
    verdict: Verdict
    at: datetime
