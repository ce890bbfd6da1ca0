"""Who calls, and what they may do: pure values, no I/O."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal


class Scope(enum.StrEnum):
    """What a key may be used for."""

    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    CONTACTS_READ = "contacts:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    KEYS_WRITE = "keys:write"
    INSTANCES_READ = "instances:read"
    METRICS_READ = "metrics:read"
    ADMIN = "admin"
    """Everything in all workspaces; only the administrator's key has it."""


EVERYTHING: Final = frozenset(Scope)
OF_A_WORKSPACE: Final = EVERYTHING - {Scope.ADMIN, Scope.INSTANCES_READ, Scope.METRICS_READ}
"""What the key of a workspace may have; the others tell of the whole server."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls.

    Attributes:
        key_id: The key, which is not the secret part of it.
        workspace: The only workspace that it may see; None: the administrator, or an instance.
        scopes: What it may do there.
        kind: Whether the key came with the call, stands behind a login of the dashboard, or
            another instance calls for somebody whom it has checked.
        expires_at: When their key ends by itself; None: it does not.
        grants: What a live connection that they open ends with: their key, and their login.
    """

    key_id: str
    workspace: str | None
    scopes: frozenset[Scope]
    kind: Literal["key", "login", "instance"] = "key"
    expires_at: datetime | None = None
    grants: tuple[str, ...] = ()

    def may_enter(self, workspace: str) -> bool:
        """Whether it may know that this workspace exists."""
        return self.workspace is None or self.workspace == workspace

    def lacks(self, *scopes: Scope) -> list[Scope]:
        """Which of these it does not have.

        Example:
            >>> caller = Principal("k1", "acme", frozenset({Scope.MESSAGES_READ}))
            >>> [str(scope) for scope in caller.lacks(Scope.MESSAGES_READ, Scope.MESSAGES_SEND)]
            ['messages:send']
        """
        if Scope.ADMIN in self.scopes:
            return []
        return [scope for scope in scopes if scope not in self.scopes]

    def outlives(self, expires_at: datetime | None) -> bool:
        """Whether their key is good at least until then; None: for ever."""
        if self.expires_at is None:
            return True
        return expires_at is not None and expires_at <= self.expires_at
