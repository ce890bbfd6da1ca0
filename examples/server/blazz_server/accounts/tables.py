"""The tables of workspaces, keys and logins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from blazz_server.database import Table, utc_now


class Workspace(Table):
    """A tenant: nobody else sees what is in it."""

    __tablename__ = "workspaces"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ApiKey(Table):
    """A key; its secret part is known to its owner alone, here is only a digest of it."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str | None] = mapped_column(
        ForeignKey("workspaces.name", ondelete="CASCADE"), index=True
    )
    label: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    @property
    def grant(self) -> str:
        """What is let in with it; another secret under the same id is another grant."""
        return f"key:{self.id}:{self.digest[:16]}"

    @staticmethod
    def id_in(grant: str) -> str | None:
        """The id of the key that a grant is of; None: it is of none."""
        kind, _, rest = grant.partition(":")
        return rest.partition(":")[0] if kind == "key" else None

    def works_at(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Login(Table):
    """A browser that logged in with a key; its cookie is kept as a digest."""

    __tablename__ = "logins"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def grant(self) -> str:
        """What is let in with it."""
        return f"login:{self.digest}"

    @staticmethod
    def digest_in(grant: str) -> str | None:
        """The digest of the login that a grant is of; None: it is of none."""
        kind, _, rest = grant.partition(":")
        return rest if kind == "login" else None
