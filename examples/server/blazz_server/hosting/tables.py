"""The tables of sessions, and of the sandbox's phones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from blazz_server.database import Table, utc_now


class SessionRow(Table):
    """A session: what it is to be, and how it was seen last.

    Attributes:
        kind: The provider: `sandbox`, `cloud` or `web`.
        config: What the provider is made with; secrets are not here but in the auth store.
        running: Whether it is to run.
        wished: The instance that it was moved to by hand; None: the cluster chooses.
        state: Where it stood last, as its owner told.
        epoch: The lease under which that was told: an earlier owner tells nothing any more.
    """

    __tablename__ = "sessions"

    workspace: Mapped[str] = mapped_column(
        ForeignKey("workspaces.name", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    config: Mapped[dict[str, Any]]
    running: Mapped[bool] = mapped_column(default=True)
    wished: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(30), default="stopped")
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    account: Mapped[str | None] = mapped_column(String(40))
    epoch: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    @property
    def key(self) -> str:
        """`<workspace>/<name>`, as the library names it."""
        return f"{self.workspace}/{self.name}"


class SandboxPhone(Table):
    """A simulated phone; the workspace that used its number first has it."""

    __tablename__ = "sandbox_phones"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    workspace: Mapped[str] = mapped_column(
        ForeignKey("workspaces.name", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(String(100), default="")
